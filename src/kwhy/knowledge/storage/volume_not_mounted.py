"""A pod waits for a volume that is not attached or not mounted."""

from __future__ import annotations

from kwhy.knowledge.container.runs import ask, printed_well
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.knowledge.storage.mount_errors import MountError, mount_errors
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF_ONCE_BOUND
from kwhy.scene.views import PodView

NOT_MOUNTED = Condition(
    code="storage.volume-not-mounted",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} waits for volume {volume}: {message}",
    summary="The kubelet creates no container of a pod before all of its volumes are mounted, and one is not.",
)


def _brief(message: str) -> str:
    """Without the command that was tried, which stands before its output."""
    return message.rpartition("Output: ")[2] or message


@rule(NOT_MOUNTED, rows=("V2",), leads=(leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),))
def volume_not_mounted(pod: PodView, errors: list[MountError] = given(mount_errors)) -> Verdict:
    """A volume is not attached or not mounted.

    What it means: The pod has its node and nothing of it runs; the program has no part in it.
    How it shows: The containers wait in ContainerCreating, and FailedAttachVolume or FailedMount says what is not done.
    What looks like it: FailedMount that names a ConfigMap or Secret: then that object is missing. One failed attempt
    before a success: a volume that moves takes its time.
    Source: Kubernetes v1.34 pkg/kubelet/volumemanager/volume_manager.go (WaitForAttachAndMount);
    pkg/controller/volume/attachdetach.
    """
    if errors:
        told = next((error for error in errors if error.problem is not None), errors[0])
        because = (told.said.evidence,)
        values = {"volume": told.volume or "(not named)", "message": _brief(told.said.text)}
        return Present(because, values, since=by(told.said.since))
    well = printed_well(pod)
    if well is not None:
        return Absent((Evidence(well[1], f"kubectl prints {well[0]} with all containers ready"),))
    return unsure(f"the events of {pod.subject}", ask(pod))
