"""Which class an Ingress asks for, and whether a controller can know it."""

from __future__ import annotations

import msgspec

from kwhy.facts.objects import Ingress, IngressClass, LoadBalancerStatus
from kwhy.knowledge.ingress.routes import CLASS_ANNOTATION, IS_DEFAULT, class_of
from kwhy.model.document import Locator
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.probes.kubectl import LIST_ALL, OBJECT
from kwhy.scene.scene import Scene


class Class(msgspec.Struct, frozen=True):
    """``name`` "" is no class at all. ``known`` are the classes that there are."""

    name: str
    at: Locator
    known: tuple[str, ...]
    listed: Locator


def published(scene: Scene, ingress: Subject) -> tuple[bool, Locator] | None:
    """Whether a controller wrote an address into the status; None where the status was not shown."""
    for observation in scene.observations(ingress):
        struct = observation.object
        status = struct.status.load_balancer if isinstance(struct, Ingress) else None
        if isinstance(status, LoadBalancerStatus):
            places = status.ingress if isinstance(status.ingress, list) else []
            return bool(places), observation.field_at("status.loadBalancer", f"loadBalancer: {len(places)} addresses")
        if observation.whole:
            return False, observation.field_at("status", "no load balancer")
    return None


def unknown_class(scene: Scene, ingress: Subject) -> Class | None:
    """The class that the Ingress asks for, where it is none of those that there are; None where it is, or has none"""
    if not scene.exists(ingress):
        raise NotObserved(f"{ingress}", OBJECT.of(kind="ingress", name=ingress.name, namespace=ingress.namespace))
    listing = scene.listing("IngressClass", None)
    if listing is None:
        raise NotObserved("the IngressClasses of the cluster", LIST_ALL.of(kind="ingressclasses"))
    known = tuple(subject.name for subject in scene.subjects("IngressClass"))
    asked = class_of(scene, ingress)
    if asked is not None:
        return None if asked[0] in known else Class(asked[0], asked[1], known, listing.at)
    return _no_class(scene, ingress, known, listing.at)


def _no_class(scene: Scene, ingress: Subject, known: tuple[str, ...], listed: Locator) -> Class | None:
    """An Ingress without class or annotation, where no class is the default and others are published.

    A controller may be told to serve such Ingresses too (--watch-ingress-without-class): then it publishes them.
    """
    for observation in scene.observations(ingress):
        struct = observation.object
        if not isinstance(struct, Ingress) or not observation.whole:
            continue
        annotations = struct.metadata.annotations
        if isinstance(annotations, dict) and CLASS_ANNOTATION in annotations:
            return None
        if any(_is_default(scene, name) for name in known) or not _others_are_published(scene, ingress):
            return None
        return Class("", observation.field_at("spec", "no ingressClassName"), known, listed)
    return None


def _is_default(scene: Scene, name: str) -> bool:
    for observation in scene.observations(Subject("IngressClass", name)):
        annotations = observation.object.metadata.annotations
        if isinstance(observation.object, IngressClass) and isinstance(annotations, dict):
            return annotations.get(IS_DEFAULT) == "true"
    return False


def _others_are_published(scene: Scene, ingress: Subject) -> bool:
    for other in scene.subjects("Ingress"):
        shown = published(scene, other) if other != ingress else None
        if shown is not None and shown[0]:
            return True
    return False


def evidence(class_: Class) -> tuple[Evidence, ...]:
    has = ", ".join(class_.known) or "none"
    asks = f"the Ingress asks for class {class_.name}" if class_.name else "the Ingress asks for no class"
    return Evidence(class_.at, asks), Evidence(class_.listed, f"the classes are: {has}")
