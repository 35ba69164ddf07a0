"""Link, network and transport headers of many packets at once.

Link types by number: https://www.tcpdump.org/linktypes.html. Cooked headers: LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2
pages there. IPv4 RFC 791, IPv6 and its extension headers RFC 8200 and RFC 4302, TCP RFC 9293, UDP RFC 768.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from kwhy.ingest.capture.protocols import SCTP, TCP, UDP
from kwhy.ingest.capture.records import Bytes, Int64s, gathered

Bools = npt.NDArray[np.bool_]

NULL, ETHERNET, RAW_12, RAW_14, RAW, LOOP, SLL, IPV4, IPV6, SLL2 = 0, 1, 12, 14, 101, 108, 113, 228, 229, 276
LINK_NAMES: Final = {
    NULL: "BSD loopback",
    ETHERNET: "Ethernet",
    RAW_12: "raw IP",
    RAW_14: "raw IP",
    RAW: "raw IP",
    LOOP: "OpenBSD loopback",
    SLL: "Linux cooked v1",
    SLL2: "Linux cooked v2",
    IPV4: "raw IPv4",
    IPV6: "raw IPv6",
}
ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_IPV6 = 0x0800, 0x0806, 0x86DD
#: IEEE 802.1Q, 802.1ad, and the pre-standard 0x9100 (tcpdump ethertype.h).
_TAGS: Final = (0x8100, 0x88A8, 0x9100)
#: Values of AF_INET6 in a BSD loopback header: macOS, FreeBSD, NetBSD/OpenBSD, Linux (linktypes.html, LINKTYPE_NULL).
_AF_INET: Final = 2
_AF_INET6: Final = (24, 28, 30, 10)
#: Bytes that must follow the last packet in the buffer, so that a header can be gathered before it is judged.
PADDING: Final = 128
_EXTENSIONS: Final = (0, 43, 60, 135, 139, 140)
_FRAGMENT, _AUTHENTICATION = 44, 51
_MOST_EXTENSIONS: Final = 8
_OUTGOING: Final = 4

_IPV4_WORDS: Final = 5
_TCP_WORDS: Final = 4
_IPV6_LAYOUT: Final = np.dtype(
    [("version", "u1"), ("rest", "u1", 3), ("length", ">u2"), ("next", "u1"), ("hops", "u1"), ("source_high", ">u8"),
     ("source_low", ">u8"), ("destination_high", ">u8"), ("destination_low", ">u8")]
)  # fmt: skip
_U2: Final = np.dtype([("v", ">u2")])
_U4: Final = np.dtype([("v", ">u4")])


@dataclass(eq=False)
class Headers:
    """One element per packet. Zero where a packet has no such field; ``version`` is 0 for what is not IP.

    ``transport`` is where the header after IP begins; ``whole``: the ports and, for TCP, the flags were captured.
    ``skip`` is where, from the packet's beginning, the payload of TCP or UDP begins; 0 where it is not known.
    ``fragment``: 0 none, 1 the first, 2 a later one. ``heading``: 1 leaving, 0 entering, -1 not stated.
    """

    ethertype: npt.NDArray[np.uint16]
    index: npt.NDArray[np.uint32]
    heading: npt.NDArray[np.int8]
    network: Int64s
    version: npt.NDArray[np.uint8]
    protocol: npt.NDArray[np.uint8]
    hops: npt.NDArray[np.uint8]
    ident: npt.NDArray[np.uint32]
    fragment: npt.NDArray[np.uint8]
    source_high: npt.NDArray[np.uint64]
    source_low: npt.NDArray[np.uint64]
    destination_high: npt.NDArray[np.uint64]
    destination_low: npt.NDArray[np.uint64]
    transport: Int64s
    whole: Bools
    source_port: npt.NDArray[np.uint16]
    destination_port: npt.NDArray[np.uint16]
    sequence: npt.NDArray[np.uint32]
    acknowledgement: npt.NDArray[np.uint32]
    flags: npt.NDArray[np.uint8]
    window: npt.NDArray[np.uint16]
    payload: Int64s
    skip: npt.NDArray[np.uint16]


def empty_headers(count: int) -> Headers:
    def zeros(kind: type[np.generic]) -> npt.NDArray[np.generic]:
        return np.zeros(count, dtype=kind)

    u1, u2, u4, u8, i8 = np.uint8, np.uint16, np.uint32, np.uint64, np.int64
    kinds = (u2, u4, np.int8, i8, u1, u1, u1, u4, u1, u8, u8, u8, u8, i8, np.bool_, u2, u2, u4, u4, u1, u2, i8, u2)
    headers = Headers(*(zeros(kind) for kind in kinds))  # type: ignore[arg-type]  # one array per field, in order
    headers.heading[:] = -1
    return headers


def decoded(data: Bytes, link_type: int, start: Int64s, stored: Int64s, length: Int64s) -> Headers:
    """The headers of packets that lie at ``start`` in ``data``, all of one link type.

    ``data`` must go on for PADDING bytes after the last packet. An unknown link type yields packets that are not IP.
    """
    headers = empty_headers(len(start))
    end = start + stored
    _link(data, link_type, headers, start, end)
    _network(data, headers, start, end, length)
    _transport(data, headers, start, end)
    return headers


def _link(data: Bytes, link_type: int, headers: Headers, start: Int64s, end: Int64s) -> None:
    """Sets ethertype (0 where the header is cut), network, and what cooked headers say."""
    size = {NULL: 4, LOOP: 4, ETHERNET: 14, SLL: 16, SLL2: 20}.get(link_type, 0)
    network = start + size
    if link_type == ETHERNET:
        ethertype = gathered(data, start + 12, _U2)["v"].astype(np.uint16)
        network, ethertype = _untagged(data, network, ethertype, end)
    elif link_type == SLL:
        fields = gathered(data, start, np.dtype([("kind", ">u2"), ("rest", "u1", 12), ("protocol", ">u2")]))
        headers.heading[:] = fields["kind"] == _OUTGOING
        network, ethertype = _untagged(data, network, fields["protocol"].astype(np.uint16), end)
    elif link_type == SLL2:
        layout = np.dtype([("protocol", ">u2"), ("rest", ">u2"), ("index", ">u4"), ("hardware", ">u2"), ("kind", "u1")])
        fields = gathered(data, start, layout)
        headers.heading[:] = fields["kind"] == _OUTGOING
        headers.index[:] = fields["index"]
        network, ethertype = _untagged(data, network, fields["protocol"].astype(np.uint16), end)
    elif link_type in (NULL, LOOP):
        ethertype = _of_family(gathered(data, start, _U4)["v"])
    elif link_type in (RAW, RAW_12, RAW_14, IPV4, IPV6):
        ethertype = _of_version(data[start])
    else:
        ethertype = np.zeros(len(start), dtype=np.uint16)
    headers.ethertype[:] = np.where(network <= end, ethertype, 0)
    headers.network[:] = np.minimum(network, end)


def _untagged(
    data: Bytes, network: Int64s, ethertype: npt.NDArray[np.uint16], end: Int64s
) -> tuple[Int64s, npt.NDArray[np.uint16]]:
    """Steps over up to three VLAN tags."""
    for _ in range(3):
        tagged = ((ethertype == _TAGS[0]) | (ethertype == _TAGS[1]) | (ethertype == _TAGS[2])) & (network + 4 <= end)
        if not tagged.any():
            break
        ethertype[tagged] = gathered(data, network[tagged] + 2, _U2)["v"]
        network[tagged] += 4
    return network, ethertype


def _of_family(family: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint16]:
    """Ethertypes for address families in either byte order (NULL is in that of the capturing host)."""
    native = family.astype(np.uint32)
    native = np.where(native > 0xFFFF, native.byteswap(), native)
    ethertype = np.where(native == _AF_INET, ETHERTYPE_IPV4, 0)
    return np.where(np.isin(native, _AF_INET6), ETHERTYPE_IPV6, ethertype).astype(np.uint16)


def _of_version(first: Bytes) -> npt.NDArray[np.uint16]:
    version = first >> 4
    return np.where(version == 4, ETHERTYPE_IPV4, np.where(version == 6, ETHERTYPE_IPV6, 0)).astype(np.uint16)


def _network(data: Bytes, headers: Headers, start: Int64s, end: Int64s, length: Int64s) -> None:
    is4 = np.flatnonzero((headers.ethertype == ETHERTYPE_IPV4) & (headers.network + 20 <= end))
    is6 = np.flatnonzero((headers.ethertype == ETHERTYPE_IPV6) & (headers.network + 40 <= end))
    on_wire = start + length
    _ipv4(data, headers, is4, on_wire)
    _ipv6(data, headers, is6, end, on_wire)


def _words(data: Bytes, place: Int64s, count: int) -> list[npt.NDArray[np.uint32]]:
    """The first ``count`` words of 32 bits at each place, in the processor's byte order, one array per word."""
    big = gathered(data, place, np.dtype([("words", ">u4", (count,))]))["words"]
    return list(np.ascontiguousarray(big.T, dtype=np.uint32))


def _ipv4(data: Bytes, headers: Headers, rows: Int64s, on_wire: Int64s) -> None:
    words = _words(data, headers.network[rows], _IPV4_WORDS)
    size = ((words[0] >> 24 & 15) * 4).astype(np.int64)
    sound = (words[0] >> 28 == 4) & (size >= 20)
    if not sound.all():
        rows, size, words = rows[sound], size[sound], [word[sound] for word in words]
    place = _placed(rows, len(headers.version))
    first, second, third, source, destination = words
    network = headers.network[place]
    total = (first & 0xFFFF).astype(np.int64)
    # Segments that the network card will cut are captured with length 0: their size is that of the frame.
    total = np.where(total == 0, on_wire[place] - network, total)
    headers.version[place] = 4
    headers.protocol[place] = third >> 16 & 0xFF
    headers.hops[place] = third >> 24
    headers.ident[place] = second >> 16
    headers.source_low[place] = source
    headers.destination_low[place] = destination
    headers.transport[place] = network + size
    headers.payload[place] = np.maximum(total - size, 0)
    if (second & 0x3FFF).any():
        headers.fragment[place] = np.where(second & 0x1FFF, 2, np.where(second & 0x2000, 1, 0))


def _placed(rows: Int64s, count: int) -> Int64s | slice:
    """Where values go. Nearly always all packets are concerned, and a slice is ten times as fast as their numbers."""
    return slice(None) if len(rows) == count else rows


def _ipv6(data: Bytes, headers: Headers, rows: Int64s, end: Int64s, on_wire: Int64s) -> None:
    fields = gathered(data, headers.network[rows], _IPV6_LAYOUT)
    sound = fields["version"] >> 4 == 6
    rows, fields = rows[sound], fields[sound]
    network = headers.network[rows]
    size = fields["length"].astype(np.int64) + 40
    size = np.where(size == 40, on_wire[rows] - network, size)
    headers.version[rows] = 6
    headers.hops[rows] = fields["hops"]
    for column in ("source_high", "source_low", "destination_high", "destination_low"):
        getattr(headers, column)[rows] = fields[column]
    protocol, transport = _after_extensions(data, headers, rows, fields["next"].copy(), network + 40, end[rows])
    headers.protocol[rows] = protocol
    headers.transport[rows] = transport
    headers.payload[rows] = np.maximum(network + size - transport, 0)


def _after_extensions(
    data: Bytes, headers: Headers, rows: Int64s, protocol: npt.NDArray[np.uint8], place: Int64s, end: Int64s
) -> tuple[npt.NDArray[np.uint8], Int64s]:
    """Steps over extension headers, noting fragments; a cut header ends the walk."""
    for _ in range(_MOST_EXTENSIONS):
        extended = np.isin(protocol, (*_EXTENSIONS, _FRAGMENT, _AUTHENTICATION))
        open_ = np.flatnonzero(extended & (place + 8 <= end) & (headers.fragment[rows] != 2))
        if len(open_) == 0:
            break
        layout = np.dtype([("next", "u1"), ("size", "u1"), ("place", ">u2"), ("ident", ">u4")])
        fields = gathered(data, place[open_], layout)
        kind = protocol[open_]
        fragment = kind == _FRAGMENT
        pieces, piece = rows[open_[fragment]], fields[fragment]
        headers.ident[pieces] = piece["ident"]
        headers.fragment[pieces] = np.where(piece["place"] & 0xFFF8, 2, np.where(piece["place"] & 1, 1, 0))
        units = fields["size"].astype(np.int64)
        size = np.where(fragment, 8, np.where(kind == _AUTHENTICATION, (units + 2) * 4, (units + 1) * 8))
        protocol[open_] = fields["next"]
        place[open_] += size
    return protocol, place


def _transport(data: Bytes, headers: Headers, start: Int64s, end: Int64s) -> None:
    first = (headers.version > 0) & (headers.fragment != 2)
    for protocol, size in ((TCP, 16), (UDP, 8), (SCTP, 4)):
        mine = first & (headers.protocol == protocol)
        rows = np.flatnonzero(mine & (headers.transport + size <= end))
        place = _placed(rows, len(mine))
        words = _words(data, headers.transport[place], _TCP_WORDS)
        headers.whole[place] = True
        headers.source_port[place] = words[0] >> 16
        headers.destination_port[place] = words[0] & 0xFFFF
        if protocol == TCP:
            headers.sequence[place], headers.acknowledgement[place] = words[1], words[2]
            headers.flags[place] = words[3] >> 16 & 0xFF
            headers.window[place] = words[3] & 0xFFFF
            header = (words[3] >> 28).astype(np.int64) * 4
            headers.payload[place] = np.maximum(headers.payload[place] - header, 0)
            headers.skip[place] = headers.transport[place] - start[place] + header
        else:
            headers.payload[place] = np.maximum(headers.payload[place] - (8 if protocol == UDP else 12), 0)
            headers.skip[place] = headers.transport[place] - start[place] + 8
        # Ports alone: an ICMP error's habit, but also a snap length of 40.
        ports_only = np.flatnonzero(mine & ~headers.whole & (headers.transport + 4 <= end))
        if len(ports_only):
            ports = _words(data, headers.transport[ports_only], 1)[0]
            headers.source_port[ports_only] = ports >> 16
            headers.destination_port[ports_only] = ports & 0xFFFF
