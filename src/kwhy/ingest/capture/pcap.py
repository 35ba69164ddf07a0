"""Records of classic pcap files.

A damaged record header (length beyond any packet, impossible fraction of a second) ends the chain; the walk is taken
up again at the next place where three record headers in a row make sense.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from kwhy.ingest.capture.magic import PCAP_MAGICS
from kwhy.ingest.capture.records import LONGEST_PACKET, Damage, Data, Int64s, Port, Records, gathered, no_records

_FILE_HEADER: Final = 24
_RECORD_HEADER: Final = 16
#: The link type is the low 16 bits; the upper ones carry the length of a frame check sequence.
_LINK_TYPE_MASK: Final = 0xFFFF
#: A resynchronised record's time must be this near the last sound one's (seconds): captures rarely span more.
_PLAUSIBLE_SPAN: Final = 400 * 86_400
_SEARCH_WINDOW: Final = 1 << 22
_HEADERS_IN_A_ROW: Final = 3
#: Offsets are kept as Python integers for this many bytes of the file at a time.
_STRETCH: Final = 1 << 24


def walk(data: Data) -> Records:
    """Every record of the file ``data``."""
    order, unit = PCAP_MAGICS[bytes(data[:4])]
    if len(data) < _FILE_HEADER:
        why = f"the file ends inside its header: {_FILE_HEADER} bytes were expected, {len(data)} are there"
        return no_records([], [Damage(0, 0, why)], truncated=True)
    snap_length, link_type = struct.unpack_from(order + "II", data, 16)
    port = Port(link_type & _LINK_TYPE_MASK, snap_length=snap_length)
    limit = max(LONGEST_PACKET, snap_length if snap_length < 1 << 27 else 0)
    heads, damages, truncated = _chain(data, order, limit, 1_000_000_000 // unit)
    layout = np.dtype(
        [("second", order + "u4"), ("fraction", order + "u4"), ("stored", order + "u4"), ("length", order + "u4")]
    )
    fields = gathered(data, heads, layout)
    time = fields["second"].astype(np.int64) * 1_000_000_000 + fields["fraction"].astype(np.int64) * unit
    return Records(
        [port],
        heads + _RECORD_HEADER,
        fields["stored"].astype(np.int64),
        fields["length"].astype(np.int64),
        time,
        np.zeros(len(heads), dtype=np.uint16),
        damages,
        truncated,
    )


def _chain(data: Data, order: str, limit: int, fractions: int) -> tuple[Int64s, list[Damage], bool]:
    """Offsets of the record headers, the damaged places, and whether the last record is incomplete."""
    pieces: list[Int64s] = []
    damages: list[Damage] = []
    count, position = 0, _FILE_HEADER
    while True:
        heads, stop, state = _run(data, order, limit, position)
        first_bad = _first_impossible(data, order, fractions, heads)
        if first_bad is not None:
            stop, state, heads = int(heads[first_bad]), "damaged", heads[:first_bad]
        pieces.append(heads)
        count += len(heads)
        if state == "end":
            return np.concatenate(pieces), damages, False
        if state == "cut":
            damages.append(Damage(count + 1, stop, "the file ends inside this record: the capture is truncated"))
            return np.concatenate(pieces), damages, True
        near = _second_of(data, order, pieces)
        position = _resynchronised(data, order, limit, fractions, stop + 1, near)
        lost = (position if position >= 0 else len(data)) - stop
        damages.append(Damage(count + 1, stop, f"no valid record header; {lost} bytes are skipped"))
        if position < 0:
            return np.concatenate(pieces), damages, False


def _run(data: Data, order: str, limit: int, position: int) -> tuple[Int64s, int, str]:
    """The unbroken chain of records from ``position``: header offsets, where it stops, and why."""
    length_at = struct.Struct(order + "I").unpack_from
    pieces: list[Int64s] = []
    here = position + 8  # the field "stored length"
    last = len(data) - 8
    while here <= last:  # the one loop over all records: nothing is done here that numpy can do below
        fields: list[int] = []
        append = fields.append
        stretch = min(last, here + _STRETCH)
        while here <= stretch:
            append(here)
            here += 16 + length_at(data, here)[0]
        pieces.append(np.array(fields, dtype=np.int64))
    offsets = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)
    too_long = np.flatnonzero(gathered(data, offsets, np.dtype([("v", order + "u4")]))["v"] > limit)
    offsets -= 8
    if len(too_long):
        first = int(too_long[0])
        return offsets[:first], int(offsets[first]), "damaged"
    end = here - 8
    if end == len(data):
        return offsets, end, "end"
    if end < len(data):
        return offsets, end, "cut"
    return offsets[:-1], int(offsets[-1]), "cut"


def _first_impossible(data: Data, order: str, fractions: int, heads: Int64s) -> int | None:
    layout = np.dtype([("fraction", order + "u4")])
    bad = np.flatnonzero(gathered(data, heads + 4, layout)["fraction"] >= fractions)
    return int(bad[0]) if len(bad) else None


def _second_of(data: Data, order: str, pieces: list[Int64s]) -> int | None:
    for heads in reversed(pieces):
        if len(heads):
            return int(struct.unpack_from(order + "I", data, int(heads[-1]))[0])
    return None


def _resynchronised(data: Data, order: str, limit: int, fractions: int, position: int, near: int | None) -> int:
    """The next offset at which several record headers in a row make sense; -1 if there is none."""
    layout = np.dtype(
        [("second", order + "u4"), ("fraction", order + "u4"), ("stored", order + "u4"), ("length", order + "u4")]
    )
    end = len(data) - _RECORD_HEADER + 1
    while position < end:
        offsets = np.arange(position, min(position + _SEARCH_WINDOW, end), dtype=np.int64)
        fields = gathered(data, offsets, layout)
        good = (fields["fraction"] < fractions) & (fields["stored"] <= limit) & (fields["length"] >= fields["stored"])
        good &= (fields["stored"] > 0) & (fields["length"] < 1 << 24)
        if near is not None:
            good &= np.abs(fields["second"].astype(np.int64) - near) < _PLAUSIBLE_SPAN
        for offset in offsets[good].tolist():
            if _headers_follow(data, order, limit, fractions, offset):
                return int(offset)
        position = int(offsets[-1]) + 1
    return -1


def _headers_follow(data: Data, order: str, limit: int, fractions: int, position: int) -> bool:
    """Whether some plausible records in a row, close together in time, begin here, or fewer that end the file."""
    begun = None
    for _ in range(_HEADERS_IN_A_ROW):
        if position == len(data):
            return begun is not None
        if position + _RECORD_HEADER > len(data):
            return False
        second, fraction, stored, length = struct.unpack_from(order + "IIII", data, position)
        if fraction >= fractions or stored > limit or length < stored:
            return False
        if begun is not None and abs(second - begun) > _PLAUSIBLE_SPAN:
            return False
        begun = second
        position += _RECORD_HEADER + stored
    return True
