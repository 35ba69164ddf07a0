"""The items of a long JSON list, decoded piece by piece straight into their structs.

A typed decode of the whole text would hold the text in memory beside the objects, and one wrong field in one of
150 000 objects would lose all. Pieces are cut where an item ends: at a comma followed by exactly the bytes with which
the second item begins (`{`, white space, its first key). Inside a JSON string neither an unescaped quote nor a line
feed stands, so these bytes are structure; that they might belong to a nested list shows when the piece does not decode.
"""

from __future__ import annotations

import mmap
from typing import Final

import msgspec

from kwhy.facts.objects import ApiStruct
from kwhy.ingest.api.collecting import DECODE_ERRORS, Collected, collection_paused
from kwhy.ingest.api.json_text import Broken, after_space, line_of, trailing, value_end
from kwhy.ingest.api.kinds import FOREIGN_TWINS, Envelope, struct_for
from kwhy.ingest.storage import released
from kwhy.model.document import Mark, Unparsed
from kwhy.model.expressions import expression

PIECE_BYTES: Final = 1 << 18
#: Lists in longer documents leave marks.
_MARKED_FROM: Final = 4 << 20
#: Lines of longer documents are counted by numpy, in a fifth of the time; it takes a tenth of a second to import.
_COUNTED_BY_NUMPY: Final = 64 << 20
#: How far behind a piece the end of its last item is looked for; objects in etcd are smaller than 1.5 MiB.
_SEARCHED_BYTES: Final = 4 << 20

#: The beginning of a list, as kubectl and the API server write it: nothing large stands before "items".
LIST_HEAD: Final = expression(
    rb"\{\s*(?:\"(?:apiVersion|kind)\"\s*:\s*\"[^\"\\]{0,200}\"\s*,\s*|\"metadata\"\s*:\s*\{[^{}]{0,4000}\}\s*,\s*){0,3}"
    rb"\"items\"\s*:\s*\["
)
_FIRST_ITEM: Final = expression(rb"\s*\{\s*\"[^\"\\]{1,64}\"\s*:")
_NEXT_ITEM: Final = expression(rb",\s*\{\s*\"[^\"\\]{1,64}\"\s*:")
_KIND_BEHIND: Final = expression(rb"\"kind\"\s*:\s*\"(\w{1,100})List\"")
_TAIL_BYTES: Final = 1 << 16

_HEAD_DECODER: Final = msgspec.json.Decoder(Envelope)
_LIST_DECODERS: dict[type[ApiStruct], msgspec.json.Decoder[list[ApiStruct]]] = {}


class ListEnd(msgspec.Struct, frozen=True):
    """``position`` is just behind the closing bracket; None where the list does not end."""

    position: int | None
    count: int


def decode_items(collected: Collected, start: int, kind: str, api_version: str) -> ListEnd:
    """Decode the items from ``start`` (just behind the opening bracket) on into ``collected``."""
    with collection_paused():
        return _Items(collected, start, kind, api_version).run()


class _Items:
    def __init__(self, collected: Collected, start: int, kind: str, api_version: str) -> None:
        self.collected = collected
        self.data: bytes | mmap.mmap = collected.document.data
        self.position = start
        self.kind = kind
        self.api_version = api_version
        self.index = 0
        self.struct: type[ApiStruct] | None = None
        self.separator = b""
        self.buffer = bytearray(b"[")
        self.released = start
        self.marking = collected.path == "items" and len(self.data) >= _MARKED_FROM
        self.line = collected.document.first_line + bytes(self.data[:start]).count(b"\n") if self.marking else 0

    def run(self) -> ListEnd:
        if _FIRST_ITEM.match(self.data, self.position) is None:  # an empty list, or elements that are no objects
            return self._rest()
        self._learn()
        while True:
            cut = self._cut(self.position + PIECE_BYTES)
            if cut is None:
                return self._rest()
            ended = self._piece(cut)
            if ended is not None:
                return ended

    def _learn(self) -> None:
        """How items begin and are separated in this text, and which struct the first one needs."""
        kind, api_version = self.kind, self.api_version
        try:
            item, separator = self._first_item()
            self.separator = separator
            envelope = _HEAD_DECODER.decode(item)
            kind, api_version = envelope.kind or kind, envelope.api_version or api_version
        except (*DECODE_ERRORS, Broken):
            pass  # read item by item below, where its problem is told
        if not kind:
            behind = _KIND_BEHIND.search(self.data, max(len(self.data) - _TAIL_BYTES, 0))
            kind = self.kind = behind[1].decode() if behind else ""
        if kind:
            self.struct = struct_for(kind, api_version)

    def _first_item(self) -> tuple[bytes, bytes]:
        """The first item, and what stands between it and the first key of the second, that included (b"" if alone)."""
        for size in (_TAIL_BYTES, PIECE_BYTES):
            window = self.data[self.position : self.position + size]
            start = after_space(window, 0)
            try:
                end = value_end(window, start)
            except Broken:
                continue
            following = _NEXT_ITEM.match(window, end)
            return window[start:end], following[0] if following else b""
        raise Broken("the first item is longer than a piece", cut=False)

    def _cut(self, position: int) -> int | None:
        """The comma before the first item that begins at or after ``position``."""
        if not self.separator:
            return None
        found = self.data.find(self.separator, position, position + _SEARCHED_BYTES)
        return found if found >= 0 else None

    def _piece(self, cut: int) -> ListEnd | None:
        """Decode the items before ``cut``. Returns the end of the list if it lies there."""
        text = self._bracketed(cut)
        self._mark(cut)
        ended: ListEnd | None = None
        taken = self._typed(text)
        if taken is None:
            ended = self._one_by_one(bytes(text), cut)
        elif taken < len(text):
            ended = ListEnd(self.position + taken - 1, self.index)
        released(self.data, self.released, cut)
        self.released = max(cut - mmap.PAGESIZE, 0)
        self.position = cut + 1
        return ended

    def _mark(self, cut: int) -> None:
        """Remember where this piece, which stands in the buffer, begins."""
        if self.marking:
            self.collected.document.marks.append(Mark(self.index, self.position, self.line))
            size = cut - self.position
            if len(self.data) < _COUNTED_BY_NUMPY:
                self.line += self.buffer.count(b"\n", 1, size + 1)
            else:
                import numpy as np  # only long documents need it

                piece = np.frombuffer(self.buffer, dtype=np.uint8, count=size, offset=1)
                self.line += int(np.count_nonzero(piece == ord("\n")))

    def _bracketed(self, cut: int) -> memoryview:
        """The text up to ``cut`` as an array of its own, in the one buffer that all pieces use."""
        size = cut - self.position + 2
        if len(self.buffer) < size:
            self.buffer = bytearray(size + PIECE_BYTES // 4)
            self.buffer[0] = ord("[")
        view = memoryview(self.buffer)
        with memoryview(self.data) as source:
            view[1 : size - 1] = source[self.position : cut]
        view[size - 1] = ord("]")
        return view[:size]

    def _rest(self) -> ListEnd:
        """Decode up to the closing bracket, wherever it is."""
        text = b"[" + self.data[self.position :]
        if self.marking:
            self.collected.document.marks.append(Mark(self.index, self.position, self.line))
        taken = self._typed(memoryview(text))
        if taken is not None:
            return ListEnd(self.position + taken - 1, self.index)
        return self._one_by_one(text, None) or ListEnd(None, self.index)

    def _typed(self, text: memoryview) -> int | None:
        """Decode a whole array of one kind: how many bytes it took; None where it is not that simple."""
        struct = self.struct
        if struct is None or (
            (twins := FOREIGN_TWINS.get(struct.__name__)) and any(twin in bytes(text) for twin in twins)
        ):
            return None
        decoder = _LIST_DECODERS.get(struct)
        if decoder is None:
            decoder = _LIST_DECODERS[struct] = msgspec.json.Decoder(list[struct])  # type: ignore[valid-type]
        taken = len(text)
        try:
            structs = decoder.decode(text)
        except DECODE_ERRORS as error:
            end = trailing(error)
            if end is None:
                return None
            try:
                structs = decoder.decode(text[:end])
            except DECODE_ERRORS:
                return None
            taken = end
        if not self.collected.bulk(structs, self.index, self.kind):
            return None
        self.index += len(structs)
        return taken

    def _one_by_one(self, text: bytes, cut: int | None) -> ListEnd | None:
        """Decode items singly: mixed kinds, wrong types, damage. Returns the end of the list if it lies here."""
        view = memoryview(text)
        at = after_space(text, 1)
        while at < len(text):
            if text[at : at + 1] == b"]":
                # The bracket at the very end of a piece is our own.
                own = cut is not None and at == len(text) - 1
                return None if own else ListEnd(self.position + at, self.index)
            try:
                end = value_end(view, at)
            except Broken as broken:
                skipped = self._damaged(text, at, broken, last=cut is None)
                if skipped is None:
                    return ListEnd(None, self.index)
                at = skipped
                continue
            self.collected.raw(view[at:end], self.index, self.kind, self.api_version)
            self.index += 1
            at = after_space(text, end)
            if text[at : at + 1] == b",":
                at = after_space(text, at + 1)
        return None if cut is not None else ListEnd(None, self.index)

    def _damaged(self, text: bytes, at: int, broken: Broken, *, last: bool) -> int | None:
        """Tell of an item that is no JSON; the place of the next one inside ``text``, None where there is none."""
        place = self.position + at - 1
        line = line_of(self.data, place, self.collected.document.first_line)
        where = f"the item that begins at byte {place} (line {line})"
        following = text.find(self.separator, at + 1) if self.separator else -1
        if broken.cut and last and following < 0:
            why = f"{where} is cut off by the end of the text; the {self.index} items before it were read"
        else:
            why = f"{where} is not valid JSON: {broken.why}"
        document = self.collected.document
        self.collected.unparsed.append(Unparsed(document.at(line=line), why))
        self.collected.lost += 1
        self.index += 1
        if following >= 0:
            return after_space(text, following + 1)
        return None if last else len(text)
