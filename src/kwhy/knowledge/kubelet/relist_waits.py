"""The kubelet's relist waits for the runtime's answer to one CRI call."""

from __future__ import annotations

from kwhy.knowledge.kubelet.relist_not_returning import RELIST_NOT_RETURNING
from kwhy.knowledge.kubelet.relist_slow import RELIST_SLOW
from kwhy.knowledge.waits.graph import distinct
from kwhy.knowledge.waits.host import HostWaits, lasting, minutes, nodes_where, waits_of_process
from kwhy.knowledge.waits.kubernetes import each, relist_call
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.node import KUBELET_ABORT, KUBELET_DUMP
from kwhy.scene.scene import Scene

RELIST_WAITS = Condition(
    code="kubelet.relist-waits-for-runtime",
    kind="Process",
    nature=Nature.EFFECT,
    title="The relist of {subject} waits for {what}",
    summary="The goroutine that runs PLEG's relist waits inside a call.",
)


def _kubelet_of(scene: Scene, node: Subject) -> list[Subject]:
    return [Subject("Process", "kubelet", node=node.name)]


KUBELET_OF = Relation("is run by", _kubelet_of)


def _waiting(scene: Scene) -> list[Subject]:
    """Kubelets whose dump shows a relist that has waited for minutes, or was picked to show just that."""
    nodes = nodes_where(
        scene, lambda host: any(lasting(call.wait) for call in each(host.of_program("kubelet"), relist_call))
    )
    return [Subject("Process", "kubelet", node=node.name) for node in nodes]


@rule(
    RELIST_WAITS,
    rows=("N4",),
    leads=(leads_to(RELIST_NOT_RETURNING, via=KUBELET_OF), leads_to(RELIST_SLOW, via=KUBELET_OF)),
    among=_waiting,
    symptom=True,
)
def relist_waits(kubelet: Subject, host: HostWaits = given(waits_of_process)) -> Verdict:
    """The relist waits inside a call to the runtime.

    What it means: The kubelet itself does nothing wrong; what it waits for is named by the call.
    How it shows: A goroutine dump of the kubelet with GenericPLEG.Relist under a CRI client call.
    What looks like it: A kubelet between two relists waits for its timer.
    Source: Kubernetes v1.34 pkg/kubelet/pleg/generic.go (Relist, updateCache); v1.9 the same under relist.
    """
    found = each(distinct(host.of_program("kubelet")), relist_call)
    if not found:
        return unsure(
            f"a goroutine dump of the kubelet of {kubelet.node} that was taken while it was not ready",
            KUBELET_DUMP.of(node=kubelet.node),
            KUBELET_ABORT.of(node=kubelet.node),
        )
    call = found[0]
    what = f"the runtime's answer to {call.method}" if call.method else call.wait.on
    because = tuple(
        Evidence(c.group.at, f"GenericPLEG.Relist waits for {c.method or c.wait.on}{minutes(c.wait)}") for c in found
    )
    return Present(because, {"what": what})
