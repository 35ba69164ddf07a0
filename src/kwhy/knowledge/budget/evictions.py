"""Evictions that were refused, by the node that somebody wanted to empty."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.kubectl import EvictionRefused
from kwhy.facts.objects import ApiObject, LabelSelector, Node, PodDisruptionBudget
from kwhy.knowledge.budget.numbers import numbers_of
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import label_selector_matches, node_of_pod, pods_in, pods_on
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView, PodView

# kubectl drain node-a --ignore-daemonsets --timeout=20s
_DRAINED = expression(r"\bdrain\s+(?:--?[\w-]+(?:=\S+)?\s+){0,20}(?P<node>[a-z0-9][a-z0-9.-]{0,252})(?:\s|$)")
# Cannot evict pod as it would violate the pod's disruption budget.
# Kubernetes v1.34 pkg/registry/core/pod/storage/eviction.go checkAndDecrement
_BUDGET = "violate the pod's disruption budget"
# This pod has more than one PodDisruptionBudget, which the eviction subresource does not support. (eviction.go)
_SEVERAL = "more than one PodDisruptionBudget"
#: How a budget is called of which only the refusal is known.
UNNAMED = "of the refused pods"


class Refusal(msgspec.Struct, frozen=True):
    """A pod that could not be evicted. ``gone``: a listing shows that the pod is no longer there."""

    fact: EvictionRefused
    gone: bool

    @property
    def by_budget(self) -> bool:
        return _BUDGET in self.fact.reason

    @property
    def several_budgets(self) -> bool:
        return _SEVERAL in self.fact.reason


def _by_node(scene: Scene) -> dict[Subject, list[Refusal]]:
    index: dict[Subject, list[Refusal]] = {}
    for fact in scene.facts(EvictionRefused):
        index.setdefault(_node(scene, fact), []).append(Refusal(fact, _gone(scene, fact.pod)))
    return index


def _node(scene: Scene, fact: EvictionRefused) -> Subject:
    """The pod's node, else the node that the command drains, else an unknown one."""
    nodes = node_of_pod(scene, fact.pod)
    if nodes:
        return nodes[0]
    command = _DRAINED.search(fact.at.document.command or "")
    if command is not None:
        return Subject("Node", command["node"])
    return Subject("Node", f"the node of {fact.at.source}")


def _gone(scene: Scene, pod: Subject) -> bool:
    return scene.listing("Pod", pod.namespace) is not None and not scene.exists(pod)


def drained_nodes(scene: Scene) -> Iterable[Subject]:
    """Nodes from which evictions were refused, and cordoned ones that a drain would not get empty."""
    refused = list(scene.derive_once(_by_node))
    cordoned = scene.suspicious("Node", _open, lambda row: False)
    return [*refused, *(n for n in cordoned if n not in refused and kept_full(scene, n) is not None)]


def _open(struct: ApiObject) -> bool:
    return isinstance(struct, Node) and not struct.spec.unschedulable


def kept_full(scene: Scene, node: Subject) -> Evidence | None:
    """A budget that allows no disruption and covers pods of a node that somebody cordoned."""
    cordoned = NodeView(scene, node).unschedulable
    if not cordoned.observed or not cordoned.value:
        return None
    for pod in pods_on(scene, node):
        for budget in budgets_of(scene, pod):
            allowed = numbers_of(scene, budget)
            if allowed.allowed == 0 and allowed.at is not None:
                return Evidence(allowed.at, f"{budget} does not let {pod} on the cordoned node go")
    return None


def refusals_on(scene: Scene, node: Subject) -> list[Refusal]:
    """Refused evictions of the node's pods"""
    return scene.derive_once(_by_node).get(node, [])


def _by_namespace(scene: Scene) -> dict[str | None, list[tuple[Subject, LabelSelector | None]]]:
    """Budgets with their selectors, None where not shown."""
    index: dict[str | None, list[tuple[Subject, LabelSelector | None]]] = {}
    for budget in scene.subjects("PodDisruptionBudget"):
        shown = (
            o.object.spec.selector for o in scene.observations(budget) if isinstance(o.object, PodDisruptionBudget)
        )
        selector = next((s for s in shown if isinstance(s, LabelSelector)), None)
        index.setdefault(budget.namespace, []).append((budget, selector))
    return index


def budgets_of(scene: Scene, pod: Subject) -> list[Subject]:
    """The budgets that cover a pod; every budget of its namespace where labels or selectors were not shown."""
    labels = PodView(scene, pod).labels
    found = []
    for budget, selector in scene.derive_once(_by_namespace).get(pod.namespace, ()):
        if selector is None or not labels.observed or label_selector_matches(selector, labels.value):
            found.append(budget)
    return found


def _budgets(scene: Scene, node: Subject) -> Iterable[Subject]:
    for refusal in refusals_on(scene, node):
        if refusal.by_budget and not refusal.gone:
            pod = refusal.fact.pod
            yield from budgets_of(scene, pod) or [Subject("PodDisruptionBudget", UNNAMED, pod.namespace)]


def _overlapping(scene: Scene, node: Subject) -> Iterable[Subject]:
    for refusal in refusals_on(scene, node):
        if refusal.several_budgets and not refusal.gone:
            yield from budgets_of(scene, refusal.fact.pod)[:1]


def pods_covered(scene: Scene, budget: Subject) -> list[Subject]:
    """The pods that a budget covers"""
    return [p for p in pods_in(scene, budget.namespace) if budget in budgets_of(scene, p)]


KEPT_BY_BUDGET = Relation("is kept from being emptied by", _budgets)
KEPT_BY_SEVERAL = Relation("holds pods of several budgets such as", _overlapping)
COVERS = Relation("covers", pods_covered)
