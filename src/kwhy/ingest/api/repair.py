"""One object whose fields do not have the types of the API: it is kept without those fields, and they are named."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from kwhy.facts.objects import ApiStruct
from kwhy.model.expressions import expression

#: msgspec: "Expected `str`, got `int` - at `$.metadata.labels[...]`", "Object missing required field `metadata`"
_COMPLAINT = expression(r"^(?P<what>.*?)(?: - at (?P<key>key in )?`(?P<path>\$[^`]*)`)?$", re.DOTALL)
_STEP = expression(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
#: More wrong fields than this, and it is no object of the kind it claims to be.
MAX_REPAIRS = 25


class Mended(msgspec.Struct, frozen=True):
    """``object`` is None where even the name could not be read. ``dropped``: (path in the object, complaint)."""

    object: ApiStruct | None
    dropped: tuple[tuple[str, str], ...]


def mended(value: Any, struct: type[ApiStruct], *, numbers_are_text: bool) -> Mended:
    """``value`` as ``struct``, without the fields that do not fit. ``value`` is used up.

    ``numbers_are_text``: as sigs.k8s.io/yaml does, a number or boolean stands for its text where text is expected.
    """
    dropped: list[tuple[str, str]] = []
    for _ in range(MAX_REPAIRS):
        try:
            return Mended(msgspec.convert(value, struct), tuple(dropped))
        except (msgspec.ValidationError, RecursionError) as error:
            if isinstance(error, RecursionError):
                return Mended(None, (("", "nested too deeply"),))
            complaint = _COMPLAINT.match(str(error))
        what, path = (complaint["what"], complaint["path"]) if complaint else ("", None)
        if path is None or len(steps := _steps(path)) == 0 or steps == ["metadata"]:
            return Mended(None, (*dropped, ("", what or "not an object of the API")))
        if numbers_are_text and "str" in what and _as_text(value, steps):
            continue
        if not _removed(value, steps):
            return Mended(None, (*dropped, (path.removeprefix("$."), what)))
        dropped.append((path.removeprefix("$").removeprefix("."), what))
    return Mended(None, tuple(dropped))


def _steps(path: str) -> list[str | int]:
    """``$.spec.containers[2].env`` as keys and indexes; it ends before ``[...]`` (some value of a map)."""
    steps: list[str | int] = []
    for match in _STEP.finditer(path):
        if match[2] == "...":
            break
        steps.append(int(match[2]) if match[2] else match[1])
    return steps


def _parent(value: Any, steps: list[str | int]) -> Any:
    for step in steps[:-1]:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _removed(value: Any, steps: list[str | int]) -> bool:
    parent = _parent(value, steps)
    last = steps[-1]
    if isinstance(parent, dict) and last in parent:
        del parent[last]
        return True
    if isinstance(parent, list) and isinstance(last, int) and last < len(parent):
        # Removing an element would shift the others' indexes: the whole list goes, as not shown.
        return len(steps) > 1 and _removed(value, steps[:-1])
    return False


def _as_text(value: Any, steps: list[str | int]) -> bool:
    parent = _parent(value, steps)
    last = steps[-1]
    try:
        found = parent[last]
    except (KeyError, IndexError, TypeError):
        return False
    if isinstance(found, dict):  # a map of strings: all its values
        texts = {key: _text(item) for key, item in found.items()}
        if texts == found:
            return False
        parent[last] = texts
        return True
    text = _text(found)
    if text is found:
        return False
    parent[last] = text
    return True


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value
