"""A container is not created, because what it is configured with is not there."""

from __future__ import annotations

from kwhy.knowledge.config.references import WAITING, Want, missing, missing_keys, said_to_lack, starting
from kwhy.knowledge.container.runs import ContainerRun, ask, printed_status, printed_well, runs_of
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.recency import newer
from kwhy.scene.relations import ITSELF_ONCE_BOUND
from kwhy.scene.views import PodView

NOT_AVAILABLE = Condition(
    code="config.not-available",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Containers of {subject} are not created: {message}",
    summary="The kubelet cannot create the container as it is configured.",
)


@rule(NOT_AVAILABLE, rows=("P6",), leads=(leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),))
def not_available(
    pod: PodView,
    runs: tuple[ContainerRun, ...] = given(runs_of),
    wants: list[Want] = given(said_to_lack),
) -> Verdict:
    """The container's configuration is not available.

    What it means: The image is there or not asked for yet; the kubelet waits for a ConfigMap, a Secret or a key, or
    refuses what the pod asks for.
    How it shows: The container waits with CreateContainerConfigError; or it waits in ContainerCreating while
    FailedMount names a ConfigMap or Secret, or while a listing lacks what the pod refers to.
    What looks like it: "failed to sync configmap cache: timed out" comes from a kubelet that cannot reach the API
    server. Other volumes that do not mount. CreateContainerError is the runtime's.
    Source: Kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container.go (ErrCreateContainerConfig);
    pkg/kubelet/kubelet.go (FailedMount).
    """
    for run in runs:
        if run.waiting == WAITING:
            message = run.message or (wants[0].said.text if wants else WAITING)
            return Present((Evidence(run.state_at(message), f"container {run.name}: {message}"),), {"message": message})
    if runs and not starting(pod.scene, pod.subject):
        return Absent((Evidence(runs[-1].state_at(""), "its containers have been created"),))
    printed = printed_status(pod)
    if not runs and printed is not None and printed[0] == WAITING:
        message = wants[0].said.text if wants else WAITING
        return Present((Evidence(printed[1], f"kubectl prints {WAITING}"),), {"message": message})
    well = printed_well(pod)
    if not runs and well is not None:
        return Absent((Evidence(well[1], f"kubectl prints {well[0]} with all containers ready"),))
    if wants and not _over(pod):
        since = by(wants[0].said.since)
        return Present((wants[0].said.evidence,), {"message": wants[0].said.text}, since=since)
    return _judge_listings(pod)


def _over(pod: PodView) -> bool:
    """Whether a container was started after the newest failed mount."""
    events = pod.scene.events_about(pod.subject)
    failed = next((e for e in events if e.reason in ("FailedMount", "Failed")), None)
    return failed is not None and any(e.reason == "Started" and newer(e, failed) for e in events)


def _judge_listings(pod: PodView) -> Verdict:
    """A pod whose containers wait to be created, and that refers to what is not there."""
    scene, subject = pod.scene, pod.subject
    if starting(scene, subject):
        lacking = [
            *missing(scene, subject, "ConfigMap"),
            *missing(scene, subject, "Secret"),
            *missing_keys(scene, subject),
        ]
        for reference, place in lacking:
            what = f"{reference.kind} {reference.name}" + (f", key {reference.key}" if reference.key else "")
            because = (Evidence(reference.at, f"it refers to {what}"), Evidence(place, f"{what} is not there"))
            return Present(because, {"message": f"{what} is not there"}, basis=Basis.RECOMPUTED)
    return unsure(f"the states and events of {subject}", ask(pod))
