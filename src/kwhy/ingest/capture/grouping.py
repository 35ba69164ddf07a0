"""Which packets belong to one conversation: interface, protocol, both addresses and ports, either way round.

Keys are rows of 64-bit words: both addresses of IPv4 fit one word, those of IPv6 take four; the last word holds ports,
protocol and interface. Keys are compared whole: equal hashes never merge two conversations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

from kwhy.ingest.capture.columns import Ends, Names
from kwhy.ingest.capture.headers import Headers
from kwhy.ingest.capture.protocols import protocol_name
from kwhy.ingest.capture.records import Int64s

Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

_LOW_HALF: Final = np.uint64(0xFFFFFFFF)
_ODD: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD)
#: Slots per conversation in the table of known keys; the fuller it is, the more packets take the slow way.
_SLOTS_PER_KEY: Final = 8
_FIRST_SLOTS: Final = 1 << 16
#: More unknown packets than this are numbered in two passes, the first over every n-th of them.
_SAMPLE: Final = 1024
_SAMPLE_STEP: Final = 8


@dataclass(eq=False)
class _Keys:
    """The keys of one width seen so far, and the numbers of their conversations.

    ``numbers`` is complete. ``slots`` is a shortcut that numpy can search: the key found at a hash, taken only if it is
    the packet's in every word of ``known`` (one row per word, with room to spare).
    """

    width: int
    numbers: dict[bytes, int] = field(default_factory=dict)
    slots: npt.NDArray[np.int32] = field(default_factory=lambda: np.full(_FIRST_SLOTS, -1, dtype=np.int32))
    known: Words = field(init=False)
    conversations: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(1, dtype=np.int32))

    def __post_init__(self) -> None:
        self.known = np.zeros((self.width, 1), dtype=np.uint64)

    def found(self, keys: Words, mixed: Words) -> npt.NDArray[np.int32]:
        """Conversations of keys that the slots know; -1 for the others."""
        key = self.slots[(mixed & np.uint64(len(self.slots) - 1)).astype(np.int64)]
        differs = key < 0
        for word in range(self.width):
            differs |= self.known[word][key] != keys[word]  # of -1 the last key is compared: no harm
        conversation = self.conversations[key]
        conversation[differs] = -1
        return conversation

    def numbered(self, keys: Words, mixed: Words, fresh_number: Callable[[], int]) -> npt.NDArray[np.int32]:
        """Conversations of any keys, new ones included."""
        _, example, group = np.unique(mixed, return_index=True, return_inverse=True)
        if not (keys[:, example][:, group] == keys).all():  # a collision: compare whole keys, slowly
            _, example, group = np.unique(keys, axis=1, return_index=True, return_inverse=True)
        numbers, before = self.numbers, len(self.numbers)
        distinct = []
        for key in _as_bytes(keys[:, example].T):
            number = numbers.get(key)
            if number is None:
                number = numbers[key] = fresh_number()
            distinct.append(number)
        if len(numbers) > before:
            self._extend(before)
        return np.array(distinct, dtype=np.int32)[group.reshape(-1)]

    def _extend(self, before: int) -> None:
        """Take the keys from the ``before``-th on into the slots, which grow with them."""
        count = len(self.numbers)
        fresh = [*islice(reversed(self.numbers), count - before)][::-1]
        added = np.frombuffer(b"".join(fresh), dtype=np.uint64).reshape(-1, self.width).T
        if count > self.known.shape[1]:
            known, conversations = self.known, self.conversations
            self.known = np.zeros((self.width, 2 * count), dtype=np.uint64)
            self.conversations = np.zeros(2 * count, dtype=np.int32)
            self.known[:, :before] = known[:, :before]
            self.conversations[:before] = conversations[:before]
        self.known[:, before:count] = added
        self.conversations[before:count] = [self.numbers[key] for key in fresh]
        if count * _SLOTS_PER_KEY > len(self.slots):
            self.slots = np.full(1 << (2 * count * _SLOTS_PER_KEY).bit_length(), -1, dtype=np.int32)
            before, added = 0, self.known[:, :count]
        places = (_mixed(added) & np.uint64(len(self.slots) - 1)).astype(np.int64)
        self.slots[places] = np.arange(before, count, dtype=np.int32)


@dataclass(eq=False)
class Grouping:
    """Numbers conversations; the order within one call is that of hashes."""

    ipv4: _Keys = field(default_factory=lambda: _Keys(2))
    ipv6: _Keys = field(default_factory=lambda: _Keys(5))
    count: int = 0

    def assign(
        self, headers: Headers, rows: Int64s, port: npt.NDArray[np.uint16]
    ) -> tuple[npt.NDArray[np.int32], Bools]:
        """The conversation of each packet in ``rows``, and whether its lower end sent it."""
        number, up = np.empty(len(rows), dtype=np.int32), np.empty(len(rows), dtype=np.bool_)
        version = headers.version[rows]
        for wanted, keys_of, known in ((4, _ipv4_keys, self.ipv4), (6, _ipv6_keys, self.ipv6)):
            mine = np.flatnonzero(version == wanted)
            if len(mine):
                keys, sent_by_low = keys_of(headers, rows[mine], port)
                number[mine], up[mine] = self._numbers(known, keys), sent_by_low
        return number, up

    def _numbers(self, known: _Keys, keys: Words) -> npt.NDArray[np.int32]:
        mixed = _mixed(keys)
        found = known.found(keys, mixed)
        new = np.flatnonzero(found < 0)
        if len(new) > _SAMPLE:  # conversations come in bursts: a sample makes most of a burst known
            few = new[::_SAMPLE_STEP]
            found[few] = known.numbered(keys[:, few], mixed[few], self._fresh)
            found[new] = known.found(keys[:, new], mixed[new])
            new = np.flatnonzero(found < 0)
        if len(new):
            found[new] = known.numbered(keys[:, new], mixed[new], self._fresh)
        return found

    def _fresh(self) -> int:
        self.count += 1
        return self.count - 1

    def ends(self) -> Ends:
        """The conversations, in order of their numbers."""
        port, low_port, high_port = (np.zeros(self.count, dtype=np.int64) for _ in range(3))
        protocol, low, high = (np.empty(self.count, dtype=np.object_) for _ in range(3))
        for version, known in ((4, self.ipv4), (6, self.ipv6)):
            place = np.fromiter(known.numbers.values(), dtype=np.int64, count=len(known.numbers))
            words = np.frombuffer(b"".join(known.numbers), dtype=np.uint64).reshape(-1, known.width).T
            rest = words[-1]
            if version == 4:
                low[place] = _addresses(4, rest * np.uint64(0), words[0] >> np.uint64(32))
                high[place] = _addresses(4, rest * np.uint64(0), words[0] & _LOW_HALF)
            else:
                low[place], high[place] = _addresses(6, words[0], words[1]), _addresses(6, words[2], words[3])
            low_port[place] = (rest >> np.uint64(48)).astype(np.int64)
            high_port[place] = ((rest >> np.uint64(32)) & np.uint64(0xFFFF)).astype(np.int64)
            port[place] = (rest & np.uint64(0xFFFF)).astype(np.int64)
            numbers, inverse = np.unique((rest >> np.uint64(16)) & np.uint64(0xFF), return_inverse=True)
            names = np.array([protocol_name(number) for number in numbers.tolist()], dtype=np.object_)
            protocol[place] = names[inverse.reshape(-1)]
        return Ends(port, protocol, low, low_port, high, high_port)


def _ipv4_keys(headers: Headers, rows: Int64s, port: npt.NDArray[np.uint16]) -> tuple[Words, Bools]:
    source, destination = headers.source_low[rows], headers.destination_low[rows]
    sp, dp = headers.source_port[rows], headers.destination_port[rows]
    down = (source > destination) | ((source == destination) & (sp > dp))
    keys = np.empty((2, len(rows)), dtype=np.uint64)
    half = np.uint64(32)
    keys[0] = np.where(down, destination << half | source, source << half | destination)
    keys[1] = _rest(headers, rows, port, sp, dp, down)
    return keys, ~down


def _ipv6_keys(headers: Headers, rows: Int64s, port: npt.NDArray[np.uint16]) -> tuple[Words, Bools]:
    sh, sl = headers.source_high[rows], headers.source_low[rows]
    dh, dl = headers.destination_high[rows], headers.destination_low[rows]
    sp, dp = headers.source_port[rows], headers.destination_port[rows]
    down = (sh > dh) | ((sh == dh) & ((sl > dl) | ((sl == dl) & (sp > dp))))
    keys = np.empty((5, len(rows)), dtype=np.uint64)
    for word, (a, b) in enumerate(((sh, dh), (sl, dl), (dh, sh), (dl, sl))):
        keys[word] = np.where(down, b, a)
    keys[4] = _rest(headers, rows, port, sp, dp, down)
    return keys, ~down


def _rest(
    headers: Headers,
    rows: Int64s,
    port: npt.NDArray[np.uint16],
    source_port: npt.NDArray[np.uint16],
    destination_port: npt.NDArray[np.uint16],
    down: Bools,
) -> Words:
    """Low port, high port, protocol and interface in one word, from the left; 8 bits stay free."""
    sp, dp = source_port.astype(np.uint64), destination_port.astype(np.uint64)
    ports = np.where(down, dp << np.uint64(16) | sp, sp << np.uint64(16) | dp)
    rest: Words = ports << np.uint64(32) | headers.protocol[rows].astype(np.uint64) << np.uint64(16)
    return rest | port[rows].astype(np.uint64)


def _mixed(keys: Words) -> Words:
    """A 64-bit hash of each key; wrapping multiplication is intended."""
    mixed = np.zeros(keys.shape[1], dtype=np.uint64)
    for word, odd in zip(keys, _ODD, strict=False):
        mixed = (mixed ^ word) * np.uint64(odd)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _as_bytes(rows: Words) -> list[bytes]:
    size = rows.itemsize * rows.shape[1]
    raw = rows.tobytes()
    return [raw[start : start + size] for start in range(0, len(raw), size)]


def _addresses(version: int, high: Words, low: Words) -> Names:
    texts = [address(version, *words) for words in zip(high.tolist(), low.tolist(), strict=True)]
    return np.array(texts, dtype=np.object_)


@lru_cache(maxsize=65536)
def address(version: int, high: int, low: int) -> str:
    """An address in its usual text, from two words (IPv4 has only the second)."""
    if version == 4:
        return f"{low >> 24}.{low >> 16 & 255}.{low >> 8 & 255}.{low & 255}"
    return str(IPv6Address(high << 64 | low))
