"""What a Service's selector finds: pods, workloads without pods, and what it misses by little."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kwhy.facts.objects import DaemonSet, Deployment, ReplicaSet, StatefulSet
from kwhy.model.document import Locator
from kwhy.model.probe import ProbeCall
from kwhy.model.subject import Subject
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import owner_of, pods_in, selects
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, ServiceView, View, WorkloadView

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
#: Values shorter than this have too many neighbours at one edit's distance ("api" and "app").
_SHORTEST = 4


class Labelled(msgspec.Struct, frozen=True):
    """A pod, or a workload by its template. ``replicas`` is what a workload asks for, None where not shown."""

    subject: Subject
    labels: Mapping[str, str]
    at: Locator
    replicas: int | None = None
    replicas_at: Locator | None = None


class NearMiss(msgspec.Struct, frozen=True):
    """A workload that the selector misses by one pair: what is asked for, and what it has."""

    owner: Subject
    asked: str
    has: str
    at: Locator


class Backend(msgspec.Struct, frozen=True):
    """``pods_known``: every pod of the namespace was shown with its labels; ``workloads_known``: every workload too."""

    selector: Mapping[str, str]
    selector_at: Locator
    pods: tuple[Labelled, ...]
    workloads: tuple[Labelled, ...]
    near: tuple[NearMiss, ...]
    pods_known: Locator | None
    workloads_known: bool
    gaps: tuple[ProbeCall, ...]

    @property
    def asked(self) -> str:
        return ", ".join(f"{key}={value}" for key, value in self.selector.items())

    @property
    def nothing(self) -> bool:
        """Neither a pod nor a workload matches, and all of them were shown."""
        return not self.pods and not self.workloads and self.pods_known is not None and self.workloads_known


def backend(scene: Scene, service: Subject) -> Backend:
    """The Service's selector, and the labels of the pods and workloads of its namespace"""
    seen = ServiceView(scene, service).selector
    selector = seen.value
    pods, unlabelled = _pods(scene, service.namespace)
    workloads = scene.derive(_workloads, Subject("Namespace", service.namespace or ""))
    listing = scene.listing("Pod", service.namespace)
    gaps = []
    if listing is None or unlabelled:
        gaps.append(LIST.of(kind="pods", namespace=service.namespace))
    listed = all(scene.listing(kind, service.namespace) is not None for kind in WORKLOADS)
    labelled = {w.subject for w in workloads} >= {
        s for kind in WORKLOADS for s in scene.subjects_in(kind, service.namespace)
    }
    if not (listed and labelled):
        gaps.append(LIST.of(kind="deployments,statefulsets,daemonsets", namespace=service.namespace))
    matching = tuple(pod for pod in pods if selector and selects(selector, dict(pod.labels)))
    wanted = tuple(w for w in workloads if selector and selects(selector, dict(w.labels)))
    return Backend(
        selector,
        seen.place.document.at(seen.place.line, seen.place.path, f"Selector: {_written(selector)}"),
        matching,
        wanted,
        () if matching or wanted else _near(scene, service, selector, [*pods, *workloads]),
        listing.at if listing is not None and not unlabelled else None,
        listed and labelled,
        tuple(gaps),
    )


def _pods(scene: Scene, namespace: str | None) -> tuple[list[Labelled], bool]:
    """The pods of the namespace by their labels, and whether some pod's labels were not shown."""
    found, unlabelled = [], False
    for pod in pods_in(scene, namespace):
        labels = PodView(scene, pod).labels
        if labels.observed:
            found.append(Labelled(pod, labels.value, labels.place))
        else:
            unlabelled = True
    return found, unlabelled


def _workloads(scene: Scene, namespace: Subject) -> list[Labelled]:
    """Workloads of a namespace by their templates' labels, or by their selectors, which the templates contain."""
    found = []
    for kind in WORKLOADS:
        for subject in scene.subjects_in(kind, namespace.name):
            view = WorkloadView(scene, subject)
            shown = _template_labels(view)
            if shown is None:
                continue
            labels, at = shown
            replicas = view.replicas
            if replicas.observed:
                found.append(Labelled(subject, labels, at, replicas.value, replicas.place))
            else:
                found.append(Labelled(subject, labels, at))
    return found


def _template_labels(view: View) -> tuple[dict[str, str], Locator] | None:  # type: ignore[type-arg]  # any kind
    partial: tuple[dict[str, str], Locator] | None = None
    for observation in view.observations:
        struct = observation.object
        if not isinstance(struct, Deployment | StatefulSet | DaemonSet | ReplicaSet):
            continue
        labels = getattr(getattr(struct.spec.template, "metadata", None), "labels", None)
        if isinstance(labels, dict):
            return labels, observation.field_at("spec.template.metadata.labels", _written(labels))
        chosen = getattr(struct.spec.selector, "match_labels", None)
        if isinstance(chosen, dict) and chosen and partial is None:
            partial = chosen, observation.field_at("spec.selector", _written(chosen))
    return partial


def _written(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items())


def _near(scene: Scene, service: Subject, selector: Mapping[str, str], things: list[Labelled]) -> tuple[NearMiss, ...]:
    """Workloads that no Service selects and whose labels differ from the selector in one pair, by little."""
    found: dict[Subject, NearMiss] = {}
    others = _other_selectors(scene, service)
    for thing in things:
        owner = owner_of(scene, thing.subject)
        if owner in found or any(selects(other, dict(thing.labels)) for other in others):
            continue
        missed = [(key, value) for key, value in selector.items() if thing.labels.get(key) != value]
        if len(missed) != 1:
            continue
        has = _counterpart(*missed[0], thing.labels, same_name=owner.name == service.name)
        if has is not None:
            found[owner] = NearMiss(owner, "=".join(missed[0]), has, thing.at)
    return tuple(found.values())


def _other_selectors(scene: Scene, service: Subject) -> list[dict[str, str]]:
    found = []
    for other in scene.subjects_in("Service", service.namespace):
        if other != service:
            seen = ServiceView(scene, other).selector
            if seen.observed and seen.value:
                found.append(seen.value)
    return found


def _counterpart(key: str, value: str, labels: Mapping[str, str], *, same_name: bool) -> str | None:
    """The pair that was probably meant: the key's own value a slip away, or the value under another key."""
    has = labels.get(key)
    if has is not None:
        if same_name or (_distance_is_a_slip(value, has)):
            return f"{key}={has}"
        return None
    for other, candidate in labels.items():
        if candidate == value and other != "pod-template-hash":
            return f"{other}={candidate}"
    return None


def _distance_is_a_slip(one: str, other: str) -> bool:
    """Whether two values look like one name written wrongly, and not like two names of a family (redis-1, redis-2)."""
    if one.lower().replace("_", "-") == other.lower().replace("_", "-"):
        return True
    if min(len(one), len(other)) < _SHORTEST:
        return False
    if [c for c in one if c.isdigit()] != [c for c in other if c.isdigit()]:
        return False
    return edit_distance(one, other) <= max(1, min(len(one), len(other)) // 6)


def edit_distance(one: str, other: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(other, start=1):
            best = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
