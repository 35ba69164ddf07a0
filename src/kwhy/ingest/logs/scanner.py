"""One pass over a log: where any of the anchors stands, chunk by chunk, whatever the size."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from kwhy.ingest.logs.anchors import anchors
from kwhy.ingest.logs.database import Database, anchor_database

#: Chunks fit the processor's cache: hyperscan and the counting of line ends run at its speed (measured: 1 MiB 3.7 GB/s,
#: 8 MiB 2.4 GB/s).
CHUNK = 1 << 20
#: Below this a find per anchor is faster than importing hyperscan (measured: 0.1 ms per KiB against 13 ms).
_WORTH_HYPERSCAN = 16 << 10

#: A touched byte maps up to a large folio around it (mm/filemap.c filemap_map_pages; v6.x).
_FOLIO = 2 << 20

#: Room for the number of a literal in a hit.
LITERAL_BITS = 10


class Chunk(NamedTuple):
    """A piece of the document that ends with a line, unless one line is longer than a chunk.

    ``hits``: where a literal ends in ``text``, shifted by :data:`LITERAL_BITS`, and its number; ascending. Numbers, not
    pairs: the garbage collector would look at millions of those.
    """

    offset: int
    text: bytes
    hits: list[int]


def chunks(data: bytes | mmap.mmap, *, error_words: bool) -> Iterator[Chunk]:
    """The whole of ``data`` with all hits; its pages are given back as it goes."""
    table = anchors()
    count = len(table.literals) if error_words else table.first_error
    use_database = len(data) >= _WORTH_HYPERSCAN or "hyperscan" in sys.modules
    offset, size = 0, len(data)
    while offset < size:
        end = _line_end(data, offset, min(offset + CHUNK, size), size)
        text = data[offset:end]
        yield Chunk(offset, text, _scan(_database(count), text) if use_database else _search(text, count))
        give_back(data, offset, end)
        offset = end


def _line_end(data: bytes | mmap.mmap, start: int, end: int, size: int) -> int:
    """The end of the last line that ends at or before ``end``; of the next one if that line is longer than a chunk."""
    if end == size:
        return size
    last = data.rfind(b"\n", start, end)
    if last < 0:
        last = data.find(b"\n", end, end + 15 * CHUNK)
    # A line longer than sixteen chunks is cut: an anchor on the cut is lost, line numbers stay right.
    return last + 1 if last >= 0 else min(end + 15 * CHUNK, size)


@cache
def _database(count: int) -> Database:
    return anchor_database(anchors().literals[:count])


def _scan(database: Database, text: bytes) -> list[int]:
    hits: list[int] = []
    append = hits.append

    def on_match(literal: int, _start: int, end: int, _flags: int, _context: object) -> None:
        append(end << LITERAL_BITS | literal)

    database.scan(text, match_event_handler=on_match)
    hits.sort()
    return hits


def _search(text: bytes, count: int) -> list[int]:
    hits: list[int] = []
    for number, literal in enumerate(anchors().literals[:count]):
        position = text.find(literal)
        while position >= 0:
            hits.append(position + len(literal) << LITERAL_BITS | number)
            position = text.find(literal, position + 1)
    hits.sort()
    return hits


def give_back(data: bytes | mmap.mmap, start: int, end: int) -> None:
    """Tell the kernel that the pages will not be read soon.

    Only for read-only maps: those are files, while the same hint would empty a writable anonymous map.
    """
    if not isinstance(data, mmap.mmap) or not hasattr(mmap, "MADV_DONTNEED"):
        return
    with memoryview(data) as view:
        readonly = view.readonly
    if readonly:
        first = start - start % _FOLIO
        data.madvise(mmap.MADV_DONTNEED, first, min(len(data), end + _FOLIO - end % _FOLIO) - first)
