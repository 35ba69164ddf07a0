"""No scheduler runs."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.controlplane.alive import judge_component, processes_of
from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView, PodView

SCHEDULER_DOWN = Condition(
    code="controlplane.scheduler-down",
    kind="Process",
    nature=Nature.ROOT,
    title="{subject} does not run{since}: no pod gets a node",
    summary="kube-scheduler does not run, so new pods stay Pending without any event.",
    remedies=(
        Remedy(
            id="start-the-scheduler",
            title="Start kube-scheduler",
            when="now",
            risk="low",
            steps=(
                Step("See what is left of it.", "kubectl get pods -n kube-system -l component=kube-scheduler -o wide"),
                Step("On {node}, see its last words.", "crictl ps -a --name kube-scheduler"),
                Step(
                    "A static pod runs while its manifest lies in the kubelet's directory: put it back, or correct it.",
                    "ls -l /etc/kubernetes/manifests/kube-scheduler.yaml",
                ),
            ),
            verify=(
                Step("Its lease is renewed.", "kubectl get lease kube-scheduler -n kube-system -o yaml"),
                Step("Pending pods get a node.", "kubectl get pods -A --field-selector status.phase=Pending"),
            ),
            undo=(Step("Take the manifest away again."),),
        ),
    ),
)


def _nobody_looked(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The scheduler, for pods of which no scheduler has said anything."""
    view = PodView(scene, pod)
    condition = view.condition("PodScheduled")
    if condition.observed and condition.value is not None:
        return ()
    if any(event.reason in ("FailedScheduling", "Scheduled") for event in scene.events_about(pod)):
        return ()
    wanted = view.seen("spec.schedulerName", lambda p: p.spec.scheduler_name, "default-scheduler")
    if wanted.observed and wanted.value not in ("default-scheduler", ""):
        return ()
    return processes_of(scene, "kube-scheduler")


PLACED_BY = Relation("is to be placed by", _nobody_looked)


@rule(SCHEDULER_DOWN, rows=("C6", "K2"), leads=(leads_to(UNSCHEDULED, via=PLACED_BY),))
def scheduler_down(scheduler: ObjectView) -> Verdict:
    """kube-scheduler does not run.

    What it means: Nobody looks at new pods: they have no PodScheduled condition and no event.
    How it shows: Its leader lease is not renewed while other leases are; the processes of the only control-plane node
    were all listed, and it is not among them.
    What looks like it: Gated pods; pods that name another scheduler; events that have expired after an hour.
    Source: client-go v0.34 tools/leaderelection (15 s lease, renewed every 2 s); Kubernetes v1.34
    cmd/kube-scheduler/app.
    """
    return judge_component(scheduler.scene, scheduler.subject)
