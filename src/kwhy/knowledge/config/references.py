"""Which ConfigMaps, Secrets and keys a pod refers to, and which of them are missing.

Sources: Kubernetes v1.34 pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables: "couldn't find key %v in ConfigMap
%v/%v"), pkg/volume/configmap/configmap.go and pkg/volume/secret/secret.go ("references non-existent config key: %s"),
apimachinery v0.34 pkg/api/errors (NewNotFound: '%s "%s" not found').
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from kwhy.facts.objects import ConfigMap, Container, NamedSource, Observation, Pod, Secret, Volume
from kwhy.knowledge.container.runs import Statement, event_messages, quoted, runs_of, state_messages
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

Kind = Literal["ConfigMap", "Secret"]

#: Why a container waits for what it is configured with (kuberuntime_container.go, ErrCreateContainerConfig).
WAITING = "CreateContainerConfigError"
#: The ConfigMap that the controller manager keeps in every namespace (Kubernetes v1.34
#: pkg/controller/certificates/rootcacertpublisher/publisher.go, RootCACertConfigMapName). A list without it was cut, or
#: is older than the namespace: only the kubelet's words say that a pod lacks it.
ROOT_CA = "kube-root-ca.crt"
# configmap "mailer-config" not found; MountVolume.SetUp failed for volume "c" : secret "tls" not found
_MISSING = expression(r'\b(?P<kind>configmap|secret)s? "(?P<name>[^"]{1,253})" not found')
# couldn't find key LEVEL in ConfigMap shop/settings
_KEY = expression(
    r"couldn't find key (?P<key>\S{1,253}) in (?P<kind>ConfigMap|Secret) (?P<namespace>[^/\s]{1,63})/(?P<name>\S{1,253})"
)
# MountVolume.SetUp failed for volume "c" : configmap references non-existent config key: app.conf
_VOLUME_KEY = expression(
    r'for volume "(?P<volume>[^"]{1,63})" : .{0,60}references non-existent (?P<kind>config|secret) key: (?P<key>\S{1,253})'
)


class Reference(msgspec.Struct, frozen=True):
    """A pod's reference to a ConfigMap or Secret, to one of its keys or to the whole (``key`` is None)."""

    kind: Kind
    name: str
    key: str | None
    volume: str | None
    at: Locator


class Want(msgspec.Struct, frozen=True):
    """What the kubelet said it lacks: an object (``key`` is None) or a key of one. ``name`` is "" where not told."""

    kind: Kind
    name: str
    key: str | None
    said: Statement


def said_to_lack(scene: Scene, pod: Subject) -> list[Want]:
    """What the kubelet says that the pod lacks, of waiting states first, then of events, newest first"""
    runs = runs_of(scene, pod)
    if runs and all(run.running or run.status.ready is True for run in runs):
        return []
    waiting = state_messages(run for run in runs if run.waiting == WAITING)
    said = [*waiting, *event_messages(scene, pod, "Failed", "FailedMount")]
    volumes = {reference.volume: reference.name for reference in references(scene, pod) if reference.volume}
    return [want for statement in said for want in _wants(statement, volumes)]


def _wants(said: Statement, volumes: Mapping[str, str]) -> Iterator[Want]:
    if match := _KEY.search(said.text):
        yield Want("ConfigMap" if match["kind"] == "ConfigMap" else "Secret", match["name"], match["key"], said)
    elif match := _VOLUME_KEY.search(said.text):
        kind: Kind = "ConfigMap" if match["kind"] == "config" else "Secret"
        yield Want(kind, volumes.get(match["volume"], ""), match["key"], said)
    elif match := _MISSING.search(said.text):
        yield Want("ConfigMap" if match["kind"] == "configmap" else "Secret", match["name"], None, said)


def references(scene: Scene, pod: Subject) -> list[Reference]:
    """What the pod refers to and cannot do without"""
    for observation in scene.observations(pod):
        struct = observation.object
        if isinstance(struct, Pod) and isinstance(struct.spec.containers, list):
            return list(_references(observation, struct))
    return []


def _references(observation: Observation, struct: Pod) -> Iterator[Reference]:
    for field, containers in (("initContainers", struct.spec.init_containers), ("containers", struct.spec.containers)):
        for index, container in enumerate(containers if isinstance(containers, list) else ()):
            yield from _of_container(observation, container, f"spec.{field}[{index}]")
    for index, volume in enumerate(struct.spec.volumes if isinstance(struct.spec.volumes, list) else ()):
        yield from _of_volume(observation, volume, f"spec.volumes[{index}]")


def _of_container(observation: Observation, container: Container, path: str) -> Iterator[Reference]:
    for variable in container.env if isinstance(container.env, list) else ():
        source = variable.value_from if isinstance(variable.value_from, dict) else {}
        for field, kind in _KEYED:
            yield from _single(observation, source.get(field), kind, f"{path}.env", None)
    for source in container.env_from if isinstance(container.env_from, list) else ():
        for field, kind in _WHOLE:
            yield from _single(observation, source.get(field), kind, f"{path}.envFrom", None)


_KEYED: tuple[tuple[str, Kind], ...] = (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret"))
_WHOLE: tuple[tuple[str, Kind], ...] = (("configMapRef", "ConfigMap"), ("secretRef", "Secret"))


def _of_volume(observation: Observation, volume: Volume, path: str) -> Iterator[Reference]:
    sources: list[tuple[NamedSource | None, Kind]] = [(volume.config_map, "ConfigMap"), (volume.secret, "Secret")]
    for projected in (volume.projected.sources if volume.projected is not None else None) or ():
        sources += [(projected.config_map, "ConfigMap"), (projected.secret, "Secret")]
    for source, kind in sources:
        if source is not None and (source.name or source.secret_name) and not source.optional:
            keys = [item.key for item in source.items or ()]
            yield from _each(observation, source.name or source.secret_name, keys, kind, path, volume.name)


def _single(observation: Observation, source: Any, kind: Kind, path: str, volume: str | None) -> Iterator[Reference]:
    if not isinstance(source, dict) or not source.get("name") or source.get("optional") is True:
        return
    name = str(source["name"])
    key = source.get("key")
    yield from _each(observation, name, [str(key)] if key else [], kind, path, volume)


def _each(
    observation: Observation, name: str, keys: Sequence[str], kind: Kind, path: str, volume: str | None
) -> Iterator[Reference]:
    """A reference to each key, or to the whole object where no key is named."""
    named: Sequence[str | None] = keys or [None]
    for key in named:
        shown = f"{kind} {name}" + (f", key {key}" if key else "")
        yield Reference(kind, name, key, volume, quoted(observation.field_at(path), shown))


def missing(scene: Scene, pod: Subject, kind: Kind) -> list[tuple[Reference, Locator]]:
    """References to objects of a kind that a listing of the namespace does not hold, or the API server does not know, and where."""
    found = [r for r in references(scene, pod) if r.kind == kind and r.name != ROOT_CA]
    lacking = [r for r in found if not scene.exists(Subject(kind, r.name, pod.namespace))]
    listed = [(r, scene.listing(kind, pod.namespace, r.name)) for r in lacking]
    return [(r, quoted(listing.at)) for r, listing in listed if listing is not None]


def missing_keys(scene: Scene, pod: Subject) -> list[tuple[Reference, Locator]]:
    """References to keys that a Secret, shown with its keys, does not have, and the Secret's place.

    ConfigMaps may hold the key in binaryData, which is not read.
    """
    found = []
    for reference in references(scene, pod):
        if reference.key is None or reference.kind != "Secret":
            continue
        shown = keys_of(scene, reference.kind, reference.name, pod.namespace)
        if shown is not None and reference.key not in shown[0]:
            found.append((reference, shown[1]))
    return found


def keys_of(scene: Scene, kind: Kind, name: str, namespace: str | None) -> tuple[list[str], Locator] | None:
    """The keys in the data of a ConfigMap or Secret that was shown with it."""
    for observation in scene.observations(Subject(kind, name, namespace)):
        struct = observation.object
        if isinstance(struct, ConfigMap | Secret) and isinstance(struct.data, dict):
            keys = sorted(struct.data)
            return keys, quoted(observation.field_at("data"), f"keys: {', '.join(keys)}")
    return None


def starting(scene: Scene, pod: Subject) -> list[str]:
    """Names of the containers that have not been created yet, while the volumes may not have been mounted yet.

    Volumes are mounted before the first init container runs.
    """
    runs = runs_of(scene, pod)
    if any(run.init and (run.running or run.ended is not None) for run in runs):
        return []
    return [run.name for run in runs if run.waiting in (WAITING, "ContainerCreating", "PodInitializing")]
