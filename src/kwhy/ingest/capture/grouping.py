"""Which packets belong to one conversation: interface, protocol, both addresses and ports, either way round."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

from kwhy.ingest.capture.columns import Conversation
from kwhy.ingest.capture.headers import Headers
from kwhy.ingest.capture.protocols import protocol_name

#: Two addresses of two words each, then ports, protocol, interface and IP version in one word.
_KEY_WORDS: Final = 5
_KEY: Final = struct.Struct(f"={_KEY_WORDS}Q")
_ODD: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD)


#: Slots per conversation in the table of known keys; the fuller it is, the more packets take the slow way.
_SLOTS_PER_KEY: Final = 8
_FIRST_SLOTS: Final = 1 << 16
_SAMPLE: Final = 1024
_SAMPLE_STEP: Final = 8


@dataclass(eq=False)
class Grouping:
    """Numbers conversations in order of appearance. Keys are compared whole: equal hashes never merge two.

    ``numbers`` is complete; ``table`` is a shortcut to it that numpy can search: the conversation found at a key's
    hash, taken only if its whole key (a column of ``known``, which has room to spare) is the packet's.
    """

    numbers: dict[bytes, int] = field(default_factory=dict)
    table: npt.NDArray[np.int32] = field(default_factory=lambda: np.full(_FIRST_SLOTS, -1, dtype=np.int32))
    known: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros((_KEY_WORDS, 1), dtype=np.uint64))

    def assign(
        self, headers: Headers, rows: npt.NDArray[np.int64], port: npt.NDArray[np.uint16]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
        """The conversation of each packet in ``rows``, and whether its lower end sent it."""
        keys, up = _keys(headers, rows, port)
        mixed = _mixed(keys)
        found = self._looked_up(keys, mixed)
        new = np.flatnonzero(found < 0)
        if len(new) > _SAMPLE:  # conversations come in bursts: a sample makes most of a burst known
            few = new[::_SAMPLE_STEP]
            found[few] = self._numbered(keys[few], mixed[few])
            found[new] = self._looked_up(keys[new], mixed[new])
            new = np.flatnonzero(found < 0)
        if len(new):
            found[new] = self._numbered(keys[new], mixed[new])
        return found, up

    def _looked_up(self, keys: npt.NDArray[np.uint64], mixed: npt.NDArray[np.uint64]) -> npt.NDArray[np.int32]:
        """Conversations that the table knows; -1 for the others."""
        found = self.table[(mixed & np.uint64(len(self.table) - 1)).astype(np.int64)]
        differs = found < 0
        for word in range(_KEY_WORDS):
            differs |= self.known[word][found] != keys[:, word]  # of -1 the last key is compared: no harm
        found[differs] = -1
        return found

    def _numbered(self, keys: npt.NDArray[np.uint64], mixed: npt.NDArray[np.uint64]) -> npt.NDArray[np.int32]:
        """Conversations by the dictionary, new ones included."""
        _, example, group = np.unique(mixed, return_index=True, return_inverse=True)
        if not (keys[example][group] == keys).all():  # a collision: compare whole keys, slowly
            _, example, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        numbers = self.numbers
        before = len(numbers)
        distinct = [numbers.setdefault(key, len(numbers)) for key in _as_bytes(keys[example])]
        if len(numbers) > before:
            self._extend(before)
        return np.array(distinct, dtype=np.int32)[group.reshape(-1)]

    def _extend(self, before: int) -> None:
        """Take the conversations from ``before`` on into the table, which grows with them."""
        count = len(self.numbers)
        fresh = [*islice(reversed(self.numbers), count - before)][::-1]
        added = np.frombuffer(b"".join(fresh), dtype=np.uint64).reshape(-1, _KEY_WORDS)
        if count > self.known.shape[1]:
            room = np.zeros((_KEY_WORDS, 2 * count), dtype=np.uint64)
            room[:, :before] = self.known[:, :before]
            self.known = room
        self.known[:, before:count] = added.T
        if count * _SLOTS_PER_KEY > len(self.table):
            self.table = np.full(1 << (2 * count * _SLOTS_PER_KEY).bit_length(), -1, dtype=np.int32)
            before, added = 0, self.known[:, :count].T
        places = (_mixed(added) & np.uint64(len(self.table) - 1)).astype(np.int64)
        self.table[places] = np.arange(before, count, dtype=np.int32)

    def conversations(self) -> list[Conversation]:
        return [_conversation(key) for key in self.numbers]


def _keys(
    headers: Headers, rows: npt.NDArray[np.int64], port: npt.NDArray[np.uint16]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.bool_]]:
    sh, sl = headers.source_high[rows], headers.source_low[rows]
    dh, dl = headers.destination_high[rows], headers.destination_low[rows]
    sp, dp = headers.source_port[rows].astype(np.uint64), headers.destination_port[rows].astype(np.uint64)
    down = (sh > dh) | ((sh == dh) & ((sl > dl) | ((sl == dl) & (sp > dp))))
    keys = np.empty((len(rows), _KEY_WORDS), dtype=np.uint64)
    keys[:, 0] = np.where(down, dh, sh)
    keys[:, 1] = np.where(down, dl, sl)
    keys[:, 2] = np.where(down, sh, dh)
    keys[:, 3] = np.where(down, sl, dl)
    low_port, high_port = np.where(down, dp, sp), np.where(down, sp, dp)
    keys[:, 4] = (
        low_port << np.uint64(48)
        | high_port << np.uint64(32)
        | headers.protocol[rows].astype(np.uint64) << np.uint64(24)
        | headers.version[rows].astype(np.uint64) << np.uint64(16)
        | port[rows].astype(np.uint64)
    )
    return keys, ~down


def _mixed(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of each key; wrapping multiplication is intended."""
    mixed = np.zeros(len(keys), dtype=np.uint64)
    for word in range(_KEY_WORDS):
        mixed = (mixed ^ keys[:, word]) * np.uint64(_ODD[word])
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _as_bytes(keys: npt.NDArray[np.uint64]) -> list[bytes]:
    size = keys.itemsize * _KEY_WORDS
    raw = keys.tobytes()
    return [raw[start : start + size] for start in range(0, len(raw), size)]


def _conversation(key: bytes) -> Conversation:
    low_high, low_low, high_high, high_low, rest = _KEY.unpack(key)
    version = rest >> 16 & 0xFF
    return Conversation(
        rest & 0xFFFF,
        protocol_name(rest >> 24 & 0xFF),
        address(version, low_high, low_low),
        rest >> 48,
        address(version, high_high, high_low),
        rest >> 32 & 0xFFFF,
    )


@lru_cache(maxsize=65536)
def address(version: int, high: int, low: int) -> str:
    """An address in its usual text, from two words (IPv4 has only the second)."""
    if version == 4:
        return f"{low >> 24}.{low >> 16 & 255}.{low >> 8 & 255}.{low & 255}"
    return str(IPv6Address(high << 64 | low))
