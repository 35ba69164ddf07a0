"""What a program is told: its environment, from literals, ConfigMaps and Secrets, and the files that it mounts."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kwhy.facts.objects import ConfigMap, Container, Observation, Pod
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene

#: Of a mounted file so much is searched for addresses.
_LONGEST_FILE = 256 << 10
# "http://inventory:8081/list" · "jdbc:mysql://orders-db:3306/shop" · "inventory:8081" in a file or value
_ADDRESS = expression(
    r"(?P<scheme>[a-z][a-z0-9+.:-]{1,30}://)?(?:[\w.%-]{1,80}(?::[^@/\s]{0,200})?@)?"
    r"(?<![\w.-])(?P<host>[A-Za-z0-9](?:[\w-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[\w-]{0,61}[A-Za-z0-9])?){0,6})"
    r"(?::(?P<port>\d{1,5}))?(?![\w.:-])"
)
# DB_HOST · spring.redis.host · REDIS_ADDR · UPSTREAM · ORDERS_SERVICE_URL
_PLACE_NAME = expression(r"(?i)host|addr|server|url|uri|dsn|endpoint|upstream|broker|service|target|backend|peer")
_PORT_NAME = expression(r"(?i)^(?P<prefix>.*?)[_.-]?port$")
_HOST_NAME = expression(r"(?i)^(?P<prefix>.*?)[_.-]?(?:host(?:name)?|addr(?:ess)?|server|service)$")
_PASSWORD_NAME = expression(r"(?i)pass(?:word|wd)?|pwd|requirepass|auth|secret")
_USER_NAME = expression(r"(?i)user(?:name)?$|login$|role$")
_DATABASE_NAME = expression(r"(?i)(?:database|db|schema|dbname|db_name|database_name)$")


_REFERENCES = (
    ("configMapKeyRef", "ConfigMap"),
    ("configMapRef", "ConfigMap"),
    ("secretKeyRef", "Secret"),
    ("secretRef", "Secret"),
)


class Setting(msgspec.Struct, frozen=True):
    """A value that a pod's container is given. ``value`` is None for what a Secret holds or nothing shows.

    ``source`` is the object in which the value stands: a ConfigMap, a Secret, or the workload itself. ``key`` is the
    key in it. ``file``: the value is the text of a mounted file, searched for addresses only.
    """

    container: str
    name: str
    value: str | None
    source: Subject
    key: str | None
    at: Locator
    file: bool = False

    @property
    def where(self) -> str:
        """In words, without the value."""
        if self.source.kind in ("ConfigMap", "Secret"):
            named = f"key {self.key} of {self.source.kind} {self.source.name}" if self.key else str(self.source)
            return named if self.file or self.name == self.key else f"{self.name} ({named})"
        return self.name


class Address(msgspec.Struct, frozen=True):
    """A host, and the port where one is given, as a setting names it."""

    host: str
    port: int | None
    setting: Setting
    port_setting: Setting | None = None

    @property
    def written(self) -> Setting:
        """Where the address is written; its port, if that stands apart."""
        return self.port_setting or self.setting


def settings_of(scene: Scene, pod: Subject) -> list[Setting]:
    """The pod's environment and mounted ConfigMaps"""
    for observation in scene.observations(pod):
        struct = observation.object
        if isinstance(struct, Pod) and isinstance(struct.spec.containers, list):
            found = list(_settings(scene, pod, observation, struct))
            if found or observation.whole:
                return found
    return []


def _settings(scene: Scene, pod: Subject, observation: Observation, struct: Pod) -> Iterator[Setting]:
    owner = owner_of(scene, pod)
    for field, containers in (("containers", struct.spec.containers), ("initContainers", struct.spec.init_containers)):
        for index, container in enumerate(containers if isinstance(containers, list) else ()):
            path = f"spec.{field}[{index}]"
            yield from _environment(scene, owner, observation, container, path)
            yield from _whole(scene, pod, observation, container, path)
    yield from _files(scene, pod, struct)


def _environment(
    scene: Scene, owner: Subject, observation: Observation, container: Container, path: str
) -> Iterator[Setting]:
    for index, variable in enumerate(container.env if isinstance(container.env, list) else ()):
        place = observation.field_at(f"{path}.env[{index}]", variable.name)
        if observation.line is not None:
            place = observation.field_at(f"{path}.env")
        if isinstance(variable.value, str):
            yield Setting(container.name, variable.name, variable.value, owner, None, place)
            continue
        source = variable.value_from if isinstance(variable.value_from, dict) else {}
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            reference = source.get(field)
            if isinstance(reference, dict) and reference.get("name"):
                held = Subject(kind, str(reference["name"]), owner.namespace)
                key = str(reference.get("key", ""))
                value, at = _value(scene, held, key, place)
                yield Setting(container.name, variable.name, value, held, key, at)


def _whole(scene: Scene, pod: Subject, observation: Observation, container: Container, path: str) -> Iterator[Setting]:
    for source in container.env_from if isinstance(container.env_from, list) else ():
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            reference = source.get(field)
            if not isinstance(reference, dict) or not reference.get("name"):
                continue
            held = Subject(kind, str(reference["name"]), pod.namespace)
            prefix = str(source.get("prefix") or "")
            for key, value, at in _entries(scene, held):
                yield Setting(container.name, prefix + key, value, held, key, at)


def _files(scene: Scene, pod: Subject, struct: Pod) -> Iterator[Setting]:
    for volume in struct.spec.volumes if isinstance(struct.spec.volumes, list) else ():
        if volume.config_map is not None and volume.config_map.name:
            held = Subject("ConfigMap", volume.config_map.name, pod.namespace)
            for key, value, at in _entries(scene, held):
                if value is not None:
                    yield Setting("", key, value[:_LONGEST_FILE], held, key, at, file=True)


def _entries(scene: Scene, held: Subject) -> Iterator[tuple[str, str | None, Locator]]:
    """Keys of a ConfigMap with their values, of a Secret without."""
    for observation in scene.observations(held):
        data = getattr(observation.object, "data", None)
        if isinstance(data, dict):
            for key, value in data.items():
                at = observation.field_at(f"data.{key}", key)
                yield key, value if isinstance(observation.object, ConfigMap) else None, at
            return


def _value(scene: Scene, held: Subject, key: str, place: Locator) -> tuple[str | None, Locator]:
    for name, value, at in _entries(scene, held):
        if name == key:
            return value, at if value is not None else place
    return None, place


def unseen_sources(scene: Scene, pod: Subject) -> list[Subject] | None:
    """ConfigMaps and Secrets that the pod reads and whose content was not shown; None where its spec was not"""
    for observation in scene.observations(pod):
        struct = observation.object
        if not isinstance(struct, Pod) or not isinstance(struct.spec.containers, list):
            continue
        if observation.whole or any(isinstance(c.env, list) for c in struct.spec.containers):
            named = dict.fromkeys(_sources(pod, struct))
            return [s for s in named if s.kind == "Secret" or not any(True for _ in _entries(scene, s))]
    return None


def _sources(pod: Subject, struct: Pod) -> Iterator[Subject]:
    inits = struct.spec.init_containers if isinstance(struct.spec.init_containers, list) else []
    for container in [*(struct.spec.containers if isinstance(struct.spec.containers, list) else []), *inits]:
        held = (
            [v.value_from for v in container.env if isinstance(v.value_from, dict)]
            if isinstance(container.env, list)
            else []
        )
        for source in [*held, *(container.env_from if isinstance(container.env_from, list) else [])]:
            for field, kind in _REFERENCES:
                reference = source.get(field)
                if isinstance(reference, dict) and reference.get("name"):
                    yield Subject(kind, str(reference["name"]), pod.namespace)
    for volume in struct.spec.volumes if isinstance(struct.spec.volumes, list) else ():
        if volume.config_map is not None and volume.config_map.name:
            yield Subject("ConfigMap", volume.config_map.name, pod.namespace)


def addresses_of(scene: Scene, pod: Subject) -> list[Address]:
    """The hosts and ports that the pod is told to call"""
    settings = scene.derive(settings_of, pod)
    found = [address for setting in settings if setting.value for address in _in_value(setting)]
    return [_with_port(address, settings) for address in found]


def _in_value(setting: Setting) -> Iterator[Address]:
    assert setting.value is not None  # only settings with a value are searched
    named = not setting.file and _PLACE_NAME.search(setting.name) is not None
    for match in _ADDRESS.finditer(setting.value):
        host = match["host"]
        whole = match.end() - match.start() == len(setting.value.strip())
        if match["scheme"] or (match["port"] and not host.isdigit()) or (named and whole and not host.isdigit()):
            port = int(match["port"]) if match["port"] else None
            yield Address(host.lower(), port, setting)


def _with_port(address: Address, settings: list[Setting]) -> Address:
    """DB_PORT is the port of DB_HOST."""
    found = _HOST_NAME.match(address.setting.name) if address.port is None and not address.setting.file else None
    if found is None:
        return address
    for other in settings:
        port = _PORT_NAME.match(other.name)
        same = other.container == address.setting.container and other.value is not None
        if port is not None and same and port["prefix"] == found["prefix"] and (other.value or "").isdigit():
            return Address(address.host, int(other.value or 0), address.setting, other)
    return address


def named_like(settings: list[Setting], what: str) -> list[Setting]:
    """Settings by what their names say: "password", "user" or "database"."""
    pattern = {"password": _PASSWORD_NAME, "user": _USER_NAME, "database": _DATABASE_NAME}[what]
    return [setting for setting in settings if not setting.file and pattern.search(setting.name)]
