"""YAML streams of objects: `kubectl get -o yaml`, manifests, must-gather files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from kwhy.ingest.api.collecting import Collected, collection_paused
from kwhy.ingest.api.kinds import item_kind
from kwhy.ingest.api.listings import listings
from kwhy.ingest.api.yaml_events import Builder, Item, Refused
from kwhy.ingest.api.yaml_lines import LinesOnDemand
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Parsed

#: "---", "--- # comment", "..."; inside scalars such a line would be indented (YAML 1.1, 9.2).
_SEPARATOR: Final = expression(rb"^(?:---|\.\.\.)(?=[ \t\n]|\Z)", re.MULTILINE)


def parse_yaml(document: Document) -> Iterator[Parsed]:
    """All objects of a stream, each with its line. A document that cannot be read does not harm the others."""
    singles = Collected(document, "documents")
    for index, (text, first_line) in enumerate(_documents(document)):
        if text.strip():
            yield from _one(document, text, first_line, index, singles)
    yield from singles.facts()


def _documents(document: Document) -> Iterator[tuple[bytes, int]]:
    """Each YAML document's text with the line of the source on which it begins."""
    data = bytes(document.data)
    start, line = 0, document.first_line
    for separator in _SEPARATOR.finditer(data):
        yield data[start : separator.start()], line
        line += data.count(b"\n", start, separator.start())
        start = separator.end()
    yield data[start:], line


def _one(document: Document, text: bytes, first_line: int, index: int, singles: Collected) -> Iterator[Parsed]:
    collected = Collected(document, f"documents[{index}].items" if index else "items")

    def keep(item: Item) -> None:
        first, end = first_line + item.first, first_line + max(item.end, item.first + 1)
        collected.lines[item.index] = LinesOnDemand(document, first, end)
        collected.value(item.value, item.index)

    builder = Builder(keep)
    problem: Refused | None = None
    with collection_paused():
        try:
            builder.build(text)
        except Refused as refused:
            problem = refused
    root = builder.root
    if builder.saw_items:
        yield from _list(collected, root if isinstance(root, dict) else {}, complete=problem is None)
    elif problem is None and _is_object(root):
        last = first_line + text.count(b"\n") + 1
        singles.lines[index] = LinesOnDemand(document, first_line + _blank_lines(text), last)
        singles.value(root, index)
    elif problem is None and root is not None:
        yield Unparsed(document.at(line=first_line), "a Kubernetes object in YAML was expected")
    if problem is not None:
        line = first_line + (problem.line or 0)
        yield Unparsed(document.at(line=line), problem.why)


def _list(collected: Collected, root: dict[str, Any], *, complete: bool) -> Iterator[Parsed]:
    kind, metadata = root.get("kind"), root.get("metadata")
    stated = kind if isinstance(kind, str) else ""
    is_page = isinstance(metadata, dict) and bool(metadata.get("continue"))
    yield from collected.facts()
    # Block YAML that was cut is still YAML: a list without its kind, which kubectl writes last, was cut.
    if not stated and complete:
        place = collected.document.at(path=collected.path)
        yield Unparsed(place, "the kind of the list, which stands behind its items, is missing: the text was cut")
        complete = False
    yield from listings(collected, item_kind(stated), complete=complete and not is_page)


def _is_object(root: object) -> bool:
    return isinstance(root, dict) and "kind" in root


def _blank_lines(text: bytes) -> int:
    """Lines before the first content."""
    return text[: len(text) - len(text.lstrip())].count(b"\n")
