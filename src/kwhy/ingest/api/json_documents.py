"""JSON text of any shape that tools write objects in: one object, a list, several of either one after another."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.ingest.api.collecting import DECODE_ERRORS, Collected, collection_paused
from kwhy.ingest.api.dump import LOG_MARKER, log_section
from kwhy.ingest.api.json_list import LIST_HEAD, decode_items
from kwhy.ingest.api.json_text import Broken, after_space, line_of, trailing, value_end
from kwhy.ingest.api.kinds import Envelope, ListMeta, ListTail, item_kind
from kwhy.ingest.api.listings import listings
from kwhy.ingest.api.tables import table_facts
from kwhy.ingest.kubectl.command import parse_command
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Parsed

_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_TAIL: Final = msgspec.json.Decoder(ListTail)
_LIST_META: Final = msgspec.json.Decoder(ListMeta)
#: A list's fields behind its items begin like this, so that they decode as an object.
_REOPENED: Final = b'{"":0'
_TAIL_WINDOW: Final = 1 << 16
_NEXT_VALUE: Final = expression(rb"^[ \t]*[\[{]", re.MULTILINE)


def parse_json(document: Document) -> Iterator[Parsed]:
    """All objects of a document, in order; what is no JSON between them is told."""
    yield from _Documents(document).run()


class _Documents:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.data: bytes | mmap.mmap = document.data
        self.position = 0
        self.index = 0
        self.singles = Collected(document, "documents")

    def run(self) -> Iterator[Parsed]:
        size = len(self.data)
        while (start := after_space(self.data, self.position)) < size:
            self.position = start
            opening = self.data[start : start + 1]
            if opening == b"{" and (head := LIST_HEAD.match(self.data, start)):
                yield from self._list(head)
            elif opening == b"{":
                yield from self._object()
            elif opening == b"[":
                yield from self._array()
            elif opening == b"," or self.data[start : start + 3] == b"---":
                self.position = start + (1 if opening == b"," else 3)
                continue
            elif LOG_MARKER.match(self.data, start):
                nested, self.position = log_section(self.document, start)
                yield nested
                continue
            else:
                yield self._no_json(start)
                continue
            self.index += 1
        if self.index == 1:
            self.singles.path = ""
        yield from self.singles.facts()

    def _prefix(self) -> str:
        return f"documents[{self.index}]." if self.index else ""

    def _list(self, head: re.Match[bytes]) -> Iterator[Parsed]:
        stated = _stated(head[0])
        collected = Collected(self.document, f"{self._prefix()}items")
        end = decode_items(
            collected, head.end(), item_kind(stated.kind), stated.api_version if stated.kind != "List" else ""
        )
        complete = end.position is not None
        meta = _meta(stated)
        if end.position is None:
            self.position = len(self.data)
            if not collected.unparsed:
                yield self._cut_off("the list does not end", head.start())
        else:
            tail = self._tail(end.position)
            if tail is None:
                complete = False
                yield self._cut_off("the list does not end", end.position)
            else:
                stated = Envelope(kind=stated.kind or tail.kind, api_version=stated.api_version or tail.api_version)
                meta = meta or tail.metadata
        yield from collected.facts()
        is_page = bool(meta and meta.continue_)
        yield from listings(collected, item_kind(stated.kind), complete=complete and not is_page)

    def _tail(self, start: int) -> ListTail | None:
        """The fields behind the items; moves on to the end of the list's object. None where it does not end."""
        size = _TAIL_WINDOW
        while True:
            window = _REOPENED + self.data[start : start + size]
            end = len(window)
            try:
                tail = _TAIL.decode(window)
            except DECODE_ERRORS as error:
                found = trailing(error)
                if found is not None:
                    end = found
                    try:
                        tail = _TAIL.decode(window[:found])
                    except DECODE_ERRORS:
                        tail = ListTail()
                elif start + size < len(self.data):
                    size *= 16
                    continue
                else:
                    self.position = self._resumed(start)
                    return None
            self.position = start + end - len(_REOPENED)
            return tail

    def _array(self) -> Iterator[Parsed]:
        """A bare array of objects, as `jq .items` and support bundles write it. It lists only what a command says."""
        command = parse_command(self.document.command)
        kind = command.kinds[0] if command is not None and len(command.kinds) == 1 else ""
        collected = Collected(self.document, f"{self._prefix()}$")
        end = decode_items(collected, self.position + 1, kind, "")
        if end.position is None:
            if not collected.unparsed:
                yield self._cut_off("the array does not end", self.position)
            self.position = len(self.data)
        else:
            self.position = end.position
        yield from collected.facts()
        yield from listings(collected, "", complete=end.position is not None and command is not None)

    def _object(self) -> Iterator[Parsed]:
        start = self.position
        end, problem = self._value_end(start)
        if problem is not None:
            self.position = self._resumed(start)
            if problem.cut:
                yield self._cut_off("the object is cut off by the end of the text", start)
            else:
                line = line_of(self.data, start, self.document.first_line)
                yield Unparsed(self.document.at(line=line), f"a JSON object was expected: {problem.why}")
            return
        raw = self.data[start:end]
        self.position = end
        yield from self._whole(raw)

    def _value_end(self, start: int) -> tuple[int, Broken | None]:
        with memoryview(self.data) as view, collection_paused():
            try:
                return value_end(view, start), None
            except Broken as broken:
                return start, broken

    def _whole(self, raw: bytes) -> Iterator[Parsed]:
        try:
            envelope = _ENVELOPE.decode(raw)
        except DECODE_ERRORS:
            self.singles.raw(raw, self.index)
            return
        if envelope.kind == "Table":
            yield from table_facts(self.document, raw, self._prefix())
        elif isinstance(envelope.items, list) and (envelope.kind.endswith("List") or not envelope.kind):
            collected = Collected(self.document, f"{self._prefix()}items")
            for index, item in enumerate(envelope.items):
                collected.raw(
                    item, index, item_kind(envelope.kind), "" if envelope.kind == "List" else envelope.api_version
                )
            yield from collected.facts()
            meta = _meta(envelope)
            yield from listings(collected, item_kind(envelope.kind), complete=not (meta and meta.continue_))
        else:
            self.singles.raw(raw, self.index)

    def _resumed(self, start: int) -> int:
        """The next line that begins with a bracket, behind something that could not be read."""
        found = _NEXT_VALUE.search(self.data, start + 1)
        return found.start() if found else len(self.data)

    def _no_json(self, start: int) -> Unparsed:
        """Text between the values."""
        line_end = self.data.find(b"\n", start)
        line_end = len(self.data) if line_end < 0 else line_end
        excerpt = self.data[start : min(line_end, start + 400)].decode("utf-8", "replace")
        following = _NEXT_VALUE.search(self.data, start)
        marker = LOG_MARKER.search(self.data, start)
        places = [found.start() for found in (following, marker) if found is not None]
        self.position = min(places, default=len(self.data))
        line = line_of(self.data, start, self.document.first_line)
        return Unparsed(self.document.at(line=line, excerpt=excerpt), "text where a JSON object was expected")

    def _cut_off(self, what: str, start: int) -> Unparsed:
        end = len(self.data)
        line = line_of(self.data, end, self.document.first_line)
        began = line_of(self.data, start, self.document.first_line)
        return Unparsed(self.document.at(line=line), f"{what} (begun on line {began}, cut at byte {end}, line {line})")


def _stated(head: bytes) -> Envelope:
    """What the text before the items says."""
    try:
        return _ENVELOPE.decode(head + b"]}")
    except DECODE_ERRORS:
        return Envelope()


def _meta(envelope: Envelope) -> ListMeta | None:
    if not isinstance(envelope.metadata, msgspec.Raw):
        return None
    try:
        return _LIST_META.decode(envelope.metadata)
    except DECODE_ERRORS:
        return None
