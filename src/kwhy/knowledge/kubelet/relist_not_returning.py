"""One pass of the kubelet's PLEG relist has not returned."""

from __future__ import annotations

from kwhy.knowledge.kubelet.pleg import PlegHistory, pleg_history
from kwhy.knowledge.kubelet.relist_errors import RelistErrors, relist_errors, within
from kwhy.knowledge.node.not_ready import KEPT_FROM_RUNNING, NODE_NOT_READY
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.knowledge.stream.container_gone import CONTAINER_GONE
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import iso
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG
from kwhy.scene.relations import RUNS_ON
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

RELIST_NOT_RETURNING = Condition(
    code="kubelet.relist-not-returning",
    kind="Node",
    nature=Nature.EFFECT,
    title="On {subject} one PLEG relist has run for {age} and had not returned{began}{first}",
    summary="The pass of the kubelet's pod lifecycle event generator did not end within three minutes.",
)


def _unless_silent(scene: Scene, node: Subject) -> list[Subject]:
    """The node itself, unless its Ready condition gives another reason than PLEG, or the kubelet is silent."""
    ready = NodeView(scene, node).condition("Ready")
    if ready.observed and ready.value is not None:
        message = ready.value.message or ""
        if ready.value.status == "Unknown" or (message and "PLEG" not in message):
            return []
    return [node]


MAY_SAY_PLEG = Relation("is not ready for want of a relist", _unless_silent)


#: What a relist that does not end in time explains: the node's state, and pods that are neither started nor ended.
RELIST_EXPLAINS = (
    leads_to(NODE_NOT_READY, via=MAY_SAY_PLEG),
    leads_to(POD_FAILING, via=KEPT_FROM_RUNNING),
    leads_to(CONTAINER_GONE, via=RUNS_ON),
)


@rule(
    RELIST_NOT_RETURNING,
    rows=("N2", "N3"),
    leads=RELIST_EXPLAINS,
)
def relist_not_returning(
    node: NodeView,
    history: PlegHistory = given(pleg_history),
    failed: RelistErrors | None = given(relist_errors),
) -> Verdict:
    """One relist has not returned.

    What it means: The kubelet asks the runtime about all pods, one after another; while a pass runs, the kubelet starts
    nothing new and reports the node as not ready. The cause lies below the kubelet.
    How it shows: Time minus age is the same moment for every line: that pass began then and had not returned by the
    last line. The age alone cannot tell a pass that hangs from one that is very slow; goroutine dumps can.
    What looks like it: Ages that fall back (saw-tooth) belong to passes that end: slow, not stuck. Passes that end with
    an error make the age grow too, and say so ("GenericPLEG: Unable to retrieve pods"). A kubelet that
    became Ready for three minutes after its restart had its first relist hang: restarting it again does not help.
    Source: Kubernetes v1.34 pkg/kubelet/pleg/generic.go (relistThreshold 3 m, Healthy); v1.9 the same.
    """
    if not history.passes:
        return unsure(f"what the kubelet of {node.name} says about PLEG", KUBELET_LOG.of(node=node.name))
    if len(history.passes) > 1:
        ended = tuple(e for one in history.passes[-2:] for e in one.evidence[:1])
        return Absent(ended)
    newest = history.newest
    if failed is not None and within(failed, newest.evidence[0].at.document, newest.start):
        return Absent((failed.evidence,))
    begun = newest.began.latest
    values = {
        "age": _words(newest.age),
        "began": f"; it began at {iso(begun)}" if begun is not None else "",
        "first": _after_start(history),
    }
    lines = f" ({newest.lines} lines agree on its beginning)" if newest.lines > 2 else ""
    because = tuple(Evidence(e.at, e.says + (lines if i == 0 else "")) for i, e in enumerate(newest.evidence))
    started = history.start_before
    return Present((*because, started[1]) if started is not None else because, values, since=newest.began)


def _after_start(history: PlegHistory) -> str:
    delay = history.seconds_after_start
    return f"; it began {delay:.0f} s after the kubelet's start" if delay is not None else ""


def _words(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s"
