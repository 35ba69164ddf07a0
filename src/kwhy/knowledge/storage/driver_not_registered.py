"""A CSI driver has not registered with the kubelet of a node."""

from __future__ import annotations

from difflib import get_close_matches

import msgspec

from kwhy.knowledge.pod.failing import POD_FAILING, failing
from kwhy.knowledge.storage.drivers import NEEDS_DRIVER, registered
from kwhy.knowledge.storage.mount_errors import MountError, Problem, judged, known_errors, node_of
from kwhy.knowledge.storage.volume_not_mounted import NOT_MOUNTED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

DRIVER_NOT_REGISTERED = Condition(
    code="storage.driver-not-registered",
    kind="Pod",
    nature=Nature.ROOT,
    title="The volume driver {driver} has not registered on {where}{hint}",
    summary="The kubelet mounts volumes of a driver only after the driver's node plugin has registered with it.",
    remedies=(
        Remedy(
            id="bring-the-driver-to-the-node",
            title="Let the driver's node plugin run on the node and register",
            when="now",
            risk="low",
            steps=(
                Step("See which drivers each node has.", "kubectl get csinodes -o yaml"),
                Step("See whether the driver's DaemonSet runs on the node; taints and selectors keep it away."),
                Step(
                    "Its registrar must use the kubelet's own directory; see its log (container node-driver-registrar)."
                ),
                Step(
                    "A plugin of the old kind (flexVolume) is found when the kubelet starts or its directory changes."
                ),
            ),
            verify=(Step("The driver is listed for the node.", "kubectl get csinodes"), Step("The pods start.")),
            undo=(Step("Take back what was changed in the driver's DaemonSet."),),
        ),
    ),
)


@rule(DRIVER_NOT_REGISTERED, rows=("V2",), leads=(leads_to(NOT_MOUNTED, via=ITSELF),))
def driver_not_registered(pod: PodView, errors: list[MountError] = given(known_errors)) -> Verdict:
    """The volume's driver has not registered on the node.

    What it means: The volume may be fine; this node's kubelet does not know who could mount it.
    How it shows: "driver name X not found in the list of registered CSI drivers"; "CSINode N does not contain driver
    X"; for flexVolume "no volume plugin matched".
    What looks like it: A driver whose pod on the node fails: then that is the cause. A driver that has registered
    meanwhile is in the node's CSINode. A volume that names the driver wrongly: then one of a similar name is there.
    Source: Kubernetes v1.34 pkg/volume/csi/csi_client.go (newCsiDriverClient), pkg/volume/plugins.go
    (ErrNoPluginMatched); external-attacher pkg/attacher (CSINode does not contain driver).
    """
    found = next((e for e in errors if e.problem is Problem.DRIVER_NOT_REGISTERED), None)
    driver = found.detail("driver", "attached", "plugin") if found is not None else ""
    node = node_of(pod.scene, pod.subject)
    shown = registered(pod.scene, node.name) if node is not None else None
    if found is not None and shown is not None and driver in shown[0]:
        return Absent((shown[1],))
    near = get_close_matches(driver, shown[0], n=1, cutoff=0.7) if shown is not None else []
    values = {
        "driver": driver or "of the volume",
        "where": f"node {node.name}" if node is not None else "its node",
        "hint": f", where {near[0]} has" if near else "",
    }
    verdict = judged(pod, errors, Problem.DRIVER_NOT_REGISTERED, **values)
    if not isinstance(verdict, Present) or near:
        return verdict
    if node is None:
        return unsure(f"the node of {pod.subject}", *pod.probes())
    proof = (shown[1],) if shown is not None else ()
    return msgspec.structs.replace(verdict, because=verdict.because + proof, blames=node)


@rule(POD_FAILING, rows=("V2",), leads=(leads_to(DRIVER_NOT_REGISTERED, via=NEEDS_DRIVER),))
def driver_pod_fails(pod: PodView) -> Verdict:
    """The driver's own pod on the node does not run as asked.

    What it means: As for any pod; it takes along every pod that needs one of its volumes.
    How it shows: As for any pod.
    What looks like it: The driver runs and does not register: its registrar's log says why.
    Source: kubernetes-csi/node-driver-registrar.
    """
    return failing(pod)
