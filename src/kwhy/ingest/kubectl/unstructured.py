"""Objects that kubectl has no describer for: it prints all their fields, sorted, with the names spelt as titles.

    apiVersion → API Version, insecureSkipTLSVerify → Insecure Skip TLS Verify

Items of a list follow each other without a mark: as fields are sorted, a field that does not come behind the one above
begins the next item. Keys of free maps (labels) cannot be spelt back and are left out.

Source: genericDescriber, printUnstructuredContent, smartLabelFor (k8s.io/kubectl v0.34.4 pkg/describe/describe.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec
import msgspec.inspect as shapes

from kwhy.facts.objects import ApiStruct
from kwhy.ingest.kubectl.tree import Entries, Entry, read_entries

S = TypeVar("S", bound=ApiStruct)

#: smartLabelFor, commonAcronyms.
_ACRONYMS = frozenset({"API", "URL", "UID", "OSB", "GUID"})
_NIL = "<nil>"
#: Deeper objects are not read; CRD schemas nest some sixty levels.
_DEEPEST = 60


def read_unstructured(entries: Entries, struct: type[S], lines: dict[str, int]) -> S | None:
    """The object of ``entries``, its metadata aside, with the lines of its fields; None where it does not fit."""
    shape = shapes.type_info(struct)
    if not isinstance(shape, shapes.StructType):
        return None
    content = {**_fields(entries.all, shape, "", lines), "metadata": {}}
    if shape.tag is not None:
        content["kind"] = shape.tag
    try:
        return msgspec.convert(content, struct, strict=False)
    except msgspec.ValidationError:
        return None


def field_name(label: str) -> str:
    """The field that smartLabelFor made ``label`` of."""
    first, _, rest = label.partition(" ")
    first = first.lower() if first in _ACRONYMS else first[:1].lower() + first[1:]
    return first + rest.replace(" ", "")


@cache
def _shapes(struct: type[ApiStruct]) -> dict[str, shapes.Type]:
    shape = shapes.type_info(struct)
    return {field.encode_name: field.type for field in shape.fields} if isinstance(shape, shapes.StructType) else {}


def _fields(entries: Sequence[Entry], shape: shapes.StructType, path: str, lines: dict[str, int]) -> dict[str, Any]:
    known = _shapes(shape.cls)
    content: dict[str, Any] = {}
    for entry in entries:
        name = field_name(entry.key)
        if name not in known or name in content or name == "metadata":
            continue
        place = f"{path}.{name}" if path else name
        lines.setdefault(place, entry.line)
        value = _value(entry, known[name], place, lines)
        if value is not msgspec.UNSET:
            content[name] = value
    return content


def _value(entry: Entry, shape: shapes.Type, path: str, lines: dict[str, int]) -> Any:
    """What ``entry`` holds, as the field's shape wants it; UNSET where the text does not tell it."""
    shape = _stated(shape)
    if path.count(".") > _DEEPEST:
        return msgspec.UNSET
    if isinstance(shape, shapes.StructType):
        return _fields(read_entries(entry.below).all, shape, path, lines)
    if isinstance(shape, shapes.ListType):
        return _items(entry, _stated(shape.item_type), path, lines)
    if isinstance(shape, shapes.DictType | shapes.AnyType) or entry.value == _NIL:
        return msgspec.UNSET
    return entry.text


def _stated(shape: shapes.Type) -> shapes.Type:
    """The shape beside "absent" and "null"."""
    if not isinstance(shape, shapes.UnionType):
        return shape
    stated = [one for one in shape.types if not isinstance(one, shapes.NoneType)]
    return stated[0] if stated else shape


def _items(entry: Entry, shape: shapes.Type, path: str, lines: dict[str, int]) -> list[Any]:
    if not isinstance(shape, shapes.StructType):
        return [line.strip() for _, line in entry.below]
    found: list[Any] = []
    for fields in _split(read_entries(entry.below).all):
        place = f"{path}[{len(found)}]"
        lines.setdefault(place, fields[0].line)
        found.append(_fields(fields, shape, place, lines))
    return found


def _split(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    item: list[Entry] = []
    for entry in entries:
        if item and field_name(entry.key) <= field_name(item[-1].key):
            yield item
            item = []
        item.append(entry)
    if item:
        yield item
