"""Records of classic pcap files."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from kwhy.ingest.capture.magic import PCAP_MAGICS
from kwhy.ingest.capture.pcap_chain import Chain
from kwhy.ingest.capture.records import LONGEST_PACKET, Damage, Data, Port, Records, gathered, no_records

FILE_HEADER: Final = 24
#: The link type is the low 16 bits; the upper ones carry the length of a frame check sequence.
_LINK_TYPE_MASK: Final = 0xFFFF
#: Snap lengths beyond this are not believed (some tools write 0x7fffffff for "everything").
_BELIEVED_SNAP_LENGTH: Final = 1 << 27


def walk(data: Data) -> Records:
    """Every record of the file ``data``."""
    order, unit = PCAP_MAGICS[bytes(data[:4])]
    if len(data) < FILE_HEADER:
        why = f"the file ends inside its header: {FILE_HEADER} bytes were expected, {len(data)} are there"
        return no_records([], [Damage(0, 0, why)], truncated=True)
    snap_length, link_type = struct.unpack_from(order + "II", data, 16)
    port = Port(link_type & _LINK_TYPE_MASK, snap_length=snap_length)
    limit = max(LONGEST_PACKET, snap_length if snap_length < _BELIEVED_SNAP_LENGTH else 0)
    chain = Chain(data, order, limit, 1_000_000_000 // unit)
    heads, damages, truncated = chain.records_from(FILE_HEADER)
    fields = gathered(data, heads, chain.header)
    time = fields["second"].astype(np.int64) * 1_000_000_000 + fields["fraction"].astype(np.int64) * unit
    return Records(
        [port],
        heads + chain.header.itemsize,
        fields["stored"].astype(np.int64),
        fields["length"].astype(np.int64),
        time,
        np.zeros(len(heads), dtype=np.uint16),
        damages,
        truncated,
    )
