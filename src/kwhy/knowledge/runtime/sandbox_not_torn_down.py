"""The runtime cannot tear down a pod's sandbox in time."""

from __future__ import annotations

from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.knowledge.runtime.sandbox_not_set_up import HANGING, description_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import leads_to, rule
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED
from kwhy.scene.relations import ITSELF_ONCE_BOUND
from kwhy.scene.views import PodView

SANDBOX_NOT_TORN_DOWN = Condition(
    code="runtime.sandbox-teardown-hangs",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Sandboxes of {subject} are not torn down: {how}",
    summary="StopPodSandbox does not return: the pod stays Terminating.",
)


@rule(SANDBOX_NOT_TORN_DOWN, rows=("N6", "P21"), leads=(leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),))
def sandbox_not_torn_down(pod: PodView) -> Verdict:
    """The sandbox is not torn down: the call hangs.

    What it means: The containers are dead, the pod object stays until the kubelet has removed the pod's network.
    How it shows: FailedKillPod (KillPodSandboxError) with DeadlineExceeded; a deletion that is overdue.
    What looks like it: A finalizer holds the object; a volume does not unmount; the process ignores SIGTERM until the
    grace period ends.
    Source: Kubernetes v1.34 pkg/kubelet/kubelet_pods.go, kuberuntime_manager.go (killPodWithSyncResult).
    """
    deleted = pod.deletion_timestamp
    if deleted.observed and not deleted.value:
        return Absent((Evidence(deleted.place, "the pod was not deleted"),))
    for event in pod.scene.events_about(pod.subject):
        if event.reason == "FailedKillPod":
            if any(word in event.message for word in HANGING):
                proof = (Evidence(event.at, event.message),)
                return Present(proof, {"how": description_of(event.message)}, since=by(event.first))
            return Absent((Evidence(event.at, f"the call fails at once: {event.message}"),))
    if deleted.observed:
        return unsure(
            f"the events of {pod.subject}", DESCRIBE_NAMESPACED.of(kind="pod", name=pod.name, namespace=pod.namespace)
        )
    return unsure(f"whether {pod.subject} was deleted", *pod.probes())
