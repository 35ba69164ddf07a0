"""Records of pcapng files: sections, several interfaces, enhanced, simple and (obsolete) packet blocks.

A block whose two lengths differ ends the chain; it is taken up again at the next whole block on a 4-byte boundary.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from kwhy.ingest.capture.magic import PCAPNG_MAGIC
from kwhy.ingest.capture.pcap_chain import MOST_DAMAGES
from kwhy.ingest.capture.records import (
    LONGEST_PACKET,
    NO_TIME,
    Damage,
    Data,
    Int64s,
    Port,
    Records,
    gathered,
    no_records,
)

_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_OLD_PACKET: Final = 2
_SIMPLE_PACKET: Final = 3
_STATISTICS: Final = 5
_ENHANCED_PACKET: Final = 6
_LITTLE: Final = b"\x4d\x3c\x2b\x1a"
_BIG: Final = b"\x1a\x2b\x3c\x4d"
#: Longer blocks than this are not believed (a packet of LONGEST_PACKET with generous options is far smaller).
_LONGEST_BLOCK: Final = 1 << 26
#: Blocks that are stepped over before their ends are checked: few at first, lest damage make work.
_FIRST_BATCH, _LARGEST_BATCH = 1 << 7, 1 << 16
_MOST_PORTS: Final = 60_000
_OPTION_NAME, _OPTION_RESOLUTION, _OPTION_FILTER, _OPTION_OFFSET = 2, 9, 11, 14
_OPTION_DROPPED: Final = 5


@dataclass(eq=False)
class _Clock:
    """if_tsresol and if_tsoffset of an interface: a power of ten or of two, and seconds."""

    exponent: int = 6
    binary: bool = False
    offset: int = 0


@dataclass(eq=False)
class _Section:
    """Packets of one section: raw block offsets, filled while walking."""

    order: str
    first_port: int
    enhanced: array[int] = field(default_factory=lambda: array("q"))
    simple: array[int] = field(default_factory=lambda: array("q"))
    old: array[int] = field(default_factory=lambda: array("q"))


@dataclass(eq=False)
class _Walked:
    ports: list[Port] = field(default_factory=list)
    clocks: list[_Clock] = field(default_factory=list)
    sections: list[_Section] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    truncated: bool = False

    @property
    def packets(self) -> int:
        return sum(len(s.enhanced) + len(s.simple) + len(s.old) for s in self.sections)


def walk(data: Data) -> Records:
    """Every packet of the file ``data``."""
    walked = _Walked()
    _blocks(data, walked)
    parts = [part for section in walked.sections for part in _packets(data, walked, section)]
    if not parts:
        return no_records(walked.ports, walked.damages, walked.truncated)
    start, stored, length, time, port = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(start, kind="stable")
    return Records(
        walked.ports,
        start[order],
        stored[order],
        length[order],
        time[order],
        port[order],
        walked.damages,
        walked.truncated,
    )


def _blocks(data: Data, walked: _Walked) -> None:
    """Walk the chain of blocks, remembering where packets lie."""
    position, size = 0, len(data)
    head = struct.Struct("<II").unpack_from
    section: _Section | None = None
    while True:
        if section is not None:
            position = _packets_in_a_row(data, position, section)
        if position + 12 > size:
            break
        kind, length = head(data, position)
        if kind == _SECTION:
            section = _opened(data, position, walked)
            if section is None:
                position = _damaged(data, position, "<", walked, "a section header without byte-order mark")
                continue
            head = struct.Struct(section.order + "II").unpack_from
            length = head(data, position)[1]
        elif section is None:
            position = _damaged(data, position, "<", walked, "no section header where one was expected")
            continue
        if length < 12 or length & 3 or length > _LONGEST_BLOCK:
            position = _damaged(data, position, section.order, walked, "no valid block")
            continue
        end = position + length
        if end > size:
            if len(walked.damages) < MOST_DAMAGES and _next_block(data, position + 4, section.order) >= 0:
                position = _damaged(data, position, section.order, walked, "no valid block")
                continue
            break
        if struct.unpack_from(section.order + "I", data, end - 4)[0] != length:
            position = _damaged(data, position, section.order, walked, "a block whose two lengths differ")
            continue
        if kind == _ENHANCED_PACKET and length >= 32:
            section.enhanced.append(position)
        elif kind == _SIMPLE_PACKET and length >= 16:
            section.simple.append(position)
        elif kind == _OLD_PACKET and length >= 32:
            section.old.append(position)
        elif kind == _INTERFACE and length >= 20:
            _interface(data, position, end, section, walked)
        elif kind == _STATISTICS and length >= 24:
            _statistics(data, position, end, section, walked)
        position = end
    if position < size:
        walked.truncated = True
        why = "the file ends inside this block: the capture is truncated"
        walked.damages.append(Damage(walked.packets + 1, position, why))


def _packets_in_a_row(data: Data, position: int, section: _Section) -> int:
    """Step over sound enhanced packet blocks, nearly all of a file; returns where something else stands."""
    head = struct.Struct(section.order + "II").unpack_from
    last = len(data) - 12
    batch = _FIRST_BATCH
    while True:
        fields: list[int] = []
        append = fields.append
        kind, length = _ENHANCED_PACKET, 32
        while position <= last and len(fields) < batch:
            kind, length = head(data, position)
            if kind != _ENHANCED_PACKET or length < 32:
                break
            append(position)
            position += length
        blocks = np.array(fields, dtype=np.int64)
        lengths = np.diff(np.append(blocks, position))
        sound = (lengths % 4 == 0) & (lengths <= _LONGEST_BLOCK) & (blocks + lengths <= len(data))
        ends = np.where(sound, blocks + lengths - 4, 0)
        sound &= gathered(data, ends, np.dtype([("v", section.order + "u4")]))["v"] == lengths
        bad = np.flatnonzero(~sound)
        section.enhanced.frombytes(blocks[: bad[0]].tobytes() if len(bad) else blocks.tobytes())
        if len(bad):
            return int(blocks[bad[0]])
        if len(fields) < batch:
            return position
        batch = min(4 * batch, _LARGEST_BATCH)


def _opened(data: Data, position: int, walked: _Walked) -> _Section | None:
    mark = bytes(data[position + 8 : position + 12])
    if mark not in (_LITTLE, _BIG):
        return None
    section = _Section("<" if mark == _LITTLE else ">", len(walked.ports))
    walked.sections.append(section)
    return section


def _damaged(data: Data, position: int, order: str, walked: _Walked, what: str) -> int:
    """Note the damage and return where the next whole block begins (the end of the file if none does)."""
    following = _next_block(data, position + 4, order) if len(walked.damages) < MOST_DAMAGES else -1
    if following < 0:
        following = len(data)
    why = f"{what}; {following - position} bytes are skipped"
    walked.damages.append(Damage(walked.packets + 1, position, why))
    return following


def _next_block(data: Data, position: int, order: str) -> int:
    """The next aligned offset at which a block of a known type is framed by two equal lengths; -1 if there is none."""
    position += -position % 4
    layout = np.dtype([("kind", order + "u4"), ("length", order + "u4")])
    size = len(data)
    window = 1 << 12
    while position + 12 <= size:
        offsets = np.arange(position, min(position + window, size - 11), 4, dtype=np.int64)
        window = min(window * 8, 1 << 22)
        fields = gathered(data, offsets, layout)
        length = fields["length"].astype(np.int64)
        kind = fields["kind"]
        good = ((kind == _SECTION) | ((kind >= 1) & (kind <= _ENHANCED_PACKET))) & (length >= 12) & (length % 4 == 0)
        good &= offsets + length <= size
        good |= kind == _SECTION  # of the other byte order: looked at below
        for offset, known in zip(offsets[good].tolist(), length[good].tolist(), strict=True):
            if bytes(data[offset : offset + 4]) == PCAPNG_MAGIC:
                if bytes(data[offset + 8 : offset + 12]) in (_LITTLE, _BIG):
                    return int(offset)
            elif struct.unpack_from(order + "I", data, offset + known - 4)[0] == known:
                return int(offset)
        position = int(offsets[-1]) + 4
    return -1


def _interface(data: Data, position: int, end: int, section: _Section, walked: _Walked) -> None:
    link_type, _, snap_length = struct.unpack_from(section.order + "HHI", data, position + 8)
    port, clock = Port(link_type, snap_length=snap_length), _Clock()
    for code, value in _options(data, position + 16, end - 4, section.order):
        if code == _OPTION_NAME:
            port.name = _text(value) or None
        elif code == _OPTION_RESOLUTION and value:
            clock.exponent, clock.binary = value[0] & 0x7F, bool(value[0] & 0x80)
        elif code == _OPTION_FILTER and value[:1] == b"\0":  # code 0: a libpcap filter string
            port.filter = _text(value[1:]) or None
        elif code == _OPTION_OFFSET and len(value) == 8:
            clock.offset = struct.unpack(section.order + "q", value)[0]
    if len(walked.ports) < _MOST_PORTS:
        walked.ports.append(port)
        walked.clocks.append(clock)
    else:
        walked.damages.append(Damage(walked.packets + 1, position, f"more than {_MOST_PORTS} interfaces are described"))


def _statistics(data: Data, position: int, end: int, section: _Section, walked: _Walked) -> None:
    number = section.first_port + struct.unpack_from(section.order + "I", data, position + 8)[0]
    if number < len(walked.ports):
        for code, value in _options(data, position + 20, end - 4, section.order):
            if code == _OPTION_DROPPED and len(value) == 8:
                walked.ports[number].dropped = struct.unpack(section.order + "Q", value)[0]


def _options(data: Data, position: int, end: int, order: str) -> list[tuple[int, bytes]]:
    found = []
    while position + 4 <= end:
        code, length = struct.unpack_from(order + "HH", data, position)
        if code == 0 or position + 4 + length > end:
            break
        found.append((code, bytes(data[position + 4 : position + 4 + length])))
        position += 4 + length + -length % 4
    return found


def _text(value: bytes) -> str:
    shown = value.split(b"\0")[0].decode("utf-8", "replace")
    return "".join(character for character in shown if character.isprintable())[:256]


_Part = tuple[Int64s, Int64s, Int64s, Int64s, npt.NDArray[np.uint16]]


def _packets(data: Data, walked: _Walked, section: _Section) -> list[_Part]:
    """The packets of a section, by kind of block: start, stored length, length, time, port."""
    o = section.order
    ports_end = min(
        (s.first_port for s in walked.sections if s.first_port > section.first_port), default=len(walked.ports)
    )
    parts = []
    enhanced = np.dtype(
        [
            ("length", o + "u4"),
            ("port", o + "u4"),
            ("high", o + "u4"),
            ("low", o + "u4"),
            ("stored", o + "u4"),
            ("whole", o + "u4"),
        ]
    )
    old = np.dtype(
        [("length", o + "u4"), ("port", o + "u2"), ("drops", o + "u2"), ("high", o + "u4"), ("low", o + "u4"),
         ("stored", o + "u4"), ("whole", o + "u4")]
    )  # fmt: skip
    for blocks, layout in ((section.enhanced, enhanced), (section.old, old)):
        offsets = np.array(blocks, dtype=np.int64)
        fields = gathered(data, offsets + 4, layout)
        port = fields["port"].astype(np.int64) + section.first_port
        stored = fields["stored"].astype(np.int64)
        sound = (stored + 32 <= fields["length"]) & (stored <= LONGEST_PACKET) & (port < ports_end)
        _note_unsound(walked, offsets, sound)
        offsets, fields, port, stored = offsets[sound], fields[sound], port[sound], stored[sound]
        ticks = (fields["high"].astype(np.uint64) << np.uint64(32)) | fields["low"].astype(np.uint64)
        time = np.full(len(offsets), NO_TIME, dtype=np.int64)
        for number in np.unique(port).tolist():
            mine = port == number
            time[mine] = _nanoseconds(ticks[mine], walked.clocks[number])
        parts.append((offsets + 28, stored, fields["whole"].astype(np.int64), time, port.astype(np.uint16)))
    if len(section.simple) and section.first_port < ports_end:
        offsets = np.array(section.simple, dtype=np.int64)
        fields = gathered(data, offsets + 4, np.dtype([("length", o + "u4"), ("whole", o + "u4")]))
        whole = fields["whole"].astype(np.int64)
        limit = walked.ports[section.first_port].snap_length or LONGEST_PACKET
        stored = np.minimum(np.minimum(whole, limit), fields["length"].astype(np.int64) - 16)
        times = np.full(len(offsets), NO_TIME, dtype=np.int64)
        parts.append((offsets + 12, stored, whole, times, np.full(len(offsets), section.first_port, dtype=np.uint16)))
    return parts


def _note_unsound(walked: _Walked, offsets: Int64s, sound: npt.NDArray[np.bool_]) -> None:
    bad = np.flatnonzero(~sound)
    for index in bad[:20].tolist():
        why = "a packet block that is longer inside than outside, or of an interface that is not described"
        walked.damages.append(Damage(index + 1, int(offsets[index]), why))
    if len(bad) > 20:
        walked.damages.append(
            Damage(int(bad[20]) + 1, int(offsets[bad[20]]), f"{len(bad) - 20} more such packet blocks")
        )


def _nanoseconds(ticks: npt.NDArray[np.uint64], clock: _Clock) -> Int64s:
    """Ticks of an interface's clock as nanoseconds since the epoch; NO_TIME where they do not fit 64 bits."""
    per_second = 2**clock.exponent if clock.binary else 10**clock.exponent
    if per_second > 2**63:
        return np.full(len(ticks), NO_TIME, dtype=np.int64)
    unit = np.uint64(per_second)
    seconds, rest = ticks // unit, ticks % unit
    if per_second <= 1_000_000_000 and 1_000_000_000 % per_second == 0:
        fraction = rest * np.uint64(1_000_000_000 // per_second)
    elif per_second % 1_000_000_000 == 0:
        fraction = rest // np.uint64(per_second // 1_000_000_000)
    else:  # a binary clock: at most 2**63 ticks per second, so halve both sides until the product fits
        shift = max(0, per_second.bit_length() - 34)
        fraction = (rest >> np.uint64(shift)) * np.uint64(1_000_000_000) // np.uint64(per_second >> shift)
    whole = seconds.astype(np.float64) + clock.offset
    fits = (whole > 0) & (whole < 9e9)
    offset = np.int64(max(-(2**62), min(2**62, clock.offset)))
    with np.errstate(over="ignore"):
        nanoseconds = (seconds.astype(np.int64) + offset) * np.int64(1_000_000_000) + fraction.astype(np.int64)
    return np.where(fits, nanoseconds, NO_TIME)
