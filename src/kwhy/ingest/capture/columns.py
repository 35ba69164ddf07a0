"""The packets of a capture as columns, grouped into conversations: what flows are computed from.

Captured files and printed captures both end here; from here on there is no difference between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kwhy.facts.packets import Packet
from kwhy.ingest.capture.records import Int64s


class Conversation(NamedTuple):
    """The two ends that packets are grouped by, in a fixed order that says nothing about who called."""

    port: int
    protocol: str
    low: str
    low_port: int
    high: str
    high_port: int


@dataclass(eq=False)
class Columns:
    """One element per packet that belongs to a conversation, in capture order.

    ``up``: sent by the conversation's ``low`` end. ``time``: nanoseconds, or NO_TIME. ``heading`` as in Headers.
    ``ident``: IP identification, 0 where not shown. ``skip``: where in the record the payload begins, 0 where unknown.
    """

    number: Int64s
    time: Int64s
    length: Int64s
    conversation: npt.NDArray[np.int32]
    up: npt.NDArray[np.bool_]
    flags: npt.NDArray[np.uint8]
    sequence: npt.NDArray[np.uint32]
    acknowledgement: npt.NDArray[np.uint32]
    window: npt.NDArray[np.uint16]
    payload: Int64s
    ident: npt.NDArray[np.uint32]
    hops: npt.NDArray[np.uint8]
    heading: npt.NDArray[np.int8]
    skip: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.number)

    def only(self, rows: Int64s) -> Columns:
        """These rows; ``conversation`` and ``up`` hold values for them alone already."""
        whole = ("conversation", "up")
        values = [getattr(self, name) if name in whole else getattr(self, name)[rows] for name in COLUMN_TYPES]
        return Columns(*values)

    def taken(self, rows: Int64s) -> Columns:
        return Columns(*(getattr(self, name)[rows] for name in COLUMN_TYPES))


COLUMN_TYPES: dict[str, type[np.generic]] = {
    "number": np.int64,
    "time": np.int64,
    "length": np.int64,
    "conversation": np.int32,
    "up": np.bool_,
    "flags": np.uint8,
    "sequence": np.uint32,
    "acknowledgement": np.uint32,
    "window": np.uint16,
    "payload": np.int64,
    "ident": np.uint32,
    "hops": np.uint8,
    "heading": np.int8,
    "skip": np.uint16,
}


def joined(parts: Sequence[Columns]) -> Columns:
    """Several stretches of a capture as one."""
    if not parts:
        return Columns(*(np.empty(0, dtype=kind) for kind in COLUMN_TYPES.values()))
    return Columns(*(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMN_TYPES))


Names = npt.NDArray[np.object_]


@dataclass(eq=False)
class Ends:
    """Conversations as columns: what each is between. ``port`` numbers the interfaces of the capture."""

    port: Int64s
    protocol: Names
    low: Names
    low_port: Int64s
    high: Names
    high_port: Int64s

    @classmethod
    def of(cls, conversations: Sequence[Conversation]) -> Ends:
        columns = list(zip(*conversations, strict=True)) or [()] * len(Conversation._fields)
        kinds = (np.int64, np.object_, np.object_, np.int64, np.object_, np.int64)
        return cls(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)))

    @property
    def tcp(self) -> npt.NDArray[np.bool_]:
        return np.array(self.protocol == "tcp", dtype=np.bool_)


@dataclass(eq=False)
class Traffic:
    """Everything that flows are computed from. ``packets_at`` makes the proof packets of the given rows."""

    columns: Columns
    ends: Ends
    packets_at: Callable[[Columns], list[Packet]] = field(repr=False)
