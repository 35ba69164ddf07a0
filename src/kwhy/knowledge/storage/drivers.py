"""Which workloads run a CSI driver, and with which nodes it has registered."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import CSINode, DaemonSet, Deployment, PersistentVolume, PodTemplate, StatefulSet
from kwhy.knowledge.storage.mount_errors import known_errors, volume_object
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import node_of_pod, pods_of
from kwhy.scene.scene import Scene


def driver_of(scene: Scene, pod: Subject) -> str:
    """The CSI driver of the volume that the pod waits for: as the message names it, else its PersistentVolume."""
    for error in scene.derive(known_errors, pod):
        named = error.detail("driver", "attached", "plugin")
        if named:
            return named
        volume = volume_object(scene, pod, error.volume)
        for observation in scene.observations(volume) if volume is not None else ():
            shown = observation.object
            if isinstance(shown, PersistentVolume) and isinstance(shown.spec.csi, dict):
                return str(shown.spec.csi.get("driver", ""))
    return ""


def workloads_of(scene: Scene, driver: str) -> list[Subject]:
    """The workloads whose pods name the driver, as its registrar does (--kubelet-registration-path=…/DRIVER/…)."""
    return scene.derive(_workloads_of, Subject("CSIDriver", driver)) if driver else []


def _workloads_of(scene: Scene, driver: Subject) -> list[Subject]:
    found = []
    for kind in (DaemonSet, Deployment, StatefulSet):
        for struct in scene.structs(kind.__name__):
            template = struct.spec.template if isinstance(struct, DaemonSet | Deployment | StatefulSet) else None
            if isinstance(template, PodTemplate) and driver.name in str(template.spec):
                found.append(Subject(kind.__name__, struct.metadata.name, struct.metadata.namespace or None))
    return list(dict.fromkeys(found))


def registered(scene: Scene, node: str) -> tuple[list[str], Evidence] | None:
    """The drivers that the node's CSINode lists; None where it was not shown."""
    for observation in scene.observations(Subject("CSINode", node)):
        shown = observation.object
        if isinstance(shown, CSINode) and observation.whole:
            names = [driver.name for driver in shown.spec.drivers] if isinstance(shown.spec.drivers, list) else []
            says = f"registered on {node}: {', '.join(names) or 'no driver'}"
            return names, Evidence(observation.field_at("spec.drivers", says), says)
    return None


def _on_its_node(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The driver's pods on the pod's node."""
    nodes = node_of_pod(scene, pod)
    for workload in workloads_of(scene, driver_of(scene, pod)):
        for other in pods_of(scene, workload):
            if other != pod and node_of_pod(scene, other) == nodes:
                yield other


def _anywhere(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The driver's pods, its controller's among them."""
    for workload in workloads_of(scene, driver_of(scene, pod)):
        yield from (other for other in pods_of(scene, workload) if other != pod)


NEEDS_DRIVER = Relation("needs the driver's pod on its node", _on_its_node)
NEEDS_CONTROLLER = Relation("needs the driver's pods", _anywhere)
