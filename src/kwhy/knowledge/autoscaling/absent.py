"""No autoscaler scales a workload that has more requests than its replicas can hold."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import Listing
from kwhy.knowledge.autoscaling.at_its_limit import autoscalers_of
from kwhy.knowledge.workload.overwhelmed import OVERWHELMED, words_about_load
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, rule, worsens
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import WorkloadView

ABSENT = Condition(
    code="autoscaling.absent",
    kind="Deployment",
    nature=Nature.EFFECT,
    title="Nothing scales {subject} with its load",
    summary="There is no HorizontalPodAutoscaler for the workload: its number of replicas stays what it is.",
)


def _owner(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The controller of a pod that says itself that it has too much to do."""
    if words_about_load(scene, pod):
        yield owner_of(scene, pod)


OVERLOADED_OWNER = Relation("has too few replicas in", _owner)


def autoscalers_listed(scene: Scene, workload: Subject) -> Listing | None:
    """All autoscalers of the workload's namespace"""
    return scene.listing("HorizontalPodAutoscaler", workload.namespace)


@rule(ABSENT, rows=("P9",), leads=(worsens(OVERWHELMED, via=OVERLOADED_OWNER),))
def absent(workload: WorkloadView, listed: Listing | None = given(autoscalers_listed)) -> Verdict:
    """No autoscaler has the workload as its target.

    What it means: More load meets the same number of replicas. Chosen on purpose that is no fault; beside replicas that
    fall under their load it is what to change.
    How it shows: All autoscalers of the namespace were listed, and none names the workload.
    What looks like it: An autoscaler at its maximum, or one that gets no metrics. KEDA makes an autoscaler too.
    Source: Kubernetes v1.34 pkg/controller/podautoscaler/horizontal.go (scaleTargetRef).
    """
    scaled = autoscalers_of(workload.scene, workload.subject)
    if scaled:
        seen = workload.scene.observations(scaled[0])
        return Absent((Evidence(seen[0].at, f"{scaled[0].name} scales it"),))
    if listed is None:
        return unsure(
            f"the autoscalers of namespace {workload.namespace}",
            LIST.of(kind="horizontalpodautoscalers", namespace=workload.namespace),
        )
    return Present((Evidence(listed.at, f"no autoscaler in the list scales {workload.name}"),))
