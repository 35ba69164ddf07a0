"""How many processes a pod, and its node, may have and have."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from kwhy.facts.cgroups import GroupFigure
from kwhy.facts.kubelet import KubeletConfig
from kwhy.facts.log_patterns.kernel import FORK_REJECTED
from kwhy.facts.log_patterns.own_limits import CANNOT_FORK
from kwhy.facts.logs import LogHit
from kwhy.facts.objects import Pod
from kwhy.knowledge.container.own_words import OwnWord, last_words
from kwhy.model.document import Locator
from kwhy.model.probe import Probe
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene

#: A group that was so full when somebody looked had no room a moment before: programs end what they could not feed.
NEARLY = 0.9
#: Managed clusters refuse a lower podPidsLimit (Google Kubernetes Engine, node system configuration: podPidsLimit "must
#: be between 1024 and 4194304"): below it ordinary programs meet the limit, above it something grows without bound.
ORDINARY = 1024

PIDS = Probe(
    "kubectl exec -n {namespace} {name} -- sh -c 'grep . /sys/fs/cgroup/pids.* /sys/fs/cgroup/pids/pids.*'",
    unlocks="how many processes the container has and may have",
)
NODE_PIDS = Probe(
    "sysctl kernel.pid_max kernel.threads-max; cat /proc/loadavg; dmesg -T | grep -i 'fork rejected'",
    unlocks="whether the node, or a pod's group, is out of process ids",
    where="node {node}",
)


class Processes(msgspec.Struct, frozen=True):
    """The pids group of a pod: its limit (None: none), how many it has, how often it refused one, and the proof."""

    limit: int | None
    current: int | None
    refused: int
    evidence: tuple[Evidence, ...]

    @property
    def full(self) -> bool:
        if self.limit is None:
            return False
        return self.refused > 0 or (self.current is not None and self.current >= NEARLY * self.limit)


def words_about_forks(scene: Scene, pod: Subject) -> list[OwnWord]:
    """Lines of the pod's logs that say that no process or thread could be made, newest first"""
    return last_words(scene, pod, CANNOT_FORK)


def processes_of(scene: Scene, pod: Subject) -> Processes | None:
    """The pids groups of the pod and its containers, the fullest; None where nothing shows one"""
    groups: dict[str, dict[str, GroupFigure]] = defaultdict(dict)
    for figure in figures_of(scene, pod):
        if figure.name.startswith("pids."):
            groups[figure.group][figure.name] = figure
    found = [shown for figures in groups.values() if (shown := _group(figures)) is not None]
    return max(found, key=lambda group: (group.full, group.limit is not None), default=None)


def _group(figures: dict[str, GroupFigure]) -> Processes | None:
    limit, current, events = (figures.get(name) for name in ("pids.max", "pids.current", "pids.events max"))
    if limit is None:
        return None
    most = limit.value if limit.value is not None else "any number of"
    because = [Evidence(limit.at, f"it may have {most} processes")]
    if current is not None:
        because.append(Evidence(current.at, f"it has {current.value}"))
    refused = events.value or 0 if events is not None else 0
    if events is not None and refused:
        because.append(Evidence(events.at, f"{refused} times it was refused one"))
    return Processes(limit.value, current.value if current is not None else None, refused, tuple(because))


def figures_of(scene: Scene, pod: Subject) -> list[GroupFigure]:
    """The figures of the control groups of the pod and its containers."""
    by_owner = scene.derive_once(_figures_by_owner)
    if not by_owner:
        return []
    keys: dict[str, None] = {f"pod {pod.namespace}/{pod.name}": None, f"pod /{pod.name}": None}
    for observation in scene.observations(pod):
        struct = observation.object
        if isinstance(struct, Pod):
            keys[str(struct.metadata.uid)] = None
            statuses = struct.status.container_statuses
            for status in statuses if isinstance(statuses, list) else ():
                keys[str(status.container_id).rpartition("/")[2]] = None
    return [figure for key in keys for figure in by_owner.get(key, ())]


def _figures_by_owner(scene: Scene) -> dict[str, list[GroupFigure]]:
    index: dict[str, list[GroupFigure]] = defaultdict(list)
    for figure in scene.facts(GroupFigure):
        key = figure.container or figure.pod_uid or (f"pod {figure.namespace}/{figure.pod}" if figure.pod else "")
        if key:
            index[key].append(figure)
    return index


def refusals_of(scene: Scene, pod: Subject) -> list[Evidence]:
    """What the kernel says of forks that it refused to the pod's group"""
    uids = {str(observation.object.metadata.uid) for observation in scene.observations(pod)}
    found = []
    for hit in scene.derive_once(_refused_forks):
        group = hit.key.get("cgroup", "").replace("_", "-")
        if any(uid and uid in group for uid in uids):
            found.append(Evidence(hit.at, f"the kernel refused its group a process: {hit.first.excerpt}"))
    return found


def _refused_forks(scene: Scene) -> list[LogHit]:
    return [hit for hit in scene.facts(LogHit) if hit.pattern == FORK_REJECTED]


def configured_limit(scene: Scene, pod: Subject) -> tuple[int, Locator] | None:
    """podPidsLimit in the configuration of the kubelet of the pod's node; None where none was shown or set"""
    for node in node_of_pod(scene, pod):
        for config in scene.facts_on(node, KubeletConfig):
            written = config.settings.get("podPidsLimit")
            if written is not None and written[0].isdecimal() and int(written[0]) > 0:
                return int(written[0]), written[1]
    return None
