"""A Deployment is paused, so that its corrected template is not rolled out."""

from __future__ import annotations

from kwhy.knowledge.workload.keeps_old_template import lacks, leads_by_change
from kwhy.knowledge.workload.stale import Stale, stale
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, rule
from kwhy.model.verdict import Absent, Evidence, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import owner_of
from kwhy.scene.views import PodView, WorkloadView

ROLLOUT_PAUSED = Condition(
    code="workload.rollout-paused",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} is paused: what its template says now is not rolled out ({changed})",
    summary="spec.paused is true: changes of the template wait until somebody resumes the rollout.",
    remedies=(
        Remedy(
            id="resume-the-rollout",
            title="Resume the rollout",
            when="now",
            risk="low",
            steps=(
                Step("Ask who paused it, and whether the template is complete."),
                Step("Resume it.", "kubectl rollout resume {kind}/{name} -n {namespace}"),
            ),
            verify=(Step("The rollout completes.", "kubectl rollout status {kind}/{name} -n {namespace}"),),
            undo=(Step("Pause it again.", "kubectl rollout pause {kind}/{name} -n {namespace}"),),
        ),
    ),
)  # fmt: skip


@rule(ROLLOUT_PAUSED, rows=("P10",), leads=leads_by_change())
def rollout_paused(pod: PodView, lacking: Stale | None = given(stale)) -> Verdict:
    """The pod's Deployment is paused while its template differs from the pod.

    What it means: The fault is corrected in the template already; the controller still scales, but rolls nothing out.
    How it shows: spec.paused is true (condition Progressing with reason DeploymentPaused), and the template differs
    from the failing pods in what fails.
    What looks like it: A Deployment that is paused and whose template is that of its pods: pausing it explains nothing.
    Source: Kubernetes v1.34 pkg/controller/deployment/sync.go (sync, which creates no ReplicaSet).
    """
    if lacking is not None and lacking.owner.kind == "Deployment":
        return lacks(pod, lacking)
    owner = owner_of(pod.scene, pod.subject)
    if owner.kind != "Deployment":
        if pod.observations:
            return Absent((Evidence(pod.observations[0].at, "it belongs to no Deployment"),))
        return unsure(f"the owner of {pod.subject}", LIST.of(kind="pods", namespace=pod.namespace))
    paused = WorkloadView(pod.scene, owner).spec("paused", lambda s: s.paused, False)
    if paused.observed:
        says = "it is paused, with the template of its pods" if paused.value else "it is not paused"
        return Absent((Evidence(paused.place, says),))
    return unsure(f"whether {owner} is paused", LIST.of(kind="deployments", namespace=owner.namespace))
