"""PLEG relists end, but take longer than three minutes."""

from __future__ import annotations

from kwhy.knowledge.kubelet.pleg import PlegHistory, pleg_history
from kwhy.knowledge.kubelet.relist_not_returning import RELIST_EXPLAINS
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG
from kwhy.scene.views import NodeView

RELIST_SLOW = Condition(
    code="kubelet.relist-slow",
    kind="Node",
    nature=Nature.EFFECT,
    title="On {subject} PLEG relists end, but take longer than three minutes each ({passes} such passes)",
    summary="The kubelet's relist is slow: passes end, late.",
)


@rule(
    RELIST_SLOW,
    rows=("N2",),
    leads=RELIST_EXPLAINS,
)
def relist_slow(node: NodeView, history: PlegHistory = given(pleg_history)) -> Verdict:
    """Relists are slow.

    What it means: Each pass ends; the node flaps between Ready and NotReady.
    How it shows: The age falls back and grows again (saw-tooth): lines speak of passes with different beginnings.
    What looks like it: One pass that hangs: all lines agree on its beginning. Calls that run into their deadline of
    two minutes each make passes slow too; then something below the runtime hangs.
    Source: Kubernetes v1.34 pkg/kubelet/pleg/generic.go (Relist, relistThreshold).
    """
    if not history.passes:
        return unsure(f"what the kubelet of {node.name} says about PLEG", KUBELET_LOG.of(node=node.name))
    if len(history.passes) < 2:
        newest = history.newest
        if newest.lines > 2:
            return Absent(newest.evidence)
        return unsure(f"more lines about PLEG of {node.name}: too few to tell", KUBELET_LOG.of(node=node.name))
    because = tuple(e for one in history.passes[-3:] for e in one.evidence[:1])
    return Present(because, {"passes": len(history.passes)}, since=history.passes[0].began)
