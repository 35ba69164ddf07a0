"""A pod waits for its scheduling gates to be lifted."""

from __future__ import annotations

from kwhy.facts.objects import LocalObjectReference
from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

GATED = Condition(
    code="scheduling.gated",
    kind="Pod",
    nature=Nature.ROOT,
    title="Pods of {subject} are held back by scheduling gates: {gates}",
    summary="spec.schedulingGates is not empty: the scheduler does not look at the pod until somebody empties it.",
    remedies=(
        Remedy(
            id="let-the-owner-lift-the-gate",
            title="Find who lifts the gate, and why it does not",
            when="now",
            risk="low",
            steps=(
                Step(
                    "The gate's name tells whose it is ({gates}): a queue (Kueue), a quota, an operator. See that it "
                    "runs and what it says about the pod.",
                    "kubectl describe pod {pod} -n {namespace}",
                ),
                Step("Where nobody owns the gate any more, take it out of the template."),
            ),
            verify=(Step("The pod gets a node.", "kubectl get pod {pod} -n {namespace} -o wide"),),
            undo=(Step("Put the gate back into the template; pods that run are not touched."),),
        ),
    ),
)  # fmt: skip


@rule(GATED, rows=("K2",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def gated(pod: PodView) -> Verdict:
    """The pod has scheduling gates.

    What it means: Somebody asked, in the pod itself, to wait; there is no FailedScheduling event.
    How it shows: spec.schedulingGates is not empty; PodScheduled is False with reason SchedulingGated; kubectl prints
    SchedulingGated.
    What looks like it: A pod of which the scheduler says nothing because it does not run.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go; pkg/registry/core/pod
    strategy (the API server sets the condition itself).
    """
    none: list[LocalObjectReference] = []
    gates = pod.seen("spec.schedulingGates", lambda p: p.spec.scheduling_gates, none)
    if gates.observed and gates.value:
        names = ", ".join(gate.name for gate in gates.value)
        place = gates.place.document.at(gates.place.line, gates.place.path, f"schedulingGates: {names}")
        return Present((Evidence(place, f"it waits for {names}"),), {"gates": names, "pod": pod.name})
    scheduled = pod.condition("PodScheduled")
    if scheduled.observed and scheduled.value is not None and scheduled.value.reason == "SchedulingGated":
        says = scheduled.value.message or "SchedulingGated"
        return Present((Evidence(scheduled.place, says),), {"gates": "(not shown)", "pod": pod.name})
    printed = pod.printed("STATUS")
    if printed.observed and printed.value == "SchedulingGated":
        return Present((Evidence(printed.place, printed.value),), {"gates": "(not shown)", "pod": pod.name})
    if gates.observed:
        return Absent((Evidence(gates.place, "it has no scheduling gates"),))
    refused = next((e for e in pod.scene.events_about(pod.subject) if e.reason == "FailedScheduling"), None)
    if refused is not None:
        return Absent((Evidence(refused.at, "the scheduler looked at it"),))
    return unsure(f"the scheduling gates of {pod.subject}", *pod.probes())
