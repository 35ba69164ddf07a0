"""YAML as Kubernetes reads and writes it (sigs.k8s.io/yaml), built from libyaml's event stream.

Building from events instead of PyYAML's node tree is three times faster, does not recurse (libyaml's composer overflows
the C stack on nested input), tells lines, and lets an alias bomb be refused while it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, cast

import msgspec
import yaml
from yaml._yaml import CParser

from kwhy.model.expressions import expression

#: Deeper documents are refused; API objects nest some twenty levels (CRD schemas some sixty).
MAX_DEPTH = 400
#: Nodes that aliases may add to one document. Kubernetes refuses when aliases make more than 10 % of a large document
#: (go.yaml.in/yaml/v2 decode.go, alias_ratio_range); kubectl prints none.
MAX_ALIASED_NODES = 1_000_000

_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NUMBER_STARTS: Final = frozenset("0123456789+-.")
#: strconv.ParseInt with base 0: "12", "-0x1F", "0o17", "017", "0b101"
_INTEGER: Final = expression(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[1-9][0-9]*|0)")
#: yamlStyleFloat of go.yaml.in/yaml/v2 v2.4 resolve.go
_FLOAT: Final = expression(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TAG: Final = "tag:yaml.org,2002:"
_LARGEST: Final = 1e21


class Refused(Exception):  # noqa: N818 - a finding about the document
    """The document cannot be read, with the line inside it (0-based) where known."""

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.line = line


class Item(msgspec.Struct, frozen=True):
    """An element of the root's ``items``, with the lines (0-based) it begins on and the next thing begins on."""

    index: int
    value: Any
    first: int
    end: int


class _Event(Protocol):
    start_mark: Any
    end_mark: Any
    anchor: str | None
    tag: str | None
    value: str
    implicit: tuple[bool, bool] | bool


def scalar(text: str) -> Any:
    """A plain scalar as Kubernetes' YAML reads it (go.yaml.in/yaml/v2 v2.4 resolve.go), times kept as text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    plain = text.replace("_", "") if text[0] != "." else text
    if _INTEGER.fullmatch(plain):
        return _integer(plain)
    if _FLOAT.fullmatch(plain) and len(plain) < 400:
        value = float(plain)
        if value in (float("inf"), float("-inf")):  # out of range: ParseFloat fails, the text stays
            return text
        return int(value) if value.is_integer() and abs(value) < _LARGEST else value
    return text


def _integer(plain: str) -> Any:
    digits = plain.lstrip("+-").lower()
    sign = -1 if plain[0] == "-" else 1
    if digits[:2] in ("0x", "0b"):
        value = sign * int(digits, 0)
    elif digits[0] == "0" and len(digits) > 1:
        value = sign * int(digits.removeprefix("0o") if digits[1] == "o" else digits, 8)
    elif len(digits) > 400:
        return plain
    else:
        value = sign * int(digits)
    return value if -(2**63) <= value < 2**64 else float(value)


class _Frame:
    """A collection under construction."""

    __slots__ = ("anchor", "first", "is_items", "is_map", "key", "merges", "nodes", "value", "waiting")

    def __init__(self, value: Any, anchor: str | None, nodes: int, first: int) -> None:
        self.value = value
        self.is_map = isinstance(value, dict)
        self.key = ""
        self.waiting = False  # a key was read, its value was not
        self.merges: list[Any] | None = None
        self.is_items = False
        self.anchor = anchor
        self.nodes = nodes
        self.first = first


class Builder:
    """Builds one YAML document. Elements of the root's ``items`` go to ``on_item`` instead of into the result."""

    def __init__(self, on_item: Callable[[Item], None]) -> None:
        self._on_item = on_item
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._aliased = 0
        self._items = 0
        self.root: Any = None
        self.saw_items = False

    def build(self, data: bytes) -> Any:
        """The document's value; raises :class:`Refused`. What was built before stays in ``root``."""
        parser = CParser(data)
        try:
            self._run(parser)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise Refused(
                f"YAML was expected: {error.problem or error.context}", mark.line if mark else None
            ) from error
        except yaml.YAMLError as error:
            raise Refused(f"YAML was expected: {str(error).splitlines()[0]}") from error
        except (UnicodeDecodeError, ValueError) as error:
            raise Refused(f"YAML was expected: {error}") from error
        return self.root

    def _run(self, parser: CParser) -> None:
        get_event = parser.get_event
        while True:
            event: Any = get_event()
            kind = event.__class__
            if kind is yaml.ScalarEvent:
                self._nodes += 1
                self._scalar(event)
            elif kind is yaml.MappingStartEvent:
                self._open({}, event)
            elif kind is yaml.SequenceStartEvent:
                self._open([], event)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._close(event)
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.StreamEndEvent:
                return

    def _scalar(self, event: _Event) -> None:
        tag, text = event.tag, event.value
        value: Any = text
        if tag is None:
            implicit = cast("tuple[bool, bool]", event.implicit)
            if implicit[0] and text != "<<":
                value = scalar(text)
        elif tag.startswith(_TAG) and tag[len(_TAG) :] in ("int", "float", "bool", "null"):
            value = scalar(text)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        self._put(value, event.start_mark.line, event.end_mark.line, plain=tag is None)

    def _open(self, value: Any, event: _Event) -> None:
        self._nodes += 1
        stack = self._stack
        if len(stack) >= MAX_DEPTH:
            raise Refused(f"nested deeper than {MAX_DEPTH} levels", event.start_mark.line)
        frame = _Frame(value, event.anchor, self._nodes, event.start_mark.line)
        if len(stack) == 1 and stack[0].waiting and stack[0].key == "items" and not frame.is_map:
            frame.is_items = self.saw_items = True
        if not stack:
            self.root = value
        stack.append(frame)

    def _close(self, event: _Event) -> None:
        frame = self._stack.pop()
        if frame.merges is not None:
            _merge(frame.value, frame.merges)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (frame.value, self._nodes - frame.nodes + 1)
        if self._stack:
            self._put(frame.value, frame.first, event.end_mark.line, plain=False)

    def _alias(self, event: _Event) -> None:
        known = self._anchors.get(event.anchor or "")
        if known is None:
            raise Refused("an alias to something that is not complete or not there", event.start_mark.line)
        value, nodes = known
        self._nodes += nodes
        self._aliased += nodes
        if self._aliased > MAX_ALIASED_NODES:
            raise Refused(f"its aliases expand to more than {MAX_ALIASED_NODES} nodes", event.start_mark.line)
        self._put(value, event.start_mark.line, event.end_mark.line, plain=False)

    def _put(self, value: Any, first: int, end: int, *, plain: bool) -> None:
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        if frame.is_items:
            self._on_item(Item(self._items, value, first, end))
            self._items += 1
        elif not frame.is_map:
            frame.value.append(value)
        elif not frame.waiting:
            if plain and value == "<<":
                frame.merges = frame.merges or []
                frame.key = "<<"
            else:
                frame.key = value if isinstance(value, str) else _key(value)
            frame.waiting = True
        else:
            if frame.key == "<<" and frame.merges is not None and isinstance(value, dict | list):
                frame.merges.extend(value if isinstance(value, list) else [value])
            else:
                frame.value[frame.key] = value
            frame.waiting = False


def _merge(value: dict[str, Any], merges: list[Any]) -> None:
    """``<<: *defaults``: keys of the merged mappings that the mapping itself does not have."""
    for merged in merges:
        if isinstance(merged, dict):
            for key, item in merged.items():
                value.setdefault(key, item)


def _key(value: object) -> str:
    """Keys are text in JSON (sigs.k8s.io/yaml convertToJSONableObject)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return str(value) if isinstance(value, int | float) else ""
