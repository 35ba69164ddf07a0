"""What tunnels carry: the packets inside VXLAN, Geneve, GRE and IP in IP, of many packets at once.

VXLAN RFC 7348 (Linux and flannel use port 8472, IANA 4789), Geneve RFC 8926, GRE RFC 2784 and 2890, IP in IP RFC 2003
and RFC 4213.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from kwhy.facts.packets import TUNNEL_PORTS
from kwhy.ingest.capture.headers import ETHERNET, RAW, Headers
from kwhy.ingest.capture.protocols import UDP
from kwhy.ingest.capture.records import Bytes, Int64s

_GENEVE: Final = TUNNEL_PORTS[2]
_IPV4_IN_IP, _IPV6_IN_IP, _GRE = 4, 41, 47
_TRANSPARENT_ETHERNET, _IPV4, _IPV6 = 0x6558, 0x0800, 0x86DD
_UDP_HEADER, _VXLAN_HEADER, _GENEVE_HEADER, _GRE_HEADER = 8, 8, 8, 4
#: VXLAN's flag I: the network identifier is valid.
_VXLAN_VALID: Final = 0x08
_GRE_CHECKSUM, _GRE_KEY, _GRE_SEQUENCE = 0x80, 0x20, 0x10


class Inside(NamedTuple):
    """Packets within packets: ``rows`` of the outer ones, where each inner one begins, and its link type."""

    rows: Int64s
    start: Int64s
    link_type: int


def inside(data: Bytes, headers: Headers, end: Int64s) -> Iterator[Inside]:
    """The packets that others carry, one group per kind of link. ``end`` is where each outer packet's bytes end."""
    whole = (headers.version > 0) & (headers.fragment == 0)
    if not whole.any():
        return
    ethernet: list[tuple[Int64s, Int64s]] = []
    raw: list[tuple[Int64s, Int64s]] = []
    udp = np.flatnonzero(whole & (headers.protocol == UDP) & np.isin(headers.destination_port, TUNNEL_PORTS))
    if len(udp):
        ethernet.append(_vxlan(data, headers, udp[headers.destination_port[udp] != _GENEVE], end))
        for kind, found in _geneve(data, headers, udp[headers.destination_port[udp] == _GENEVE], end):
            (ethernet if kind == ETHERNET else raw).append(found)
    for kind, found in _gre(data, headers, np.flatnonzero(whole & (headers.protocol == _GRE)), end):
        (ethernet if kind == ETHERNET else raw).append(found)
    plain = np.flatnonzero(whole & ((headers.protocol == _IPV4_IN_IP) | (headers.protocol == _IPV6_IN_IP)))
    raw.append((plain, headers.transport[plain]))
    for link_type, pieces in ((ETHERNET, ethernet), (RAW, raw)):
        rows = np.concatenate([np.empty(0, dtype=np.int64), *(rows for rows, _ in pieces)])
        start = np.concatenate([np.empty(0, dtype=np.int64), *(start for _, start in pieces)])
        there = start < end[rows]
        if there.any():
            order = np.argsort(rows[there], kind="stable")
            yield Inside(rows[there][order], start[there][order], link_type)


def _vxlan(data: Bytes, headers: Headers, rows: Int64s, end: Int64s) -> tuple[Int64s, Int64s]:
    place = headers.transport[rows] + _UDP_HEADER
    whole = place + _VXLAN_HEADER <= end[rows]
    rows, place = rows[whole], place[whole]
    valid = data[place] & _VXLAN_VALID > 0
    return rows[valid], place[valid] + _VXLAN_HEADER


_Found = tuple[int, tuple[Int64s, Int64s]]


def _geneve(data: Bytes, headers: Headers, rows: Int64s, end: Int64s) -> Iterator[_Found]:
    place = headers.transport[rows] + _UDP_HEADER
    whole = place + _GENEVE_HEADER <= end[rows]
    rows, place = rows[whole], place[whole]
    options = (data[place] & 0x3F).astype(np.int64) * 4
    yield from _by_protocol(_protocol(data, place + 2), rows, place + _GENEVE_HEADER + options)


def _gre(data: Bytes, headers: Headers, rows: Int64s, end: Int64s) -> Iterator[_Found]:
    place = headers.transport[rows]
    whole = place + _GRE_HEADER <= end[rows]
    rows, place = rows[whole], place[whole]
    flags = data[place]
    size = np.full(len(rows), _GRE_HEADER, dtype=np.int64)
    for flag in (_GRE_CHECKSUM, _GRE_KEY, _GRE_SEQUENCE):
        size += np.where(flags & flag, 4, 0)
    plain = data[place + 1] & 0x07 == 0  # version 1 carries PPP (RFC 2637)
    yield from _by_protocol(_protocol(data, place[plain] + 2), rows[plain], place[plain] + size[plain])


def _protocol(data: Bytes, place: Int64s) -> npt.NDArray[np.uint16]:
    protocol: npt.NDArray[np.uint16] = data[place].astype(np.uint16) << np.uint16(8) | data[place + 1]
    return protocol


def _by_protocol(protocol: npt.NDArray[np.uint16], rows: Int64s, start: Int64s) -> Iterator[_Found]:
    frames = protocol == _TRANSPARENT_ETHERNET
    packets = (protocol == _IPV4) | (protocol == _IPV6)
    yield ETHERNET, (rows[frames], start[frames])
    yield RAW, (rows[packets], start[packets])
