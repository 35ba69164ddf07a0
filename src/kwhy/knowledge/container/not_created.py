"""The runtime cannot create a container."""

from __future__ import annotations

from kwhy.knowledge.container.runs import ContainerRun, ask, event_messages, printed_status, printed_well, runs_of
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF_ONCE_BOUND
from kwhy.scene.views import PodView

NOT_CREATED = Condition(
    code="container.not-created",
    kind="Pod",
    nature=Nature.EFFECT,
    title="The runtime cannot create a container of {subject}: {message}",
    summary="The image is there, and the runtime refuses to make the container: a mount, a device, a profile, a name.",
)

WAITING = "CreateContainerError"


@rule(NOT_CREATED, rows=("P6",), leads=(leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),))
def not_created(pod: PodView, runs: tuple[ContainerRun, ...] = given(runs_of)) -> Verdict:
    """The container cannot be created.

    What it means: The runtime's CreateContainer call fails; no process of the container has run.
    How it shows: The container waits with CreateContainerError; the message is the runtime's.
    What looks like it: CreateContainerConfigError is the kubelet's: it lacks a ConfigMap, a Secret or a key.
    RunContainerError comes later, at the start.
    Source: Kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container.go (ErrCreateContainer).
    """
    for run in runs:
        if run.waiting == WAITING:
            said = run.message or next((s.text for s in event_messages(pod.scene, pod.subject, "Failed")), "")
            place = run.state_at(said or WAITING)
            return Present((Evidence(place, f"container {run.name}: {said or WAITING}"),), {"message": said or WAITING})
    if runs:
        return Absent((Evidence(runs[-1].state_at(""), "no container waits to be created"),))
    printed = printed_status(pod)
    if printed is not None and printed[0] == WAITING:
        said = next((s.text for s in event_messages(pod.scene, pod.subject, "Failed")), WAITING)
        return Present((Evidence(printed[1], f"kubectl prints {WAITING}"),), {"message": said})
    well = printed_well(pod)
    if well is not None:
        return Absent((Evidence(well[1], f"kubectl prints {well[0]} with all containers ready"),))
    return unsure(f"the states of the containers of {pod.subject}", ask(pod))
