"""A workload's controller has not acted upon its newest specification."""

from __future__ import annotations

from kwhy.facts.objects import DaemonSet, Deployment, StatefulSet
from kwhy.knowledge.workload.short_of_pods import SHORT_OF_PODS
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import WorkloadView

NOT_ACTED_UPON = Condition(
    code="workload.not-acted-upon",
    kind="Deployment",
    nature=Nature.EFFECT,
    title="No controller has acted upon {subject}: generation {generation}, seen {observed}",
    summary="status.observedGeneration is behind metadata.generation.",
)


@rule(NOT_ACTED_UPON, rows=("C6",), leads=(leads_to(SHORT_OF_PODS, via=ITSELF),))
def not_acted_upon(workload: WorkloadView) -> Verdict:
    """The workload's controller has not acted upon it.

    What it means: What was asked for last is unknown to the controller, so no pods are made or replaced.
    How it shows: status.observedGeneration is below metadata.generation, or there is none.
    What looks like it: A change of this very second, which the controller has not yet seen.
    Source: Kubernetes v1.34 pkg/controller/deployment/sync.go (calculateStatus sets ObservedGeneration).
    """
    for observation in workload.observations:
        struct = observation.object
        if not observation.whole or not isinstance(struct, Deployment | StatefulSet | DaemonSet):
            continue
        generation = struct.metadata.generation
        if not isinstance(generation, int):
            break
        seen = struct.status.observed_generation if isinstance(struct.status.observed_generation, int) else 0
        place = observation.field_at("status.observedGeneration", f"observedGeneration: {seen}")
        if seen >= generation:
            return Absent((Evidence(place, f"generation {generation} was seen"),))
        values = {"generation": generation, "observed": seen or "none"}
        says = f"generation {generation}, observedGeneration {seen or 'none'}"
        return Present((Evidence(place, says),), values, basis=Basis.RECOMPUTED)
    return unsure(f"the generation of {workload.subject} and the one that was seen", *workload.probes())
