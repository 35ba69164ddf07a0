"""What differs between two pod templates, and which templates a workload has had: "which revision, what changed".

Values of environment variables are compared and never said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from kwhy.facts.objects import (
    Container,
    EnvVar,
    PodSpec,
    PodTemplate,
    Quantity,
    ResourceRequirements,
)
from kwhy.model.document import Locator
from kwhy.model.quantity import parse_quantity
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import replica_sets_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import View, WorkloadView

T = TypeVar("T")

#: The annotation in which the Deployment controller numbers its ReplicaSets (Kubernetes v1.34
#: pkg/controller/deployment/util/deployment_util.go RevisionAnnotation).
REVISION = "deployment.kubernetes.io/revision"
_PROBES = ("liveness_probe", "readiness_probe", "startup_probe")


class Change(msgspec.Struct, frozen=True):
    """``field`` is what changed ("image", "env PORT"), ``words`` how ("image a → b"), ``path`` where it stands."""

    field: str
    words: str
    path: str

    @property
    def kind(self) -> str:
        """ "env" for "env READY_AFTER"."""
        return self.field.partition(" ")[0]


def changes(old: PodSpec, new: PodSpec) -> tuple[Change, ...]:
    """What the new template states otherwise than the old one (or a pod made from it).

    Only what both show is compared; what admission adds to pods (volumes, tolerations, variables) is no change.
    """
    found: list[Change] = []
    for field, attribute in (("containers", "containers"), ("initContainers", "init_containers")):
        before, after = _listed(getattr(old, attribute)), _listed(getattr(new, attribute))
        if before is None or after is None:
            continue
        known = {container.name: container for container in before}
        for index, container in enumerate(after):
            path = f"spec.template.spec.{field}[{index}]"
            if container.name in known:
                found += _in_container(known[container.name], container, path, alone=len(after) == 1)
            else:
                found.append(Change("containers", f"container {container.name} added", path))
    if isinstance(old.service_account_name, str) and isinstance(new.service_account_name, str):
        found += _plain("serviceAccount", old.service_account_name, new.service_account_name, "spec.template.spec")
    return tuple(found)


def template_changes(old: PodSpec, new: PodSpec) -> tuple[Change, ...]:
    """What differs between two templates of one workload, what is gone included."""
    found = list(changes(old, new))
    known = {container.name: container for container in _listed(new.containers) or ()}
    for index, container in enumerate(_listed(old.containers) or ()):
        if container.name not in known:
            found.append(Change("containers", f"container {container.name} removed", "spec.template.spec.containers"))
            continue
        kept = known[container.name].env
        left = {variable.name for variable in kept} if isinstance(kept, list) else set()
        for variable in container.env if isinstance(container.env, list) else ():
            if variable.name not in left:
                path = f"spec.template.spec.containers[{index}]"
                found.append(Change(f"env {variable.name}", f"env {variable.name} removed", path))
    for name, attribute in (("volumes", "volumes"), ("nodeSelector", "node_selector"), ("affinity", "affinity")):
        before, after = getattr(old, attribute), getattr(new, attribute)
        if (before or None) != (after or None):
            found.append(Change(name, f"{name} changed", f"spec.template.spec.{name}"))
    return tuple(found)


def _listed(value: object) -> list[Container] | None:
    return value if isinstance(value, list) else None


def _in_container(old: Container, new: Container, path: str, *, alone: bool) -> Iterator[Change]:
    suffix = "" if alone else f" of {new.name}"
    if isinstance(old.image, str) and isinstance(new.image, str) and old.image != new.image:
        yield Change("image", f"image{suffix} {old.image} → {new.image}", f"{path}.image")
    for field in ("command", "args"):
        before, after = getattr(old, field), getattr(new, field)
        if isinstance(before, list) and isinstance(after, list) and before != after:
            yield Change(field, f"{field}{suffix} changed", f"{path}.{field}")
    yield from _in_env(old.env, new.env, path, suffix)
    for name, attribute in (("limits", "limits"), ("requests", "requests")):
        yield from _in_resources(name, old.resources, new.resources, attribute, path, suffix)
    for attribute in _PROBES:
        before, after = getattr(old, attribute), getattr(new, attribute)
        if isinstance(before, msgspec.Struct) and isinstance(after, msgspec.Struct) and before != after:
            name = attribute.removesuffix("_probe")
            yield Change(f"{name}Probe", f"{name} probe{suffix} changed", f"{path}.{name}Probe")


def _in_env(old: object, new: object, path: str, suffix: str) -> Iterator[Change]:
    if not isinstance(new, list) or not isinstance(old, list):
        if isinstance(new, list) and new and not isinstance(old, list):
            names = ", ".join(variable.name for variable in new[:4])
            yield Change(f"env {names}", f"env {names}{suffix} added", f"{path}.env")
        return
    before: dict[str, EnvVar] = {variable.name: variable for variable in old}
    for variable in new:
        if variable.name not in before:
            yield Change(f"env {variable.name}", f"env {variable.name}{suffix} added", f"{path}.env")
        elif before[variable.name] != variable:
            yield Change(f"env {variable.name}", f"env {variable.name}{suffix} changed", f"{path}.env")


def _in_resources(name: str, old: object, new: object, attribute: str, path: str, suffix: str) -> Iterator[Change]:
    before = getattr(old, attribute) if isinstance(old, ResourceRequirements) else None
    after = getattr(new, attribute) if isinstance(new, ResourceRequirements) else None
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    for resource, amount in after.items():
        if resource in before and not _same(before[resource], amount):
            words = f"{name}.{resource}{suffix} {before[resource]} → {amount}"
            yield Change(f"{name}.{resource}", words, f"{path}.resources.{name}")


def _same(one: Quantity, other: Quantity) -> bool:
    return one == other or (parse_quantity(one) is not None and parse_quantity(one) == parse_quantity(other))


def _plain(name: str, old: str, new: str, path: str) -> Iterator[Change]:
    if old != new:
        yield Change(name, f"{name} {old} → {new}", f"{path}.{name}Name")


class Revision(msgspec.Struct, frozen=True):
    """A template that a Deployment has had: its ReplicaSet, its number, since when, and how its pods do."""

    number: int
    replica_set: Subject
    template: PodSpec
    created: str
    wanted: int | None
    ready: int | None
    at: Locator


def revisions(scene: Scene, deployment: Subject) -> tuple[Revision, ...]:
    """The Deployment's revisions, the newest first, as its ReplicaSets show them"""
    found = []
    for replica_set in replica_sets_of(scene, deployment):
        view = WorkloadView(scene, replica_set)
        template = template_of(view)
        number = _number(view)
        if template is None or number is None:
            continue
        created = view.seen("metadata.creationTimestamp", lambda o: o.metadata.creation_timestamp, "")
        wanted, ready = view.replicas, view.ready
        found.append(
            Revision(
                number,
                replica_set,
                template[0],
                created.value if created.observed else "",
                wanted.value if wanted.observed else None,
                ready.value if ready.observed else None,
                template[1],
            )
        )
    return tuple(sorted(found, key=lambda revision: -revision.number))


def _number(view: WorkloadView) -> int | None:
    for observation in view.observations:
        annotations = observation.object.metadata.annotations
        text = (
            annotations.get(REVISION, "")
            if isinstance(annotations, dict)
            else (observation.printed or {}).get(REVISION, "")
        )
        if text.isdecimal():
            return int(text)
    return None


def template_of(view: View) -> tuple[PodSpec, Locator] | None:  # type: ignore[type-arg]  # any workload
    """The pod template of a workload as far as it was shown, and where it stands."""
    for observation in view.observations:
        template = getattr(getattr(observation.object, "spec", None), "template", None)
        if isinstance(template, PodTemplate) and isinstance(template.spec.containers, list):
            images = ", ".join(str(c.image) for c in template.spec.containers if isinstance(c.image, str))
            return template.spec, observation.field_at("spec.template", f"image: {images}")
    return None


def last_change(scene: Scene, deployment: Subject) -> Evidence | None:
    """What the Deployment's newest revision changed: "since revision 3, 12:01: image a → b" """
    known = revisions(scene, deployment)
    if len(known) < 2:
        return None
    new, old = known[0], known[1]
    differ = template_changes(old.template, new.template)
    if not differ:
        return None
    words = "; ".join(change.words for change in differ[:4])
    since = f", {new.created}" if new.created else ""
    return Evidence(new.at.quoting(words), f"since revision {new.number}{since}: {words}")
