"""A volume is not attached in time, because the driver's attacher does not do it."""

from __future__ import annotations

import msgspec

from kwhy.knowledge.pod.failing import POD_FAILING, failing
from kwhy.knowledge.storage.drivers import NEEDS_CONTROLLER, driver_of
from kwhy.knowledge.storage.mount_errors import MountError, Problem, judged, known_errors
from kwhy.knowledge.storage.volume_not_mounted import NOT_MOUNTED
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Present, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

ATTACHER_SILENT = Condition(
    code="storage.attacher-silent",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Driver {driver} does not attach volume {volume} of {subject} in time",
    summary="The attach controller handed the volume to the driver's attacher, and nothing came back in time.",
)


@rule(ATTACHER_SILENT, rows=("V2",), leads=(leads_to(NOT_MOUNTED, via=ITSELF),))
def attacher_silent(pod: PodView, errors: list[MountError] = given(known_errors)) -> Verdict:
    """The driver's attacher does not attach the volume in time.

    What it means: A VolumeAttachment was made, and the driver's controller has not set it to attached.
    How it shows: "timed out waiting for external-attacher of X CSI driver to attach volume".
    What looks like it: The back end refuses and says so: then its own error is in the event. A volume that is still
    attached to another node.
    Source: Kubernetes v1.34 pkg/volume/csi/csi_attacher.go (waitForVolumeAttachmentWithLister); before v1.24
    "attachment timeout for volume".
    """
    driver = driver_of(pod.scene, pod.subject) or "of the volume"
    verdict = judged(pod, errors, Problem.ATTACHER_SILENT, driver=driver)
    return msgspec.structs.replace(verdict, blames=None) if isinstance(verdict, Present) else verdict


@rule(POD_FAILING, rows=("V2",), leads=(leads_to(ATTACHER_SILENT, via=NEEDS_CONTROLLER),))
def driver_controller_fails(pod: PodView) -> Verdict:
    """A pod of the driver does not run as asked.

    What it means: As for any pod; the driver's controller attaches the volumes of all pods.
    How it shows: As for any pod.
    What looks like it: A controller that runs and lacks rights at the cloud: its log says so.
    Source: kubernetes-csi/external-attacher.
    """
    return failing(pod)
