"""The records of pcap and pcapng files: where each packet lies, how long it is, when and on which interface.

Formats: draft-ietf-opsawg-pcap-04 (LINKTYPE field, record header) and draft-ietf-opsawg-pcapng-02 (blocks, options).
Only the chain of lengths is walked record by record; everything else is gathered with numpy.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Data: TypeAlias = bytes | mmap.mmap
Int64s: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.uint8]

#: libpcap's MAXIMUM_SNAPLEN (pcap-int.h): no record of a sound file is longer, except for DBus and USB link types.
LONGEST_PACKET: Final = 262_144
#: Time of a packet whose block carries none (pcapng Simple Packet Block).
NO_TIME: Final = np.iinfo(np.int64).min


@dataclass(eq=False)
class Port:
    """An interface as the file describes it."""

    link_type: int
    name: str | None = None
    index: int | None = None
    filter: str | None = None
    dropped: int | None = None
    snap_length: int = 0


@dataclass(frozen=True)
class Damage:
    """A place that is not what it should be. ``number`` is that of the packet expected there."""

    number: int
    offset: int
    why: str


@dataclass(eq=False)
class Records:
    """Parallel arrays, one element per packet, in file order. ``time`` is nanoseconds since the epoch."""

    ports: list[Port]
    start: Int64s
    stored: Int64s
    length: Int64s
    time: Int64s
    port: npt.NDArray[np.uint16]
    damages: list[Damage] = field(default_factory=list)
    truncated: bool = False

    def __len__(self) -> int:
        return len(self.start)


Walk: TypeAlias = Callable[[Data], Records]


def gathered(data: Data | Bytes, offsets: Int64s, layout: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """A copy of the structure ``layout`` at each offset; every offset must lie a whole structure before the end."""
    size = layout.itemsize
    if len(offsets) == 0:
        return np.empty(0, dtype=layout)
    windows = np.ndarray((len(data) - size + 1,), dtype=f"V{size}", buffer=data, strides=(1,))
    return windows[offsets].view(layout)


def no_records(ports: list[Port], damages: list[Damage], truncated: bool = False) -> Records:
    none = np.empty(0, dtype=np.int64)
    return Records(ports, none, none, none, none, np.empty(0, dtype=np.uint16), damages, truncated)
