"""Commands that show what lies on a node's disk."""

from kwhy.model.probe import Probe

SUMMARY = Probe(
    "kubectl get --raw /api/v1/nodes/{node}/proxy/stats/summary",
    unlocks="how much each pod has on the node's disk, and how much is available",
)
DIRECTORIES = Probe(
    "du -xh --max-depth=3 / 2>/dev/null | sort -h | tail -40",
    unlocks="which directories of the node hold most",
    where="node {node}",
    cost="minutes on large disks; reads only names and sizes",
)
DELETED = Probe("lsof -nP +L1", unlocks="deleted files that programs keep open", where="node {node}")
