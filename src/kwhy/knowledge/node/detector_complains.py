"""node-problem-detector says that the kubelet, the runtime or the clock of a node is not well."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, rule
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.gates import showing_condition
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

DETECTOR_COMPLAINS = Condition(
    code="node.detector-complains",
    kind="Node",
    nature=Nature.EFFECT,
    title="node-problem-detector reports {problems} on {subject}",
    summary="A condition of node-problem-detector says that a program of the node is restarted often or not well.",
)

_RUNTIME = ("FrequentContainerdRestart", "FrequentDockerRestart", "ContainerRuntimeUnhealthy")
_KUBELET = ("FrequentKubeletRestart", "KubeletUnhealthy")
PROBLEMS = (*_KUBELET, *_RUNTIME)


def _candidates(scene: Scene) -> Iterable[Subject]:
    return showing_condition(scene, "Node", PROBLEMS, "True")


def _reported(name: str, kinds: tuple[str, ...]) -> Relation:
    def find(scene: Scene, node: Subject) -> list[Subject]:
        shown = [NodeView(scene, node).condition(kind) for kind in kinds]
        return [node] if any(c.observed and c.value is not None and c.value.status == "True" for c in shown) else []

    return Relation(name, find)


RUNTIME_REPORTED = _reported("has a runtime that is reported on", _RUNTIME)
KUBELET_REPORTED = _reported("has a kubelet that is reported on", _KUBELET)


@rule(DETECTOR_COMPLAINS, rows=("N21", "N22", "N28"), among=_candidates, symptom=True)
def detector_complains(node: NodeView) -> Verdict:
    """node-problem-detector complains of a program.

    What it means: systemd started the kubelet or the runtime five times within 20 minutes, or it does not answer.
    How it shows: FrequentKubeletRestart, FrequentContainerdRestart, FrequentDockerRestart, KubeletUnhealthy or
    ContainerRuntimeUnhealthy is True.
    What looks like it: The same condition with status False or Unknown. KernelDeadlock and ReadonlyFilesystem, which
    are the kernel's matter.
    Source: kubernetes/node-problem-detector v0.8.20 config/systemd-monitor-counter.json, health-checker-kubelet.json,
    health-checker-containerd.json.
    """
    shown = {kind: condition for kind in PROBLEMS if (condition := node.condition(kind)).observed}
    if not shown:
        return unsure(f"the conditions of {node.name}", *node.probes())
    true = {kind: seen for kind, seen in shown.items() if seen.value is not None and seen.value.status == "True"}
    if not true:
        return Absent((Evidence(next(iter(shown.values())).place, "no such condition is True"),))
    because = tuple(Evidence(seen.place, f"{kind} is True") for kind, seen in true.items())
    began = [parse_timestamp(seen.value.last_transition_time) for seen in true.values() if seen.value is not None]
    known = [moment for moment in began if moment is not None]
    return Present(because, {"problems": " and ".join(true)}, since=Moment(None, max(known, default=None)))
