"""A container is gone although the API server shows it running."""

from __future__ import annotations

from kwhy.facts.kubectl import StreamFailed
from kwhy.knowledge.stream.failures import evidence, failures_of_pod
from kwhy.knowledge.stream.program_not_run import PROGRAM_NOT_RUN
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

CONTAINER_GONE = Condition(
    code="stream.container-gone",
    kind="Pod",
    nature=Nature.EFFECT,
    title="The runtime has no container {container} of {subject} any more, while the API server shows it running",
    summary="The pod's status is stale: the kubelet has not looked, or its look at the runtime does not end.",
)


@rule(CONTAINER_GONE, rows=("N18",), leads=(leads_to(PROGRAM_NOT_RUN, via=ITSELF),))
def container_gone(pod: PodView, failed: list[StreamFailed] = given(failures_of_pod)) -> Verdict:
    """The container is gone and its status is stale.

    What it means: Something ended the container, and the kubelet, which would report and restart it, has not seen that.
    How it shows: "container not found" for a container whose status is running.
    What looks like it: A container between two restarts, or not yet made, is not found either: its own status says so,
    and then what ends it is the cause.
    Source: Kubernetes v1.34 pkg/kubelet/kubelet_pods.go (findContainer asks the runtime, not the status).
    """
    said = [one for one in failed if one.kind == "container-gone"]
    if not said:
        return Absent((evidence(failed[0]),)) if failed else unsure(f"what kubectl exec says for {pod.subject}")
    wanted = said[0].container
    statuses = pod.container_statuses
    if not statuses.observed:
        return unsure(f"the status of the containers of {pod.subject}", *pod.probes())
    running = [s.name for s in statuses.value if getattr(s.state, "running", None) is not None]
    shown = [name for name in running if wanted in (None, name)]
    if not shown:
        return Absent((Evidence(statuses.place, "its status says that it does not run"),))
    because = (evidence(said[0]), Evidence(statuses.place, f"container {shown[0]} is shown running"))
    return Present(because, {"container": shown[0]})
