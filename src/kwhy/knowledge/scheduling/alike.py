"""Nodes that are alike for one pod: the same obstacles keep it off them, so that a few stand for thousands.

A cluster of 5 000 nodes has a handful of different ones as far as one pod is concerned: by taints, cordon, size, the
labels that the pod asks for; and, where its selector matches, by what is free there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

import msgspec

from kwhy.facts.objects import Pod
from kwhy.knowledge.scheduling.fit import (
    amounts_of,
    anti_affinity_terms,
    host_ports,
    joined_domains,
    ports_on,
    requests_of,
    required_terms,
    selector_refuses,
    used_on,
)
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

#: What a pod asks of labels and names: the label keys, and the node names that match fields hold.
_Asked: TypeAlias = tuple[tuple[str, ...], frozenset[str]]


class Traits(msgspec.Struct, frozen=True):
    """One node as the predicates see it. ``look`` numbers what does not depend on the pod: taints, cordon, size.

    ``labels`` is None where they were not shown.
    """

    node: Subject
    look: int
    labels: Mapping[str, str] | None
    offered: Mapping[str, Decimal]


def alike(scene: Scene, pod: Pod) -> list[list[Subject]]:
    """Every node that was shown, grouped by what it is for the pod; those that its selector excludes last."""
    ports = host_ports(pod)
    refused = [(term.topology_key, joined_domains(scene, pod, term)) for term in anti_affinity_terms(pod)]
    groups: list[list[Traits]] = []
    refusing: dict[int, list[Traits]] = defaultdict(list)
    for same in _by_labels(scene, _asked(pod)):
        if selector_refuses(pod, same[0].labels, same[0].node.name):
            refusing[same[0].look] += same  # whatever the values are that the pod does not want
            continue
        for equal in _by_room(scene, same, requests_of(pod)):
            groups.extend(_by_company(scene, equal, ports, refused) if ports or refused else [equal])
    return [[traits.node for traits in group] for group in (*groups, *refusing.values())]


def _by_room(scene: Scene, nodes: list[Traits], requests: Mapping[str, Decimal]) -> Iterable[list[Traits]]:
    """Nodes of equal labels and look in groups of the resources of which too little is free. Many pods ask alike."""
    wanted = tuple((resource, amount) for resource, amount in requests.items() if amount)
    known = scene.derive_once(_groups_by_room)
    key = (id(nodes), wanted)
    if key not in known:
        groups: dict[object, list[Traits]] = defaultdict(list)
        for traits in nodes:
            groups[_short(scene.derive(used_on, traits.node), traits.offered, wanted)].append(traits)
        known[key] = list(groups.values())
    return known[key]


def _short(
    used: Mapping[str, Decimal] | None, offered: Mapping[str, Decimal], wanted: Iterable[tuple[str, Decimal]]
) -> tuple[str, ...] | None:
    """The resources of which less is free than wanted; None where it is not known what is free."""
    if used is None:
        return None
    none = Decimal(0)
    short = [key for key, amount in wanted if amount > offered.get(key, none) - used.get(key, none)]
    room = offered.get("pods", none)
    if room and used.get("pods", none) + 1 > room:
        short.append("pods")
    return tuple(short)


def _by_company(
    scene: Scene, nodes: list[Traits], ports: set[tuple[int, str]], refused: list[tuple[str, dict[str, list[Subject]]]]
) -> Iterable[list[Traits]]:
    """Nodes in groups by whether host ports are taken, and whether pods that this one refuses to join run there."""
    groups: dict[object, list[Traits]] = defaultdict(list)
    for traits in nodes:
        labels = traits.labels or {}
        taken = bool(ports) and not ports.isdisjoint(ports_on(scene, traits.node))
        groups[taken, tuple([labels.get(key) in domains for key, domains in refused])].append(traits)
    return groups.values()


def _asked(pod: Pod) -> _Asked:
    keys = dict.fromkeys(pod.spec.node_selector if isinstance(pod.spec.node_selector, dict) else ())
    names: set[str] = set()
    for term in required_terms(pod) or ():
        keys.update(dict.fromkeys(requirement.key for requirement in term.match_expressions or ()))
        names.update(value for requirement in term.match_fields or () for value in requirement.values or ())
    return tuple(keys), frozenset(names)


def _by_labels(scene: Scene, asked: _Asked) -> list[list[Traits]]:
    """The nodes in groups of one look and the same values of the labels asked for. Many pods ask for the same."""
    known = scene.derive_once(_groups_by_asked)
    if asked not in known:
        keys, names = asked
        groups: dict[object, list[Traits]] = defaultdict(list)
        for traits in scene.derive_once(node_traits):
            labels = traits.labels
            values = None if labels is None else tuple([labels.get(key) for key in keys])
            name = traits.node.name if traits.node.name in names else None
            groups[traits.look, values, name].append(traits)
        known[asked] = list(groups.values())
    return known[asked]


def _groups_by_asked(scene: Scene) -> dict[_Asked, list[list[Traits]]]:
    """Filled as pods ask."""
    return {}


def _groups_by_room(scene: Scene) -> dict[tuple[int, tuple[tuple[str, Decimal], ...]], list[list[Traits]]]:
    """Filled as pods ask. The lists of nodes, whose identity is part of the key, live as long as the scene."""
    return {}


def node_traits(scene: Scene) -> list[Traits]:
    """Every node that was shown."""
    looks: dict[object, int] = {}
    found = []
    for node in scene.subjects("Node"):
        view = NodeView(scene, node)
        taints, cordon, size = view.taints, view.unschedulable, view.allocatable
        look = (
            tuple((t.key, t.value, t.effect) for t in taints.value) if taints.observed else None,
            cordon.value if cordon.observed else None,
            tuple(size.value.items()) if size.observed else None,
        )
        labels = view.labels
        found.append(
            Traits(
                node,
                looks.setdefault(look, len(looks)),
                labels.value if labels.observed else None,
                amounts_of(size.value if size.observed else None),
            )
        )
    return found
