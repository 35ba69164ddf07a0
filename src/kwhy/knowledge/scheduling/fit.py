"""The scheduler's predicates, recomputed for one pod and every node that was shown.

Sources: Kubernetes v1.34 pkg/scheduler/framework/plugins (nodeunschedulable, tainttoleration, nodeaffinity, nodeports,
noderesources/fit.go, interpodaffinity, volumebinding); k8s.io/component-helpers scheduling/corev1.
Topology spread and volume limits are not recomputed: for them the scheduler's words count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache

from msgspec import UNSET

from kwhy.facts.kubectl import NodeAllocation
from kwhy.facts.objects import (
    Container,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    Pod,
    PodAffinityTerm,
    Quantity,
    Taint,
    Toleration,
)
from kwhy.knowledge.scheduling.obstacles import (
    CONDITION_TAINTS,
    CONTROL_PLANE_TAINTS,
    CORDON_TAINT,
    Kind,
    NodeFit,
    Obstacle,
)
from kwhy.model.document import Locator
from kwhy.model.quantity import in_words, parse_quantity
from kwhy.model.subject import Subject
from kwhy.scene.relations import label_selector_matches, pods_in, structs_on
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

_BLOCKING_EFFECTS = ("NoSchedule", "NoExecute")


def whole_pod(scene: Scene, pod: Subject) -> Pod | None:
    """The pod as an object that was shown whole; None where only partial views exist."""
    shown = shown_pod(scene, pod)
    return shown[0] if shown is not None and shown[1] else None


def shown_pod(scene: Scene, pod: Subject) -> tuple[Pod, bool] | None:
    """The view of the pod that shows its containers best, and whether it is whole (a describe is not)."""
    views = [o for o in scene.observations(pod) if isinstance(o.object, Pod)]
    best = next((o for o in views if o.whole), None) or next(
        (o for o in views if isinstance(o.object, Pod) and isinstance(o.object.spec.containers, list)), None
    )
    if best is None or not isinstance(best.object, Pod):
        return None
    return best.object, best.whole


def fit(scene: Scene, pod: Pod, whole: bool, node: Subject) -> NodeFit:
    """Every obstacle between the pod and the node, and the predicates that could not be computed.

    Where the pod was not shown ``whole``, what a describe does not print (affinity) is unknown, not absent.
    """
    view = NodeView(scene, node)
    obstacles: list[Obstacle] = []
    unknown: list[str] = []
    if not whole:
        unknown.append("the pod's affinity rules")
        for what, value in (("tolerations", pod.spec.tolerations), ("node selector", pod.spec.node_selector)):
            if value is UNSET:
                unknown.append(f"the pod's {what}")
    for check in (_cordon, _taints, _selector, _resources, _ports, _anti_affinity):
        check(scene, pod, view, obstacles, unknown)
    return NodeFit(node, tuple(obstacles), tuple(unknown))


def tolerates(tolerations: Iterable[Toleration], taint: Taint) -> bool:
    """Toleration.ToleratesTaint (k8s.io/api v0.34 core/v1 toleration.go)."""
    for toleration in tolerations:
        if toleration.effect and toleration.effect != taint.effect:
            continue
        if toleration.key and toleration.key != taint.key:
            continue
        if toleration.operator == "Exists" or (
            toleration.operator in ("", "Equal") and toleration.key and toleration.value == taint.value
        ):
            return True
    return False


def _tolerations(pod: Pod) -> list[Toleration]:
    return pod.spec.tolerations if isinstance(pod.spec.tolerations, list) else []


def _cordon(scene: Scene, pod: Pod, node: NodeView, obstacles: list[Obstacle], unknown: list[str]) -> None:
    cordoned = node.unschedulable
    if not cordoned.observed:
        unknown.append(f"whether {node.name} is cordoned")
    elif cordoned.value and not tolerates(_tolerations(pod), Taint(CORDON_TAINT, "", "NoSchedule")):
        obstacles.append(Obstacle(Kind.CORDONED, "is cordoned (spec.unschedulable is true)", cordoned.place))


def _taints(scene: Scene, pod: Pod, node: NodeView, obstacles: list[Obstacle], unknown: list[str]) -> None:
    taints = node.taints
    if not taints.observed:
        unknown.append(f"the taints of {node.name}")
        return
    if "the pod's tolerations" in unknown:
        return
    for index, taint in enumerate(taints.value):
        if taint.effect not in _BLOCKING_EFFECTS or taint.key == CORDON_TAINT:
            continue
        if tolerates(_tolerations(pod), taint):
            continue
        written = taint_text(taint)
        place = taints.place.quoting(written, f"[{index}]")
        kind = Kind.CONDITION_TAINT if taint.key in CONDITION_TAINTS else Kind.TAINT
        by_design = taint.key in CONTROL_PLANE_TAINTS
        says = f"has taint {written}, which the pod does not tolerate"
        obstacles.append(Obstacle(kind, says, place, taint.key, by_design=by_design, taint=taint))


def taint_text(taint: Taint) -> str:
    """key=value:Effect, as kubectl writes it."""
    return f"{taint.key}={taint.value}:{taint.effect}" if taint.value else f"{taint.key}:{taint.effect}"


def _selector(scene: Scene, pod: Pod, node: NodeView, obstacles: list[Obstacle], unknown: list[str]) -> None:
    wanted = pod.spec.node_selector if isinstance(pod.spec.node_selector, dict) else {}
    terms = required_terms(pod)
    if not wanted and terms is None:
        return
    labels = node.labels
    if not labels.observed:
        unknown.append(f"the labels of {node.name}")
        return
    for key, value in wanted.items():
        have = labels.value.get(key)
        if have != value:
            says = f"has {key}={have}" if have is not None else f"has no label {key}"
            place = _label_at(labels.place, f"{key}: {have}" if have is not None else "")
            obstacles.append(Obstacle(Kind.SELECTOR, f"{says}, not {key}={value}", place, key))
    if terms is not None and not any(_term_matches(term, labels.value, node.name) for term in terms):
        obstacles.append(Obstacle(Kind.SELECTOR, "matches no required node affinity term", labels.place))


def selector_refuses(pod: Pod, labels: Mapping[str, str] | None, name: str) -> bool:
    """Whether nodeSelector or required node affinity excludes a node with these labels; False where none were shown."""
    if labels is None:
        return False
    wanted = pod.spec.node_selector if isinstance(pod.spec.node_selector, dict) else {}
    terms = required_terms(pod)
    return any(labels.get(key) != value for key, value in wanted.items()) or (
        terms is not None and not any(_term_matches(term, labels, name) for term in terms)
    )


def _label_at(labels: Locator, excerpt: str) -> Locator:
    """The place of the labels, with the one that matters."""
    return labels.document.at(labels.line, labels.path, excerpt or labels.excerpt)


def required_terms(pod: Pod) -> list[NodeSelectorTerm] | None:
    """The terms of required node affinity, of which one must match; None where none is required."""
    affinity = getattr(pod.spec.affinity, "node_affinity", None)
    required = getattr(affinity, "required", None)
    return (required.node_selector_terms or []) if required is not None else None


def _term_matches(term: NodeSelectorTerm, labels: Mapping[str, str], name: str) -> bool:
    """All requirements of a term; an empty term matches nothing (component-helpers nodeaffinity)."""
    if not term.match_expressions and not term.match_fields:
        return False
    fields = {"metadata.name": name}
    return all(requirement_holds(r, labels) for r in term.match_expressions or ()) and all(
        requirement_holds(r, fields) for r in term.match_fields or ()
    )


def requirement_holds(requirement: NodeSelectorRequirement, labels: Mapping[str, str]) -> bool:
    """labels.Requirement.Matches for the operators of node selectors."""
    value, values = labels.get(requirement.key), requirement.values or []
    match requirement.operator:
        case "In":
            return value in values
        case "NotIn":
            return value is None or value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" if value is not None and value.lstrip("-").isdigit() and values[0].lstrip("-").isdigit():
            larger = int(value) > int(values[0])
            return larger if requirement.operator == "Gt" else int(value) < int(values[0])
    return False


def requests_of(pod: Pod) -> Mapping[str, Decimal]:
    """What the scheduler reserves: the sum over containers and sidecars, or the largest init step, plus overhead.

    Source: k8s.io/component-helpers v0.34 resource/helpers.go (PodRequests).
    """
    spec = pod.spec
    containers = spec.containers if isinstance(spec.containers, list) else []
    if len(containers) == 1 and not spec.init_containers and not spec.overhead:
        return _requests(containers[0])
    total: dict[str, Decimal] = {}
    for container in containers:
        _add(total, _requests(container))
    sidecars: dict[str, Decimal] = {}
    largest: dict[str, Decimal] = {}
    for container in spec.init_containers if isinstance(spec.init_containers, list) else []:
        step = dict(sidecars)
        _add(step, _requests(container))
        if container.restart_policy == "Always":
            sidecars = step
        for resource, amount in step.items():
            largest[resource] = max(largest.get(resource, Decimal(0)), amount)
    _add(total, sidecars)
    for resource, amount in largest.items():
        total[resource] = max(total.get(resource, Decimal(0)), amount)
    _add(total, amounts_of(spec.overhead))
    return total


def _requests(container: Container) -> Mapping[str, Decimal]:
    return amounts_of(getattr(container.resources, "requests", None))


def amounts_of(quantities: object) -> Mapping[str, Decimal]:
    """The quantities that are numbers."""
    return _amounts(tuple(quantities.items())) if isinstance(quantities, dict) else {}


@lru_cache(maxsize=4096)
def _amounts(quantities: tuple[tuple[str, Quantity], ...]) -> Mapping[str, Decimal]:
    """Pods of one workload ask for the same, and nodes of one type offer the same."""
    amounts = ((resource, parse_quantity(written)) for resource, written in quantities)
    return {resource: amount for resource, amount in amounts if amount is not None}


def _add(total: dict[str, Decimal], more: Mapping[str, Decimal]) -> None:
    for resource, amount in more.items():
        total[resource] = total.get(resource, Decimal(0)) + amount


def _resources(scene: Scene, pod: Pod, node: NodeView, obstacles: list[Obstacle], unknown: list[str]) -> None:
    allocatable = node.allocatable
    if not allocatable.observed:
        unknown.append(f"the allocatable resources of {node.name}")
        return
    used = scene.derive(used_on, node.subject)
    for resource, wanted in requests_of(pod).items():
        if not wanted:
            continue
        offered = _offered(allocatable.value, resource)
        place = allocatable.place.quoting(f"{resource}: {allocatable.value.get(resource, 0)}")
        if wanted > offered:
            says = (
                f"offers {in_words(resource, offered)} {resource} in all, the pod asks for {in_words(resource, wanted)}"
            )
            obstacles.append(Obstacle(Kind.RESOURCES, says, place, resource, beyond=True))
        elif used is None:
            unknown.append(f"how much {resource} is free on {node.name}")
        elif wanted > offered - used.get(resource, Decimal(0)):
            free = max(offered - used.get(resource, Decimal(0)), Decimal(0))
            says = (
                f"has {in_words(resource, free)} of {in_words(resource, offered)} {resource} free, "
                f"the pod asks for {in_words(resource, wanted)}"
            )
            obstacles.append(Obstacle(Kind.RESOURCES, says, place, resource))
    room = _offered(allocatable.value, "pods")
    if used is not None and room and used.get("pods", Decimal(0)) + 1 > room:
        says = f"runs {used['pods']} pods, its limit is {room}"
        obstacles.append(Obstacle(Kind.RESOURCES, says, allocatable.place, "pods"))


def _offered(allocatable: dict[str, Quantity], resource: str) -> Decimal:
    return parse_quantity(allocatable.get(resource, 0)) or Decimal(0)


def used_on(scene: Scene, node: Subject) -> Mapping[str, Decimal] | None:
    """Requests of the pods bound to a node: summed where every pod was shown whole, else as kubectl prints the sum."""
    return _summed(scene, node) or scene.derive_once(_printed_sums).get(node.name)


def _printed_sums(scene: Scene) -> dict[str, Mapping[str, Decimal]]:
    """ "Allocated resources" of kubectl describe node, by node."""
    sums: dict[str, Mapping[str, Decimal]] = {}
    for allocation in scene.facts(NodeAllocation):
        total = amounts_of({resource: share.amount for resource, share in allocation.requests.items()})
        pods = {} if allocation.total is None else {"pods": Decimal(allocation.total)}
        sums.setdefault(allocation.node, {**total, **pods})
    return sums


def _summed(scene: Scene, node: Subject) -> Mapping[str, Decimal] | None:
    """None where not every pod of the cluster was shown whole."""
    if scene.listing("Pod", None) is None:
        return None
    count, total = 0, dict[str, Decimal]()
    known = scene.derive_once(_requests_by_resources)
    for subject, struct in structs_on(scene, node):
        bound = struct or whole_pod(scene, subject)
        if bound is None:
            return None
        if bound.status.phase in ("Succeeded", "Failed"):
            continue
        count += 1
        spec = bound.spec
        if isinstance(spec.containers, list) and len(spec.containers) == 1 and not spec.init_containers:
            key = id(spec.containers[0].resources)
            requests = known.get(key) if not spec.overhead else None
            if requests is None:
                requests = requests_of(bound)
                if not spec.overhead:
                    known[key] = requests
        else:
            requests = requests_of(bound)
        _add(total, requests)
    return {**total, "pods": Decimal(count)}


def _requests_by_resources(scene: Scene) -> dict[int, Mapping[str, Decimal]]:
    """By the identity of the resources of an only container, which neighbouring pods share. Filled as nodes ask."""
    return {}


def host_ports(pod: Pod) -> set[tuple[int, str]]:
    """The ports of the node, with their protocols, that the pod takes."""
    containers = pod.spec.containers if isinstance(pod.spec.containers, list) else []
    return {
        (port.host_port, port.protocol)
        for container in containers
        for port in (container.ports if isinstance(container.ports, list) else [])
        if port.host_port
    }


def ports_on(scene: Scene, node: Subject) -> dict[tuple[int, str], Subject]:
    """The host ports that are taken on a node, and the pods that have them."""
    return scene.derive(_ports_on, node)


def _ports_on(scene: Scene, node: Subject) -> dict[tuple[int, str], Subject]:
    taken: dict[tuple[int, str], Subject] = {}
    for subject, struct in structs_on(scene, node):
        bound = struct or whole_pod(scene, subject)
        if bound is not None and bound.status.phase not in ("Succeeded", "Failed"):
            for port in host_ports(bound):
                taken.setdefault(port, subject)
    return taken


def _ports(scene: Scene, pod: Pod, node: NodeView, obstacles: list[Obstacle], unknown: list[str]) -> None:
    wanted = host_ports(pod)
    if not wanted:
        return
    taken = ports_on(scene, node.subject)
    for port, protocol in sorted(wanted & taken.keys()):
        subject = taken[port, protocol]
        says = f"has host port {port}/{protocol} taken by {subject}"
        obstacles.append(Obstacle(Kind.PORTS, says, scene.observations(subject)[0].at, f"{port}/{protocol}"))


def anti_affinity_terms(pod: Pod) -> list[PodAffinityTerm]:
    """The pods that this one refuses to join."""
    return getattr(getattr(pod.spec.affinity, "pod_anti_affinity", None), "required", None) or []


def _anti_affinity(scene: Scene, pod: Pod, node: NodeView, obstacles: list[Obstacle], unknown: list[str]) -> None:
    """Required anti-affinity of the pod against pods in the node's topology domain."""
    terms = anti_affinity_terms(pod)
    if not terms:
        return
    labels = node.labels
    if not labels.observed:
        unknown.append(f"the labels of {node.name}")
        return
    for term in terms:
        domain = labels.value.get(term.topology_key)
        for other in joined_domains(scene, pod, term).get(domain, ()) if domain is not None else ():
            says = f"runs {other} in the same {term.topology_key}, which the pod refuses to join"
            obstacles.append(Obstacle(Kind.POD_ANTI_AFFINITY, says, scene.observations(other)[0].at, str(other)))


def joined_domains(scene: Scene, pod: Pod, term: PodAffinityTerm) -> dict[str, list[Subject]]:
    """The domains of the term's topology key in which selected pods run, and those pods."""
    domains: dict[str, list[Subject]] = {}
    for namespace in term.namespaces or [pod.metadata.namespace]:
        for other in pods_in(scene, namespace):
            bound = whole_pod(scene, other)
            if bound is None or bound.status.phase in ("Succeeded", "Failed") or not _selected(term, pod, bound):
                continue
            name = bound.spec.node_name
            labels = NodeView(scene, Subject("Node", name)).labels if isinstance(name, str) and name else None
            domain = labels.value.get(term.topology_key) if labels is not None and labels.observed else None
            if domain is not None:
                domains.setdefault(domain, []).append(other)
    return domains


def _selected(term: PodAffinityTerm, pod: Pod, other: Pod) -> bool:
    namespaces = term.namespaces or [pod.metadata.namespace]
    labels = other.metadata.labels if isinstance(other.metadata.labels, dict) else {}
    return (
        other.metadata.namespace in namespaces
        and term.namespace_selector is None
        and term.label_selector is not None
        and label_selector_matches(term.label_selector, labels)
    )
