"""Services that somebody on a node calls in vain, and what stands behind them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from kwhy.facts.objects import Endpoints
from kwhy.knowledge.net.connections import connections_of
from kwhy.knowledge.proxy.rules_missing import CalledAddress, called_addresses
from kwhy.knowledge.service.consumers import service_at
from kwhy.knowledge.service.endpoints import slices_by_service
from kwhy.model.document import Locator
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

#: Written by the endpoint slice controller (k8s.io/api v0.34 core/v1 annotation_key_constants.go).
_CHANGED = "endpoints.kubernetes.io/last-change-trigger-time"


class Behind(msgspec.Struct, frozen=True):
    """All addresses behind a Service, ready or not. ``changed``: when they last changed, where that is noted."""

    addresses: frozenset[str]
    at: Locator
    changed: float | None


def _node(scene: Scene, connection: Subject) -> Iterable[Subject]:
    """The node that a connection to a Service's address starts from."""
    address = connection.name.rpartition(":")[0]
    if connection.node is not None and service_at(scene, address) is not None:
        yield Subject("Node", connection.node)


STARTS_AT = Relation("is translated by", _node)


def failing_services(scene: Scene, node: Subject) -> list[CalledAddress]:
    """The Services that pods on the node, or the node itself, call in vain"""
    found = {each.address: each for each in scene.derive(called_addresses, node)}
    for attempts in scene.derive(connections_of, node).values():
        service = service_at(scene, attempts.address)
        if service is not None and attempts.failed:
            found.setdefault(attempts.address, CalledAddress(service, attempts.address, attempts.failed[-1].at))
    return list(found.values())


def behind(scene: Scene, service: Subject) -> Behind | None:
    """The endpoints of the Service; None where the evidence does not show them all."""
    pieces = scene.derive_once(slices_by_service).get((service.namespace or "", service.name), [])
    if pieces and scene.listing("EndpointSlice", service.namespace) is not None:
        addresses: set[str] = set()
        times: list[float] = []
        for piece, _ in pieces:
            if not isinstance(piece.endpoints, list) and piece.endpoints is not None:
                return None
            for endpoint in piece.endpoints or ():
                addresses.update(endpoint.addresses or ())
            noted = piece.metadata.annotations
            changed = _time(noted.get(_CHANGED)) if isinstance(noted, dict) else None
            times += [changed] if changed is not None else []
        at = scene.observations(pieces[0][1])[0].field_at("endpoints", ", ".join(sorted(addresses)))
        return Behind(frozenset(addresses), at, max(times) if len(times) == len(pieces) else None)
    for observation in scene.observations(Subject("Endpoints", service.name, service.namespace)):
        struct = observation.object
        if isinstance(struct, Endpoints) and isinstance(struct.subsets, list):
            known = frozenset(
                each.ip
                for subset in struct.subsets
                for each in (*(subset.addresses or ()), *(subset.not_ready_addresses or ()))
                if each.ip
            )
            return Behind(known, observation.field_at("subsets", ", ".join(sorted(known))), None)
    return None


def _time(text: str | None) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp() if text else None
    except ValueError:
        return None
