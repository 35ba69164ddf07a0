"""Named ways from a subject to related subjects; time in proportion to the answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from kwhy.facts.objects import LabelSelector, OwnerReference, Pod
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

#: Suffixes that controllers append are drawn from this alphabet (k8s.io/apimachinery v0.34, pkg/util/rand/rand.go,
#: alphanums and SafeEncodeString): no vowels, no 0, 1 or 3.
_SAFE = "bcdfghjklmnpqrstvwxz2456789"
#: "web-6f5c6d7f64-2nx8q": Deployment, pod-template-hash, random suffix.
_DEPLOYMENT_POD = expression(rf"^(?P<deployment>.+)-(?P<hash>[{_SAFE}]{{5,10}})-[{_SAFE}]{{5}}$")
#: "web-6f5c6d7f64": Deployment and pod-template-hash.
_DEPLOYMENT_SET = expression(rf"^(?P<deployment>.+)-(?P<hash>[{_SAFE}]{{5,10}})$")

# "Created pod: web-6f5c6d7f64-2nx8q" (Kubernetes v1.34 pkg/controller/controller_utils.go createPods);
# "create Pod db-0 in StatefulSet db successful" (pkg/controller/statefulset/stateful_pod_control.go recordPodEvent)
_MADE = expression(
    r"(?:Created pod: (?P<pod>[a-z0-9.-]{1,253})"
    r"|create Pod (?P<ordinal>[a-z0-9.-]{1,253}) in StatefulSet \S{1,253} successful)"
)

_CONTROLLERS = ("ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Deployment", "ReplicationController")


def owner_of(scene: Scene, subject: Subject) -> Subject:
    """The topmost controller that owns the subject; the subject itself where none is known.

    Owner references where they were shown, else the name pattern that controllers give (a Deployment's pods).
    """
    if subject.kind == "Pod":
        parent = _pod_controller(scene, subject)
        return owner_of(scene, parent) if parent else subject
    if subject.kind == "ReplicaSet":
        references = _references(scene, subject)
        if references is not None:
            parent = _controller(references, subject.namespace)
            return parent or subject
        match = _DEPLOYMENT_SET.match(subject.name)
        return Subject("Deployment", match["deployment"], subject.namespace) if match else subject
    if subject.kind == "Job":
        references = _references(scene, subject)
        parent = _controller(references, subject.namespace) if references else None
        return parent or subject
    return subject


def _pod_controller(scene: Scene, pod: Subject) -> Subject | None:
    references = _references(scene, pod)
    if references is not None:
        return _controller(references, pod.namespace)
    creator = scene.derive_once(_creators).get(pod)
    if creator is not None:
        return creator
    match = _DEPLOYMENT_POD.match(pod.name)
    return Subject("ReplicaSet", f"{match['deployment']}-{match['hash']}", pod.namespace) if match else None


def _creators(scene: Scene) -> dict[Subject, Subject]:
    """Pods by the events in which their controllers say that they made them."""
    found: dict[Subject, Subject] = {}
    for controller, events in scene.events.items():
        if controller.kind not in _CONTROLLERS:
            continue
        for event in events:
            made = _MADE.fullmatch(event.message) if event.reason == "SuccessfulCreate" else None
            if made is not None:
                found[Subject("Pod", made["pod"] or made["ordinal"], controller.namespace)] = controller
    return found


def _references(scene: Scene, subject: Subject) -> list[OwnerReference] | None:
    """Owner references as observed; None where no observation shows them."""
    for observation in scene.observations(subject):
        references = observation.object.metadata.owner_references
        if isinstance(references, list):
            return references
        if observation.whole:
            return []
    return None


def _controller(references: list[OwnerReference], namespace: str | None) -> Subject | None:
    for reference in references:
        if reference.controller or reference.kind in _CONTROLLERS:
            return Subject(reference.kind, reference.name, namespace)
    return None


# --- indexes ------------------------------------------------------------------------------------------------------


def _pods_by_owner(scene: Scene) -> dict[Subject, list[Subject]]:
    index: dict[Subject, list[Subject]] = defaultdict(list)
    owners: dict[Subject, Subject] = {}
    parents: dict[tuple[int, str | None], Subject | None] = {}  # pods of one controller may share their references
    for pod, struct in scene.lone_structs("Pod"):
        if struct is None:
            parent = _pod_controller(scene, pod)
        else:
            references = struct.metadata.owner_references
            key = id(references), pod.namespace
            if key in parents:
                parent = parents[key]
            else:
                parent = _controller(references, pod.namespace) if isinstance(references, list) else None
                parents[key] = parent
        if parent is None:
            index[pod].append(pod)
            continue
        if (owner := owners.get(parent)) is None:
            owner = owners[parent] = owner_of(scene, parent)
        index[owner].append(pod)
        if parent != owner:
            index[parent].append(pod)
    return index


def _structs_by_node(scene: Scene) -> dict[str, list[tuple[Subject, Pod | None]]]:
    index: dict[str, list[tuple[Subject, Pod | None]]] = defaultdict(list)
    for pod, struct in scene.lone_structs("Pod"):
        if isinstance(struct, Pod):
            name = struct.spec.node_name
            if isinstance(name, str) and name:
                index[name].append((pod, struct))
            continue
        node = PodView(scene, pod).node_name
        if node.observed and node.value:
            index[node.value].append((pod, None))
    return index


def _sets_by_owner(scene: Scene) -> dict[Subject, list[Subject]]:
    index: dict[Subject, list[Subject]] = defaultdict(list)
    for replica_set in scene.subjects("ReplicaSet"):
        owner = owner_of(scene, replica_set)
        if owner != replica_set:
            index[owner].append(replica_set)
    return index


def pods_of(scene: Scene, owner: Subject) -> list[Subject]:
    """The pods that a controller owns, directly or through its ReplicaSets."""
    return scene.derive_once(_pods_by_owner).get(owner, [])


def pods_on(scene: Scene, node: Subject) -> list[Subject]:
    """The pods bound to a node."""
    return [pod for pod, _ in structs_on(scene, node)]


def structs_on(scene: Scene, node: Subject) -> list[tuple[Subject, Pod | None]]:
    """The pods bound to a node, each with its struct where one document shows it whole; else views need merging."""
    return scene.derive_once(_structs_by_node).get(node.name, [])


def replica_sets_of(scene: Scene, deployment: Subject) -> list[Subject]:
    return scene.derive_once(_sets_by_owner).get(deployment, [])


def pods_in(scene: Scene, namespace: str | None) -> Sequence[Subject]:
    return scene.subjects_in("Pod", namespace)


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    """Equality-based selector semantics: every pair of the selector is among the labels."""
    return all(labels.get(key) == value for key, value in selector.items())


def label_selector_matches(selector: LabelSelector, labels: dict[str, str]) -> bool:
    """metav1.LabelSelector semantics (apimachinery v0.34 meta/v1/helpers.go, LabelSelectorAsSelector)."""
    if not selects(selector.match_labels or {}, labels):
        return False
    for requirement in selector.match_expressions or ():
        value = labels.get(requirement.key)
        values = requirement.values or []
        if requirement.operator == "In" and value not in values:
            return False
        if requirement.operator == "NotIn" and value is not None and value in values:
            return False
        if requirement.operator == "Exists" and value is None:
            return False
        if requirement.operator == "DoesNotExist" and value is not None:
            return False
    return True


def pods_selected(scene: Scene, service: Subject) -> list[Subject]:
    """The pods that a Service's selector matches, as far as labels were shown."""
    from kwhy.scene.views import ServiceView

    selector = ServiceView(scene, service).selector
    if not selector.observed or not selector.value:
        return []
    found = []
    for pod in pods_in(scene, service.namespace):
        labels = PodView(scene, pod).labels
        if labels.observed and selects(selector.value, labels.value):
            found.append(pod)
    return found


def node_of_pod(scene: Scene, pod: Subject) -> list[Subject]:
    """The node a pod is bound to."""
    node = PodView(scene, pod).node_name
    return [Subject("Node", node.value)] if node.observed and node.value else []


def claims_of_pod(scene: Scene, pod: Subject) -> list[Subject]:
    """The PersistentVolumeClaims that a pod mounts."""
    for observation in scene.observations(pod):
        volumes = observation.object.spec.volumes if isinstance(observation.object, Pod) else None
        if isinstance(volumes, list):
            return [
                Subject("PersistentVolumeClaim", volume.persistent_volume_claim.claim_name, pod.namespace)
                for volume in volumes
                if volume.persistent_volume_claim is not None
            ]
    return []


def _node_itself(scene: Scene, subject: Subject) -> list[Subject]:
    if subject.kind == "Node":
        return [subject]
    return [Subject("Node", subject.node)] if subject.node else []


def _itself(scene: Scene, subject: Subject) -> Iterable[Subject]:
    return (subject,)


def _once_bound(scene: Scene, pod: Subject) -> list[Subject]:
    """The pod, unless it is seen to have no node: then no kubelet has tried anything with it."""
    node = PodView(scene, pod).node_name
    return [] if node.observed and not node.value else [pod]


ITSELF = Relation("is the same object", _itself)
ITSELF_ONCE_BOUND = Relation("is the same object", _once_bound)
RUNS_ON = Relation("runs on", node_of_pod)
ON_NODE = Relation("is on", _node_itself)
OWNS = Relation("owns", pods_of)
OWNS_SETS = Relation("owns", replica_sets_of)
SELECTS = Relation("selects", pods_selected)
MOUNTS = Relation("mounts", claims_of_pod)
HOSTS = Relation("hosts", pods_on)
