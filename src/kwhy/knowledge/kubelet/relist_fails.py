"""The kubelet's relists end with an error."""

from __future__ import annotations

from kwhy.knowledge.kubelet.pleg import PlegHistory, pleg_history
from kwhy.knowledge.kubelet.relist_errors import RelistErrors, relist_errors, within
from kwhy.knowledge.kubelet.relist_not_returning import MAY_SAY_PLEG
from kwhy.knowledge.node.not_ready import NODE_NOT_READY
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG
from kwhy.scene.views import NodeView

RELIST_FAILS = Condition(
    code="kubelet.relist-fails",
    kind="Node",
    nature=Nature.EFFECT,
    title="On {subject} PLEG relists end with an error: {error}",
    summary="The runtime refuses or does not answer the list of pods, so no relist succeeds.",
)


@rule(RELIST_FAILS, rows=("N2", "N22"), leads=(leads_to(NODE_NOT_READY, via=MAY_SAY_PLEG),))
def relist_fails(
    node: NodeView,
    failed: RelistErrors | None = given(relist_errors),
    history: PlegHistory = given(pleg_history),
) -> Verdict:
    """Relists fail.

    What it means: The age of PLEG grows one second per second although passes do return: only those that succeed count.
    How it shows: "GenericPLEG: Unable to retrieve pods" with the runtime's error, again and again.
    What looks like it: A pass that hangs prints nothing of the kind. One error long before the last healthy sight is
    history.
    Source: Kubernetes v1.34 pkg/kubelet/pleg/generic.go (Relist: updateRelistTime only after GetPods succeeded).
    """
    if failed is None:
        if history.passes and history.newest.lines > 2:
            return Absent(history.newest.evidence)
        return unsure(f"whether relists of {node.name} end", KUBELET_LOG.of(node=node.name))
    if history.passes:
        newest = history.newest
        place = newest.evidence[0].at.document
        if place is failed.evidence.at.document and not within(failed, place, newest.start):
            return Absent(newest.evidence)
    return Present((failed.evidence,), {"error": failed.error}, since=failed.since)
