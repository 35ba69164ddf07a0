"""A CSI driver whose volumes must be attached has nobody who attaches them."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.storage.attacher_silent import ATTACHER_SILENT
from kwhy.knowledge.storage.drivers import driver_of, registered, workloads_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST_ALL
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

ATTACHER_MISSING = Condition(
    code="storage.attacher-missing",
    kind="CSIDriver",
    nature=Nature.ROOT,
    title="{subject} wants its volumes attached, and no workload in the cluster runs the driver",
    summary="The driver is declared, and neither its controller with the external-attacher nor its node plugin runs.",
    remedies=(
        Remedy(
            id="install-the-driver",
            title="Install the driver's controller, or say that it needs no attaching",
            when="now",
            risk="low",
            steps=(
                Step("See what the driver asks for.", "kubectl get csidriver {name} -o yaml"),
                Step("Install the driver whole: its controller holds the sidecar csi-attacher."),
                Step(
                    "A driver that needs no attaching must say so: attachRequired false; make the CSIDriver anew.",
                    "kubectl delete csidriver {name}",
                ),
            ),
            verify=(Step("The attachment is done.", "kubectl get volumeattachments"), Step("The pods start.")),
            undo=(Step("Uninstall the driver while none of its volumes is in use."),),
        ),
    ),
)

#: The kinds that may run a driver; with a list of each it is known that none does.
_RUNNERS = ("DaemonSet", "Deployment", "StatefulSet")


def _drivers(scene: Scene, pod: Subject) -> Iterable[Subject]:
    driver = driver_of(scene, pod)
    return [Subject("CSIDriver", driver)] if driver else []


DRIVEN_BY = Relation("waits for a volume of", _drivers)


@rule(ATTACHER_MISSING, rows=("V2",), leads=(leads_to(ATTACHER_SILENT, via=DRIVEN_BY),))
def attacher_missing(driver: ObjectView) -> Verdict:
    """Nobody attaches the driver's volumes.

    What it means: The attach controller writes a VolumeAttachment and waits for the driver's external-attacher.
    How it shows: All DaemonSets, Deployments and StatefulSets were listed, and none names the driver; or all CSINodes
    were, and no node has the driver registered.
    What looks like it: A driver that runs outside of the cluster; an attacher that runs and fails: then its pods or its
    log say so.
    Source: kubernetes-csi/external-attacher; Kubernetes v1.34 pkg/volume/csi/csi_attacher.go.
    """
    scene = driver.scene
    running = workloads_of(scene, driver.name)
    if running:
        place = scene.observations(running[0])[0].at
        return Absent((Evidence(place, f"{running[0]} names driver {driver.name}"),))
    declared = tuple(Evidence(o.at, f"{driver.name} is declared") for o in driver.observations[:1])
    nowhere = _registered_nowhere(scene, driver.name)
    if nowhere is not None:
        return Present((*declared, nowhere), basis=Basis.INFERRED)
    if scene.listing("Pod", None) is None:
        return unsure(
            f"which pods run driver {driver.name}", LIST_ALL.of(kind="daemonsets,deployments,statefulsets,pods")
        )
    lists = [listing for kind in _RUNNERS if (listing := scene.listing(kind, None)) is not None]
    if not lists:
        return unsure(
            f"which workloads run driver {driver.name}", LIST_ALL.of(kind="daemonsets,deployments,statefulsets")
        )
    none = tuple(Evidence(listing.at, f"no {listing.kind} names the driver") for listing in lists)
    return Present((*declared, *none), basis=Basis.RECOMPUTED)


def _registered_nowhere(scene: Scene, driver: str) -> Evidence | None:
    """The list of all CSINodes, where none has the driver."""
    listing = scene.listing("CSINode", None)
    nodes = scene.subjects("CSINode")
    if listing is None or not nodes:
        return None
    known = [registered(scene, node.name) for node in nodes]
    if any(shown is None or driver in shown[0] for shown in known):
        return None
    return Evidence(listing.at, "no node has the driver registered")
