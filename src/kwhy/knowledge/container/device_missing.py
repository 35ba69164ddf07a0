"""A container wants a device that its node does not have."""

from __future__ import annotations

from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.container.creation_errors import Refusal, Refused, creation_refusals, judged_refusal
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.container.not_created import NOT_CREATED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

DEVICE_MISSING = Condition(
    code="container.device-missing",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} wants device {device}, which its node does not have",
    summary="The container is to be made with a device file that does not exist on the node.",
    remedies=(
        Remedy(
            id="run-where-the-device-is",
            title="Run the pod where the device is, or bring the device back",
            when="now",
            risk="low",
            steps=(
                Step("Look for the device and its driver on the node.", "ls -l {device}; lsmod; dmesg -T | tail -50"),
                Step("Keep the pod to nodes that have it: by a label and nodeSelector, or by the plugin's resource."),
                Step("A device plugin that offers devices which are gone must be restarted or upgraded."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


@rule(
    DEVICE_MISSING,
    rows=("P6",),
    leads=(
        leads_to(NOT_CREATED, via=ITSELF),
        leads_to(CRASH_LOOPS, via=ITSELF),
        leads_to(INIT_FAILS, via=ITSELF),
    ),
)
def device_missing(pod: PodView, found: list[Refused] = given(creation_refusals)) -> Verdict:
    """The node lacks a device that the container asks for.

    What it means: The device plugin, or the pod, names a device file; on this node it is gone or was never there.
    How it shows: 'error gathering device information while adding custom device "/dev/x": no such file or
    directory'.
    What looks like it: A device that exists and may not be opened: then the program runs and says "operation not
    permitted". Resources that no node offers leave the pod Pending.
    Source: moby v20.10 oci/devices_linux.go; containerd v1.6 pkg/cri/opts (WithDevices); Kubernetes v1.34
    pkg/kubelet/cm/devicemanager.
    """
    own = next((refused for refused in found if refused.refusal is Refusal.DEVICE), None)
    device = (own.details.get("device") or own.details.get("node", "")) if own is not None else ""
    return judged_refusal(pod, found, Refusal.DEVICE, device=device)
