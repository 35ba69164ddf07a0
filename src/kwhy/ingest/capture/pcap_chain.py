"""The chain of record headers of a pcap file: each says where the next one stands.

Long chains are walked in many places at once: at regular distances a place is guessed where headers seem to follow one
another, and from all of them numpy walks side by side. A guess counts only if the walk that begins before it ends
exactly there, so a wrong one costs time, never a record.

A damaged header (length beyond any packet, impossible fraction of a second) ends the chain; it is taken up again at the
next place where several headers in a row make sense.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from kwhy.ingest.capture.records import Damage, Data, Int64s, gathered

_HEADERS_IN_A_ROW: Final = 3
#: A guessed header's time must be this near the last sound one's (seconds): captures rarely span more.
_PLAUSIBLE_SPAN: Final = 400 * 86_400
_FIRST_WINDOW, _LARGEST_WINDOW = 1 << 9, 1 << 22
#: After so many damaged places the rest of a file is given up.
MOST_DAMAGES: Final = 1000
#: After a damaged place the chain is walked and checked in pieces that begin this small (bytes).
_CAUTIOUS_REACH: Final = 1 << 14
#: Offsets are kept as Python integers for this many bytes of the file at a time.
_STRETCH: Final = 1 << 24
#: Walking side by side: how many walks, the least bytes for each, and the most bytes for all at once.
_LANES: Final = 512
_LANE_BYTES: Final = 1 << 14
_LEAP_BYTES: Final = 1 << 28
#: A guess is looked for in so many bytes; where frames are longer, fewer walks start.
_GUESS_WINDOW: Final = 1 << 12

_State: TypeAlias = Literal["end", "more", "cut", "damaged"]


@dataclass(frozen=True)
class Chain:
    """``order``: byte order. ``limit``: the longest packet believed. ``fractions``: how many make a second."""

    data: Data
    order: str
    limit: int
    fractions: int

    @cached_property
    def header(self) -> np.dtype[np.void]:
        u4 = self.order + "u4"
        return np.dtype([("second", u4), ("fraction", u4), ("stored", u4), ("length", u4)])

    def records_from(self, position: int) -> tuple[Int64s, list[Damage], bool]:
        """Offsets of the record headers, the damaged places, and whether the last record is incomplete."""
        pieces: list[Int64s] = []
        damages: list[Damage] = []
        count, reach = 0, len(self.data)
        while True:
            heads, stop, state = self._run(position, reach)
            pieces.append(heads)
            count += len(heads)
            if state == "end":
                return np.concatenate(pieces), damages, False
            if state == "more":
                position, reach = stop, reach * 8
                continue
            position = self._resumed(stop + 1, self._last_second(pieces)) if len(damages) < MOST_DAMAGES else -1
            reach = _CAUTIOUS_REACH
            if state == "cut" and position < 0:
                why = "the file ends inside this record: the capture is truncated"
                damages.append(Damage(count + 1, stop, why))
                return np.concatenate(pieces), damages, True
            lost = (position if position >= 0 else len(self.data)) - stop
            damages.append(Damage(count + 1, stop, f"no valid record header; {lost} bytes are skipped"))
            if position < 0:
                return np.concatenate(pieces), damages, False

    def _run(self, position: int, reach: int) -> tuple[Int64s, int, _State]:
        """The unbroken chain of sound headers from ``position``, at most about ``reach`` bytes of it."""
        pieces: list[Int64s] = []
        while reach >= len(self.data) and (leap := self._leap(position)) is not None:
            heads, position = leap
            pieces.append(heads)
        heads, stop, state = self._one_by_one(position, reach)
        heads = np.concatenate((*pieces, heads))
        fields = gathered(self.data, heads, self.header)
        bad = np.flatnonzero((fields["fraction"] >= self.fractions) | (fields["stored"] > self.limit))
        if len(bad):
            return heads[: bad[0]], int(heads[bad[0]]), "damaged"
        return heads, stop, state

    def _one_by_one(self, position: int, reach: int) -> tuple[Int64s, int, _State]:
        length_at = struct.Struct(self.order + "I").unpack_from
        data = self.data
        pieces: list[Int64s] = [np.empty(0, dtype=np.int64)]
        here = position + 8  # the field "stored length"
        last = len(data) - 8
        enough = min(last, position + reach)
        while here <= enough:
            fields: list[int] = []
            append = fields.append
            stretch = min(enough, here + _STRETCH)
            while here <= stretch:
                append(here)
                here += 16 + length_at(data, here)[0]
            pieces.append(np.array(fields, dtype=np.int64))
        heads = np.concatenate(pieces) - 8
        end = here - 8
        if end == len(data):
            return heads, end, "end"
        if end < len(data):
            return heads, end, "more" if here <= last else "cut"
        stored = length_at(data, int(heads[-1]) + 8)[0]
        return heads[:-1], int(heads[-1]), "cut" if stored <= self.limit else "damaged"

    def _leap(self, position: int) -> tuple[Int64s, int] | None:
        """A part of the chain from ``position``, walked in many places at once, and where it goes on.

        None where too little is left for that, or no guess proves right.
        """
        end = min(len(self.data), position + _LEAP_BYTES)
        lanes = min(_LANES, (end - position) // _LANE_BYTES)
        if lanes < 2:
            return None
        second = struct.unpack_from(self.order + "I", self.data, position)[0]
        guesses = [self._guess(position + lane * (end - position) // lanes, second) for lane in range(1, lanes)]
        starts = np.array([position, *(guess for guess in guesses if guess >= 0)], dtype=np.int64)
        if len(starts) < 2:
            return None
        begins, stops = starts[:-1], starts[1:]
        steps, reached = self._side_by_side(begins, stops)
        wrong = np.flatnonzero(reached != stops)
        proven = int(wrong[0]) if len(wrong) else len(begins)
        if proven == 0:
            return None
        table = steps[:, :proven].T
        return table[table < stops[:proven, None]], int(starts[proven])

    def _side_by_side(self, begins: Int64s, stops: Int64s) -> tuple[Int64s, Int64s]:
        """Every walk's header offsets, one row per step (at or behind its stop: done), and where each walk ended."""
        here, rows = begins, []
        last = len(self.data) - self.header.itemsize
        windows = np.ndarray((len(self.data) - 3,), dtype="V4", buffer=self.data, strides=(1,))
        while (walking := here < stops).any():
            rows.append(here)
            stored = windows[np.minimum(here, last) + 8].view(self.order + "u4")
            here = np.where(walking, here + 16 + stored, here)
        return np.array(rows, dtype=np.int64).reshape(-1, len(begins)), here

    def _guess(self, position: int, near: int) -> int:
        window = _FIRST_WINDOW
        while window <= _GUESS_WINDOW:
            found = self._plausible(position, min(position + window, len(self.data)), near)
            if found >= 0:
                return found
            position, window = position + window, window * 8
        return -1

    def _resumed(self, position: int, near: int | None) -> int:
        """The next offset at which several headers in a row make sense; -1 if there is none."""
        window = _FIRST_WINDOW
        while position < len(self.data):
            found = self._plausible(position, position + window, near)
            if found >= 0:
                return found
            position, window = position + window, min(window * 8, _LARGEST_WINDOW)
        return -1

    def _plausible(self, begin: int, end: int, near: int | None) -> int:
        """The first offset in a range from which headers follow one another; -1 if there is none."""
        offsets = np.arange(begin, min(end, len(self.data) - self.header.itemsize + 1), dtype=np.int64)
        fields = gathered(self.data, offsets, self.header)
        good: npt.NDArray[np.bool_] = (fields["fraction"] < self.fractions) & (fields["stored"] <= self.limit)
        good &= (fields["length"] >= fields["stored"]) & (fields["stored"] > 0) & (fields["length"] < 1 << 24)
        if near is not None:
            good &= np.abs(fields["second"].astype(np.int64) - near) < _PLAUSIBLE_SPAN
        return next((offset for offset in offsets[good].tolist() if self._headers_follow(offset)), -1)

    def _headers_follow(self, position: int) -> bool:
        """Whether some plausible headers in a row, close together in time, begin here, or fewer that end the file."""
        begun = None
        for _ in range(_HEADERS_IN_A_ROW):
            if position == len(self.data):
                return begun is not None
            if position + self.header.itemsize > len(self.data):
                return False
            second, fraction, stored, length = struct.unpack_from(self.order + "IIII", self.data, position)
            if fraction >= self.fractions or stored > self.limit or length < stored:
                return False
            if begun is not None and abs(second - begun) > _PLAUSIBLE_SPAN:
                return False
            begun = second
            position += self.header.itemsize + stored
        return True

    def _last_second(self, pieces: list[Int64s]) -> int | None:
        for heads in reversed(pieces):
            if len(heads):
                return int(struct.unpack_from(self.order + "I", self.data, int(heads[-1]))[0])
        return None
