"""A capture file from its records to facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, repeat
from typing import Final

import numpy as np
import numpy.typing as npt

from kwhy.facts.packets import Capture, CapturedInterface, Form, Packet
from kwhy.ingest.capture import messages, pcap, pcapng
from kwhy.ingest.capture.columns import Columns, Ends, Traffic, joined
from kwhy.ingest.capture.control import Ledger
from kwhy.ingest.capture.dialogues import Payloads, dialogues
from kwhy.ingest.capture.errors import with_errors
from kwhy.ingest.capture.flows import Study, View, flows, study
from kwhy.ingest.capture.grouping import Grouping, address
from kwhy.ingest.capture.headers import (
    ETHERTYPE_ARP,
    LINK_NAMES,
    PADDING,
    Headers,
    decoded,
)
from kwhy.ingest.capture.magic import PCAPNG_MAGIC, UNREADABLE_PCAP_MAGICS
from kwhy.ingest.capture.names import name_hint
from kwhy.ingest.capture.protocols import ICMP, ICMPV6, protocol_name
from kwhy.ingest.capture.records import NO_TIME, Bytes, Damage, Int64s, Port, Records
from kwhy.ingest.capture.resolution import PORT as DNS_PORT
from kwhy.ingest.capture.resolution import SHORTEST, Datagram, questions
from kwhy.ingest.capture.tunnels import inside
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Parsed
from kwhy.model.time import UNKNOWN_MOMENT, Moment, at

#: Packets decoded at once: enough to keep numpy busy, little enough to stay in the processor's cache.
_CHUNK: Final = 1 << 15
_MOST_VIEWS: Final = 60_000
#: An ICMP message is read up to here: its header and what it quotes.
_ICMP_BYTES: Final = 128
_DAMAGES_LISTED: Final = 20
_FRAGMENTS_REMEMBERED: Final = 1 << 16


@dataclass(eq=False)
class _Reading:
    """What is gathered while the chunks of one file pass."""

    document: Document
    records: Records
    hint: str | None
    views: list[View] = field(default_factory=list)
    view_numbers: dict[tuple[int, int], int] = field(default_factory=dict)
    grouping: Grouping = field(default_factory=Grouping)
    parts: list[Columns] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    per_view: Counter[int] = field(default_factory=Counter)
    fragments: int = 0
    undecoded: int = 0
    first_undecoded: int | None = None
    fragment_flows: dict[tuple[int, int, int, int, int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.views)

    def view(self, port: int, index: int) -> int:
        """The number of the interface ``index`` (0: not stated) of the file's interface ``port``."""
        key = (port, index)
        if key not in self.view_numbers:
            if len(self.views) >= _MOST_VIEWS:
                return len(self.views) - 1
            described = self.records.ports[port]
            self.view_numbers[key] = len(self.views)
            self.views.append(View(described.name, index or described.index, self.hint))
        return self.view_numbers[key]


def read(document: Document) -> Iterator[Parsed]:
    """Every fact of the capture file, and what of it is damaged."""
    magic = bytes(document.data[:4])
    if magic in UNREADABLE_PCAP_MAGICS:
        why = "a pcap file with Kuznetzov's modified record headers; convert it with: tcpdump -r FILE -w OTHER"
        yield Unparsed(document.at(path="byte 0"), why)
        return
    form: Form = "pcapng" if magic == PCAPNG_MAGIC else "pcap"
    records = pcapng.walk(document.data) if form == "pcapng" else pcap.walk(document.data)
    reading = _Reading(document, records, name_hint(document.source))
    yield from _damages(document, records.damages)
    yield from _unknown_links(reading)
    _decode_all(reading)
    errors = reading.ledger.errors()
    yield _capture(reading, form)
    if reading.first_undecoded is not None:
        why = f"{reading.undecoded} packets end before or are damaged in their IP header; this is the first"
        yield Unparsed(document.at(path=f"packet {reading.first_undecoded}"), why)
    ends = reading.grouping.ends()
    traffic = Traffic(joined(reading.parts), ends, lambda rows: _packets_at(reading, ends, rows))
    reading.parts.clear()
    studied = study(traffic)
    if studied is not None:
        yield from with_errors(flows(studied, reading.views, moments), errors)
        yield from _said(reading, studied)
    yield from errors
    yield from reading.ledger.pings()
    yield from reading.ledger.questions()


def _said(reading: _Reading, studied: Study) -> Iterator[Parsed]:
    """What applications say, where packets carry it."""
    columns, records = studied.grouped.columns, reading.records
    place = columns.number - 1
    stored = np.minimum(records.stored[place] - columns.skip, columns.payload)
    payloads = Payloads(
        np.frombuffer(reading.document.data, dtype=np.uint8),
        records.start[place] + columns.skip,
        np.where(columns.skip > 0, np.maximum(stored, 0), 0),
    )

    def packets_at(rows: Int64s) -> list[Packet]:
        return studied.traffic.packets_at(columns.taken(rows))

    yield from dialogues(studied, reading.views, payloads, packets_at)
    yield from questions(_datagrams(reading, studied, payloads), packets_at)


def _datagrams(reading: _Reading, studied: Study, payloads: Payloads) -> Iterator[Datagram]:
    """What goes to or comes from port 53 over UDP and may be a message about one name, in capture order."""
    columns, ends = studied.grouped.columns, studied.traffic.ends
    asks = (ends.protocol == "udp") & ((ends.low_port == DNS_PORT) | (ends.high_port == DNS_PORT))
    rows = np.flatnonzero(np.asarray(asks, dtype=np.bool_)[columns.conversation] & (payloads.stored >= SHORTEST))
    begin = payloads.start[rows]
    rows = rows[(payloads.data[begin + 4] == 0) & (payloads.data[begin + 5] == 1)]  # one question
    rows = rows[np.argsort(columns.number[rows], kind="stable")]
    begin = payloads.start[rows]
    of, up = columns.conversation[rows], columns.up[rows]
    names = np.array([view.name for view in reading.views], dtype=np.object_)
    data = reading.document.data
    for row, time, name, source, source_port, destination, destination_port, first, last in zip(
        rows.tolist(),
        columns.time[rows].tolist(),
        names[ends.port[of]].tolist(),
        np.where(up, ends.low[of], ends.high[of]).tolist(),
        np.where(up, ends.low_port[of], ends.high_port[of]).tolist(),
        np.where(up, ends.high[of], ends.low[of]).tolist(),
        np.where(up, ends.high_port[of], ends.low_port[of]).tolist(),
        begin.tolist(),
        (begin + payloads.stored[rows]).tolist(),
        strict=True,
    ):
        yield Datagram(row, time, name, source, source_port, destination, destination_port, data[first:last])


def _damages(document: Document, damages: list[Damage]) -> Iterator[Unparsed]:
    for damage in damages[:_DAMAGES_LISTED]:
        yield Unparsed(document.at(path=f"packet {damage.number}, byte {damage.offset}"), damage.why)
    if len(damages) > _DAMAGES_LISTED:
        last = damages[-1]
        why = f"{len(damages) - _DAMAGES_LISTED} more damaged places; this is the last"
        yield Unparsed(document.at(path=f"packet {last.number}, byte {last.offset}"), why)


def moment(nanoseconds: int) -> Moment:
    return UNKNOWN_MOMENT if nanoseconds == NO_TIME else at(nanoseconds / 1e9)


def moments(nanoseconds: Int64s) -> list[Moment]:
    """Many at once: captures have a known time for all packets or for none, nearly always."""
    if (nanoseconds == NO_TIME).any():
        return [moment(value) for value in nanoseconds.tolist()]
    seconds = (nanoseconds / 1e9).tolist()
    return list(map(Moment, seconds, seconds))


def _unknown_links(reading: _Reading) -> Iterator[Unparsed]:
    for number, port in enumerate(reading.records.ports):
        if port.link_type not in LINK_NAMES:
            packets = int((reading.records.port == number).sum())
            why = f"link type {port.link_type} is not understood here; {packets} packets of it are left out"
            yield Unparsed(reading.document.at(path=f"interface {number}"), why)


def _decode_all(reading: _Reading) -> None:
    """Chunk by chunk, so that memory holds columns but never all headers."""
    records, data = reading.records, reading.document.data
    if len(records) == 0:
        return
    whole: Bytes = np.frombuffer(data, dtype=np.uint8)
    near_end = int(np.searchsorted(records.start + records.stored, len(whole) - PADDING, side="right"))
    cuts = [*range(0, near_end, _CHUNK), near_end, *range(near_end + _CHUNK, len(records), _CHUNK), len(records)]
    for begin, end in pairwise(cuts):
        if begin == end:
            continue
        shift, buffer = 0, whole
        if begin >= near_end:  # headers are gathered in fixed windows, which must not reach beyond the buffer
            shift = int(records.start[begin])
            buffer = np.concatenate((whole[shift:], np.zeros(PADDING, dtype=np.uint8)))
        ports = records.port[begin:end]
        for number in np.unique(ports).tolist():
            rows = np.flatnonzero(ports == number) + begin
            _decode(reading, buffer, shift, rows, number)


def _decode(reading: _Reading, buffer: Bytes, shift: int, rows: Int64s, port: int) -> None:
    """Packets ``rows`` of the file's interface ``port``, which share a link type."""
    records = reading.records
    described: Port = records.ports[port]
    start, stored, length = records.start[rows] - shift, records.stored[rows], records.length[rows]
    headers = decoded(buffer, described.link_type, start, stored, length)
    views = _views(reading, headers, port)
    _count(reading, headers, rows, described, views)
    _file(reading, buffer, headers, rows, length, start + stored, views)
    for found in inside(buffer, headers, start + stored):
        outer, begin = rows[found.rows], start[found.rows]
        left, whole = stored[found.rows] - (found.start - begin), length[found.rows] - (found.start - begin)
        carried = decoded(buffer, found.link_type, found.start, left, whole)
        carried.skip[:] = np.where(carried.skip > 0, carried.skip + (found.start - begin), 0)
        carried.heading[:] = headers.heading[found.rows]
        _file(reading, buffer, carried, outer, whole, found.start + left, views[found.rows])


def _file(
    reading: _Reading,
    buffer: Bytes,
    headers: Headers,
    rows: Int64s,
    length: Int64s,
    end: Int64s,
    views: npt.NDArray[np.uint16],
) -> None:
    """Packets, or what they carry, as columns; control messages to the ledger."""
    records = reading.records
    ip = np.flatnonzero(headers.version > 0)
    numbers, up = reading.grouping.assign(headers, ip, views)
    _join_fragments(reading, headers, ip, numbers, views)
    _control_packets(reading, buffer, headers, rows, end, views)
    every = len(ip) == len(rows)
    part = Columns(
        rows + 1,
        records.time[rows],
        length,
        numbers,
        up,
        headers.flags,
        headers.sequence,
        headers.acknowledgement,
        headers.window,
        headers.payload,
        headers.ident,
        headers.hops,
        headers.heading,
        headers.skip,
    )
    reading.parts.append(part if every else part.only(ip))


def _views(reading: _Reading, headers: Headers, port: int) -> npt.NDArray[np.uint16]:
    if not headers.index.any():
        return np.full(len(headers.index), reading.view(port, 0), dtype=np.uint16)
    indexes, inverse = np.unique(headers.index, return_inverse=True)
    numbers = np.array([reading.view(port, index) for index in indexes.tolist()], dtype=np.uint16)
    return numbers[inverse.reshape(-1)]


def _count(reading: _Reading, headers: Headers, rows: Int64s, port: Port, views: npt.NDArray[np.uint16]) -> None:
    for number, packets in enumerate(np.bincount(views).tolist()):
        reading.per_view[number] += packets
    ip = headers.version > 0
    for protocol, packets in enumerate(np.bincount(headers.protocol[ip], minlength=1).tolist()):
        if packets:
            reading.kinds[protocol_name(protocol)] += packets
    reading.kinds["arp"] += int((headers.ethertype == ETHERTYPE_ARP).sum())
    meant_ip = (headers.ethertype == 0x0800) | (headers.ethertype == 0x86DD) | (headers.ethertype == 0)
    lost = np.flatnonzero(meant_ip & ~ip) if port.link_type in LINK_NAMES else rows[:0]
    if len(lost):
        reading.undecoded += len(lost)
        first = int(rows[lost[0]]) + 1
        reading.first_undecoded = min(first, reading.first_undecoded or first)
    reading.fragments += int((headers.fragment > 0).sum())
    reading.kinds["other"] += int((~ip & (headers.ethertype != ETHERTYPE_ARP)).sum())


def _join_fragments(
    reading: _Reading, headers: Headers, ip: Int64s, numbers: npt.NDArray[np.int32], views: npt.NDArray[np.uint16]
) -> None:
    """Later fragments carry no ports: they go to the conversation of the datagram's first one, where it was seen."""
    pieces = np.flatnonzero(headers.fragment[ip] > 0)
    known = reading.fragment_flows
    for piece in pieces.tolist():
        row = int(ip[piece])
        source, destination = int(headers.source_low[row]), int(headers.destination_low[row])
        high = int(headers.source_high[row]) ^ int(headers.destination_high[row])
        key = (int(views[row]), source, destination, high, int(headers.ident[row]), int(headers.protocol[row]))
        if headers.fragment[row] == 1:
            if len(known) >= _FRAGMENTS_REMEMBERED:
                known.clear()
            known[key] = int(numbers[piece])
        elif key in known:
            numbers[piece] = known[key]


def _control_packets(
    reading: _Reading, buffer: Bytes, headers: Headers, rows: Int64s, end: Int64s, views: npt.NDArray[np.uint16]
) -> None:
    """Hands ICMP and ARP packets to the ledger."""
    icmp = ((headers.protocol == ICMP) & (headers.version == 4)) | (
        (headers.protocol == ICMPV6) & (headers.version == 6)
    )
    chosen = np.flatnonzero((icmp & (headers.fragment != 2)) | (headers.ethertype == ETHERTYPE_ARP))
    for row in chosen.tolist():
        number, view = int(rows[row]) + 1, int(views[row])
        time = int(reading.records.time[number - 1])
        if headers.version[row] == 0:
            begin, stop = int(headers.network[row]), int(end[row])
            body = buffer[begin : min(stop, begin + _ICMP_BYTES)].tobytes()

            def proof(text: str, number: int = number, time: int = time, view: int = view) -> Packet:
                return _control_packet(reading, number, time, view, "arp", "", "", 0, 0, text)

            messages.arp(reading.ledger, view, body, proof)
            continue
        version = int(headers.version[row])
        source = address(version, int(headers.source_high[row]), int(headers.source_low[row]))
        destination = address(version, int(headers.destination_high[row]), int(headers.destination_low[row]))
        begin, stop = int(headers.transport[row]), int(end[row])
        body = buffer[begin : min(stop, begin + _ICMP_BYTES)].tobytes()
        payload, hops = int(headers.payload[row]), int(headers.hops[row])

        def described(
            text: str,
            number: int = number,
            time: int = time,
            view: int = view,
            source: str = source,
            destination: str = destination,
            payload: int = payload,
            hops: int = hops,
        ) -> Packet:
            family = "IP6" if ":" in source else "IP"
            line = f"{family} {source} > {destination}: {text}, length {payload}"
            return _control_packet(reading, number, time, view, "icmp", source, destination, payload, hops, line)

        hand = messages.icmp if version == 4 else messages.icmp6
        hand(reading.ledger, view, body, source, destination, time, described)


def _control_packet(
    reading: _Reading,
    number: int,
    time: int,
    view: int,
    protocol: str,
    source: str,
    destination: str,
    payload: int,
    hops: int,
    text: str,
) -> Packet:
    name = reading.views[view].name
    return Packet(
        reading.document, number, moment(time), name, protocol, source, 0, destination, 0, payload, hops=hops, text=text
    )


def _packets_at(reading: _Reading, ends: Ends, columns: Columns) -> list[Packet]:
    """The proof packets of some rows."""
    of, up = columns.conversation, columns.up
    names = np.array([view.name for view in reading.views], dtype=np.object_)
    return list(
        map(
            Packet,
            repeat(reading.document),
            columns.number.tolist(),
            moments(columns.time),
            names[ends.port[of]].tolist(),
            ends.protocol[of].tolist(),
            np.where(up, ends.low[of], ends.high[of]).tolist(),
            np.where(up, ends.low_port[of], ends.high_port[of]).tolist(),
            np.where(up, ends.high[of], ends.low[of]).tolist(),
            np.where(up, ends.high_port[of], ends.low_port[of]).tolist(),
            columns.payload.tolist(),
            columns.flags.tolist(),
            columns.sequence.tolist(),
            columns.acknowledgement.tolist(),
            columns.window.tolist(),
            columns.hops.tolist(),
        )
    )


def _capture(reading: _Reading, form: Form) -> Capture:
    records = reading.records
    known = records.time[records.time != NO_TIME]
    first, last = (int(known.min()), int(known.max())) if len(known) else (NO_TIME, NO_TIME)
    kinds = {kind: packets for kind, packets in reading.kinds.most_common() if packets}
    drops = [port.dropped for port in records.ports if port.dropped is not None]
    return Capture(
        form,
        _interfaces(reading),
        moment(first),
        moment(last),
        (last - first) / 1e9,
        len(records),
        int(records.length.sum()),
        kinds,
        records.truncated,
        reading.document.at(path="packet 1"),
        cut=int((records.stored < records.length).sum()),
        fragments=reading.fragments,
        undecoded=reading.undecoded,
        name_hint=reading.hint,
        dropped=sum(drops) if drops else None,
    )


def _interfaces(reading: _Reading) -> tuple[CapturedInterface, ...]:
    """Every interface that the file describes or its packets name, silent ones included."""
    found = []
    for number, port in enumerate(reading.records.ports):
        link = LINK_NAMES.get(port.link_type, f"link type {port.link_type}")
        views = [view for (of, _), view in reading.view_numbers.items() if of == number]
        for view in views:
            index = reading.views[view].number
            packets = reading.per_view[view]
            found.append(CapturedInterface(port.name, index, link, packets, port.filter, port.dropped))
        if not views:
            found.append(CapturedInterface(port.name, port.index, link, 0, port.filter, port.dropped))
    return tuple(found)
