"""The routes of a program behind a Service, from its environment, its arguments and its ConfigMaps."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kwhy.facts.objects import ConfigMap, Container, EnvVar
from kwhy.knowledge.gateway.tables import entries
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

# ORDERS_URL, ORDER_SERVICE_HOST, UPSTREAM_ORDERS: an upstream by the name of what it serves
_NAMED = expression(
    r"^(?:UPSTREAM_|BACKEND_|ROUTE_)?(?P<word>[A-Z][A-Z0-9]{2,40}?)(?:_(?:SERVICE|SVC|API|BACKEND|UPSTREAM))?_(?:URL|URI|HOST|ADDR|ADDRESS|ENDPOINT|UPSTREAM)$"
)
# http://cart:80/ · cart:80 · cart
_TARGET = expression(r"^(?:[a-z]{2,5}://)?(?P<host>[A-Za-z][\w.-]{0,252})(?::(?P<port>\d{1,5}))?/?$")
#: Segments that say nothing about whose path it is.
_PLAIN = frozenset({"api", "rest", "internal", "public", "v1", "v2", "v3", "gateway", "services"})
#: Parts of names that say nothing about what a Service serves.
_AFFIXES = frozenset({"service", "svc", "api", "server", "app", "backend", "web", "prod", "stage", "dev"})


class Route(msgspec.Struct, frozen=True):
    """Paths under ``prefix`` go to ``port`` (None: the scheme's) of ``upstream``. ``holder`` holds the table."""

    prefix: str
    upstream: Subject
    port: int | None
    holder: Subject
    at: Locator


def routes_of(scene: Scene, pod: Subject) -> list[Route]:
    """The routes that the pod's program is configured with"""
    containers = PodView(scene, pod).containers
    if not containers.observed:
        return []
    found: list[Route] = []
    for index, container in enumerate(containers.value):
        found += _of_container(scene, pod, container, containers.place, index)
    for name in _mounted(scene, pod):
        found += _of_config_map(scene, Subject("ConfigMap", name, pod.namespace))
    return found


def _of_container(scene: Scene, pod: Subject, container: Container, place: Locator, index: int) -> Iterator[Route]:
    owner = owner_of(scene, pod)
    for number, variable in enumerate(container.env if isinstance(container.env, list) else ()):
        where = f"{place.path}[{index}].env[{number}]" if place.path else None
        at = place.document.at(place.line, where, f"name: {variable.name}")
        if isinstance(variable.value, str):
            yield from _of_value(variable.name, variable.value, owner, at, pod.namespace)
        elif (key := _config_key(variable)) is not None:
            yield from _of_key(scene, Subject("ConfigMap", key[0], pod.namespace), key[1], variable.name)
    for argument in container.args if isinstance(container.args, list) else ():
        at = place.document.at(place.line, f"{place.path}[{index}].args" if place.path else None, "args")
        yield from _of_value("", argument, owner, at, pod.namespace)
    for source in container.env_from if isinstance(container.env_from, list) else ():
        reference = source.get("configMapRef")
        if isinstance(reference, dict) and isinstance(reference.get("name"), str):
            yield from _of_config_map(scene, Subject("ConfigMap", reference["name"], pod.namespace))


def _config_key(variable: EnvVar) -> tuple[str, str] | None:
    source = variable.value_from.get("configMapKeyRef") if isinstance(variable.value_from, dict) else None
    if isinstance(source, dict) and isinstance(source.get("name"), str) and isinstance(source.get("key"), str):
        return source["name"], source["key"]
    return None


def _of_value(name: str, value: str, holder: Subject, at: Locator, namespace: str | None) -> Iterator[Route]:
    for entry in entries(value):
        yield Route(entry.path, _service(entry.host, namespace), entry.port, holder, at)
    named, target = _NAMED.match(name), _TARGET.match(value)
    if named is not None and target is not None:
        prefix = "/" + named["word"].lower()
        port = int(target["port"]) if target["port"] else None
        yield Route(prefix, _service(target["host"].lower(), namespace), port, holder, at)


def _of_config_map(scene: Scene, config_map: Subject) -> Iterator[Route]:
    for observation in scene.observations(config_map):
        struct = observation.object
        if isinstance(struct, ConfigMap) and isinstance(struct.data, dict):
            for key in struct.data:
                yield from _of_key(scene, config_map, key, key)
            return


def _of_key(scene: Scene, config_map: Subject, key: str, name: str) -> Iterator[Route]:
    for observation in scene.observations(config_map):
        struct = observation.object
        if isinstance(struct, ConfigMap) and isinstance(struct.data, dict) and key in struct.data:
            at = observation.field_at(f"data.{key}", f"{key}: a table of routes")
            yield from _of_value(name, struct.data[key], config_map, at, config_map.namespace)
            return


def _mounted(scene: Scene, pod: Subject) -> list[str]:
    """ConfigMaps among the pod's volumes."""
    seen = PodView(scene, pod).seen("spec.volumes", lambda p: p.spec.volumes, None)
    volumes = seen.value if seen.observed else None
    return [v.config_map.name for v in volumes or () if v.config_map is not None and v.config_map.name]


def _service(host: str, namespace: str | None) -> Subject:
    """The Service that a host name of the cluster stands for."""
    labels = host.split(".")
    return Subject("Service", labels[0], labels[1] if len(labels) > 1 else namespace)


def segment(path: str) -> str:
    """The part of a path that says whose it is: "orders" of "/api/v1/orders/17"."""
    return next((part for part in path.lower().split("/") if part and part not in _PLAIN), "")


def serves(service: str, word: str) -> bool:
    """Whether a Service's name says that it serves what ``word`` names: "order-service" serves "orders"."""
    return bool(word) and _core(service) == _core(word)


def _core(name: str) -> tuple[str, ...]:
    parts = [part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part]
    kept = [part for part in parts if part not in _AFFIXES] or parts
    return tuple(part[:-1] if part.endswith("s") and len(part) > 3 else part for part in kept)
