"""Something on the node that belongs to no pod fills its disk."""

from __future__ import annotations

from decimal import Decimal

from kwhy.facts.disk import DirectorySize
from kwhy.knowledge.disk.amounts import BEHIND, STORAGE, Lacking, lacking_on
from kwhy.knowledge.disk.probes import DIRECTORIES, SUMMARY
from kwhy.knowledge.node.disk_pressure import DISK_PRESSURE
from kwhy.knowledge.node.reclaim_fails import RECLAIM_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.quantity import in_words
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

FILLED_BY_HOST = Condition(
    code="disk.filled-by-host",
    kind="Node",
    nature=Nature.ROOT,
    title="{path} on {subject} holds {size}, and belongs to no pod",
    summary="Files of the node itself fill the disk; the kubelet can neither remove nor limit them.",
    remedies=(
        Remedy(
            id="remove-the-files",
            title="Remove or move the files",
            when="now",
            risk="medium",
            steps=(
                Step("See what they are and who writes them.", "du -xh --max-depth=2 {path} | sort -h | tail"),
                Step("The journal is cut by its own tool.", "journalctl --vacuum-size=500M"),
                Step("Move what is needed to another disk; remove the rest."),
            ),
            verify=(Step("DiskPressure is False.", "kubectl describe node {name}"),),
            undo=(Step("Moved files can be moved back; removed ones are gone."),),
        ),
        Remedy(
            id="bound-the-writer",
            title="Bound what the node itself writes, or give it a disk of its own",
            when="lasting",
            risk="low",
            steps=(Step("Set SystemMaxUse in journald.conf; rotate logs; put backups elsewhere."),),
            verify=(Step("No new event EvictionThresholdMet.", "kubectl events --for node/{name}"),),
            undo=(Step("Set the former bounds."),),
        ),
    ),
)  # fmt: skip

#: Where kubelet and runtimes keep what belongs to pods and images.
_OF_PODS = (
    "/var/lib/kubelet",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/containers",
    "/var/lib/rancher",
    "/run/containerd",
    "/var/log/pods",
    "/var/log/containers",
    "/proc",
    "/sys",
)
#: A directory of which one entry holds so much is named by that entry.
_MOSTLY = Decimal("0.8")


def own_directories(scene: Scene, node: Subject) -> list[DirectorySize]:
    """Directories of the node, no pod's and no image's, each as far down as one entry holds most; the largest first"""
    sizes = {fact.path: fact for fact in scene.facts_on(node, DirectorySize) if fact.path.startswith("/")}
    inner = {
        path.rpartition("/")[0] or "/": None
        for path, fact in sizes.items()
        if (above := sizes.get(path.rpartition("/")[0] or "/")) is not None and fact.size >= _MOSTLY * above.size
    }
    parents = {path.rpartition("/")[0] or "/" for path in sizes if path != "/"}
    own = [
        fact
        for path, fact in sizes.items()
        if path not in inner and not _holds_pods(path) and not (path in parents and _mixed(path, sizes))
    ]
    return sorted(own, key=lambda fact: -fact.size)


def _holds_pods(path: str) -> bool:
    """Whether the directory is, lies in, or contains one of pods and images."""
    return any((path + "/").startswith(place + "/") or place.startswith(path.rstrip("/") + "/") for place in _OF_PODS)


def _mixed(path: str, sizes: dict[str, DirectorySize]) -> bool:
    """Whether several entries that were shown make up the directory: then they are to be named."""
    below = (entry for entry in sizes if entry != path and (entry.rpartition("/")[0] or "/") == path)
    return sum(sizes[entry].size for entry in below) >= _MOSTLY * sizes[path].size


@rule(
    FILLED_BY_HOST,
    rows=("N11", "N12"),
    leads=(leads_to(DISK_PRESSURE, via=ITSELF), leads_to(RECLAIM_FAILS, via=ITSELF)),
)
def filled_by_host(
    node: NodeView,
    directories: list[DirectorySize] = given(own_directories),
    wanted: Lacking | None = given(lacking_on),
) -> Verdict:
    """The node's own files fill its disk.

    What it means: Logs of the system, backups, core dumps, files that somebody put there. Evictions free little.
    How it shows: A directory outside those of kubelet and runtime holds most of what the kubelet lacks.
    What looks like it: Layers, logs and volumes of pods; images in use; deleted files that are still open, which du
    does not show. A directory that was always as large.
    Source: Linux, coreutils du(1); Kubernetes v1.34 pkg/kubelet/eviction (what the kubelet can reclaim).
    """
    ask = (SUMMARY.of(node=node.name), DIRECTORIES.of(node=node.name))
    if not directories:
        return unsure(f"what lies on the disk of {node.name}", *ask)
    if wanted is None:
        return unsure(f"how much the kubelet of {node.name} wants to free", *ask)
    largest = directories[0]
    size = in_words(STORAGE, Decimal(largest.size))
    says = Evidence(largest.at, f"{largest.path} holds {size}")
    if largest.size < wanted.amount * BEHIND:
        return Absent((says, wanted.evidence))
    return Present((says, wanted.evidence), {"path": largest.path, "size": size}, basis=Basis.RECOMPUTED)
