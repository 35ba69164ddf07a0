"""Configuration files that a container gets from ConfigMaps, and what makes them unreadable.

Values of ConfigMaps may hold what nobody should print: of a defect only its kind and place are told.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator

import msgspec

from kwhy.facts.objects import ConfigMap, Container, KeyToPath, Pod, Volume
from kwhy.knowledge.container.mounts import specs
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

#: Longer texts are not parsed (characters); the API server takes at most 1 MiB per ConfigMap.
LONGEST = 1 << 20
# port: {{ .Values.server.port }} — outside of quotes and comments, where a template engine should have replaced it
_TEMPLATE = expression(r"^[^\"'#\n]{0,500}?(?P<template>\{\{[-~]?\s{0,8}[.$\w][^{}\n]{0,200}\}\})", 8)
# A line whose indentation holds a tab.
_TAB = expression(r"^[ ]{0,200}\t", 8)


class Defect(msgspec.Struct, frozen=True):
    """What is wrong with a text, and where (1-based)."""

    what: str
    line: int
    column: int


class File(msgspec.Struct, frozen=True):
    """A file in a container that is a key of a ConfigMap.

    ``text`` is None where the ConfigMap's data was not shown; where its keys are not known either, ``key`` is "" and
    ``path`` the directory.
    """

    path: str
    config_map: Subject
    key: str
    text: str | None
    at: Locator | None

    def holds(self, path: str) -> bool:
        """Whether this is the file at ``path``, or the directory in which it lies."""
        return path == self.path or (not self.key and path.startswith(self.path.rstrip("/") + "/"))


def files_of(scene: Scene, pod: Subject, container: str | None) -> list[File]:
    """The files that the pod's containers (or one of them) get from ConfigMaps."""
    for observation in scene.observations(pod):
        struct = observation.object
        if not isinstance(struct, Pod) or not isinstance(struct.spec.volumes, list):
            continue
        volumes = {volume.name: volume for volume in struct.spec.volumes}
        return [
            file
            for _, _, spec in specs(struct)
            if container in (None, spec.name)
            for file in _files(scene, pod, spec, volumes)
        ]
    return []


def _files(scene: Scene, pod: Subject, spec: Container, volumes: dict[str, Volume]) -> Iterator[File]:
    for mount in spec.volume_mounts if isinstance(spec.volume_mounts, list) else ():
        volume = volumes.get(mount.name)
        for name, items in _sources(volume) if volume is not None else ():
            subject = Subject("ConfigMap", name, pod.namespace)
            data, at = _data(scene, subject)
            paths = {item.key: item.path for item in items}
            if data is None and not paths:
                yield File(mount.mount_path, subject, "", None, None)
            for key in paths or data or {}:
                inside = paths.get(key, key)
                if mount.sub_path and mount.sub_path != inside:
                    continue
                path = mount.mount_path if mount.sub_path else posixpath.join(mount.mount_path, inside)
                text = data.get(key) if data is not None else None
                place = at.quoting(f"key {key}", f".{key}") if at is not None else None
                yield File(path, subject, key, text, place)


def _sources(volume: Volume) -> Iterator[tuple[str, list[KeyToPath]]]:
    if volume.config_map is not None and volume.config_map.name:
        yield volume.config_map.name, volume.config_map.items or []
    for source in (volume.projected.sources if volume.projected is not None else None) or ():
        if source.config_map is not None and source.config_map.name:
            yield source.config_map.name, source.config_map.items or []


def _data(scene: Scene, config_map: Subject) -> tuple[dict[str, str] | None, Locator | None]:
    for observation in scene.observations(config_map):
        shown = observation.object
        if isinstance(shown, ConfigMap) and isinstance(shown.data, dict):
            return shown.data, observation.field_at("data")
    return None, None


def defects(key: str, text: str) -> list[Defect]:
    """What makes the text unreadable for a program that expects what the key's ending promises."""
    if len(text) > LONGEST:
        return []
    found = []
    if text.startswith("\ufeff"):
        found.append(Defect("a byte order mark stands before the text", 1, 1))
    ending = key.rpartition(".")[2].lower()
    body = text.removeprefix("\ufeff")
    template = _TEMPLATE.search(body)
    if template and ending in ("yaml", "yml", "json", "properties", "env", "ini", "conf", "toml"):
        line, column = _place(body, template.start("template"))
        found.append(Defect("template text in {{ }} was never filled in", line, column))
    elif ending in ("yaml", "yml"):
        found += _yaml_defects(body)
    elif ending == "json":
        found += _json_defects(body)
    elif ending == "toml":
        found += _toml_defects(body)
    if "\r\n" in body and not found:
        found.append(Defect("its lines end as on Windows, with a carriage return", *_place(body, body.index("\r\n"))))
    return found


def _yaml_defects(text: str) -> list[Defect]:
    import yaml

    try:
        for _ in yaml.compose_all(text, Loader=yaml.CSafeLoader):
            pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        column = mark.column + 1 if mark is not None else 1
        tab = _TAB.search(text)
        if tab is not None and abs(_place(text, tab.end() - 1)[0] - line) <= 1:
            return [Defect("a tab indents the line, which YAML forbids", *_place(text, tab.end() - 1))]
        return [Defect(f"not YAML: {error.problem or 'cannot be parsed'}", line, column)]
    except (yaml.YAMLError, RecursionError):
        return [Defect("not YAML: a character that YAML forbids", 1, 1)]
    return []


def _json_defects(text: str) -> list[Defect]:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        before = text[: error.pos].rstrip()
        if before.endswith(",") and text[error.pos : error.pos + 1] in ("}", "]"):
            return [Defect("a comma follows the last element", *_place(text, len(before) - 1))]
        return [Defect(f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}", error.lineno, error.colno)]
    except RecursionError:
        return []
    return []


# Expected '=' after a key in a key/value pair (at line 3, column 6)
_TOML_PLACE = expression(r"\(at line (?P<line>\d{1,7}), column (?P<column>\d{1,7})\)")


def _toml_defects(text: str) -> list[Defect]:
    import tomllib

    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        what = f"not TOML: {str(error).partition(' (at ')[0]}"
        return [Defect(what, int(place["line"]) if place else 1, int(place["column"]) if place else 1)]
    except RecursionError:
        return []
    return []


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both 1-based."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
