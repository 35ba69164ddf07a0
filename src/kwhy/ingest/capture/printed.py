"""What tcpdump printed, as the same facts that a capture file yields, located by lines.

Understood: -n or names, -t, -tt, -ttt, -tttt, -e, -v, -q, -S, -X, -i any. Interface names in a text printed from a file
(-r) are those of the machine that read it (print-sll.c), so they are only hints.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from kwhy.facts.packets import Capture, CapturedInterface, IcmpReason, Packet
from kwhy.ingest.capture import printed_control
from kwhy.ingest.capture.columns import COLUMN_TYPES, Columns, Conversation, Ends, Traffic
from kwhy.ingest.capture.control import Ledger, Quoted
from kwhy.ingest.capture.errors import with_errors
from kwhy.ingest.capture.flows import View, flows, study
from kwhy.ingest.capture.names import name_hint
from kwhy.ingest.capture.printed_heads import ARP, Clock, Head
from kwhy.ingest.capture.printed_lines import (
    COMMAND_INTERFACE,
    COUNT,
    ENDS,
    ETHERNET,
    IPV4_VERBOSE,
    LENGTH,
    LISTENING,
    LONGEST_LINE,
    OWN,
    READING,
    Body,
    body_of,
)
from kwhy.ingest.capture.printed_names import Names
from kwhy.ingest.capture.printed_sequences import Sequences
from kwhy.ingest.capture.records import NO_TIME, Int64s
from kwhy.ingest.capture.resolution import questions
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Parsed

_EXAMPLES: Final = 3
#: GetRequest(28) C="secret" .1.3.6 (print-snmp.c)
_SNMP_COMMUNITY: Final = expression(r' C="')


_Four: TypeAlias = tuple[str, int, str, int]
_Six: TypeAlias = tuple[int, int, int, int, int, int]


class _Pending(NamedTuple):
    """An error that waits for the packet that -v quotes after it."""

    view: int
    reason: IcmpReason
    reporter: str
    told: str
    quoted: Quoted
    mtu: int | None
    packet: Packet


@dataclass(eq=False)
class _Printed:
    """What is gathered while the lines pass."""

    document: Document
    hint: str | None
    stated: str | None = None
    from_file: bool = False
    link: str = "not stated"
    clock: Clock = field(default_factory=Clock)
    views: list[View] = field(default_factory=list)
    view_numbers: dict[str | None, int] = field(default_factory=dict)
    conversations: dict[Conversation, int] = field(default_factory=dict)
    last_flow: dict[tuple[int, str, str], int] = field(default_factory=dict)
    sequences: Sequences = field(default_factory=Sequences)
    names: Names = field(default_factory=Names)
    columns: dict[str, array[int]] = field(default_factory=lambda: {name: array("q") for name in COLUMN_TYPES})
    places: array[int] = field(default_factory=lambda: array("q"))  # line, first byte, last byte of every packet
    times: array[int] = field(default_factory=lambda: array("q"))
    kinds: Counter[str] = field(default_factory=Counter)
    per_view: Counter[int] = field(default_factory=Counter)
    bytes: int = 0
    wire_sizes: bool = True
    fragments: int = 0
    undecoded: int = 0
    dropped: int | None = None
    strangers: int = 0
    first_stranger: int | None = None
    pending: _Pending | None = None
    problems: list[Unparsed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.views)

    @property
    def packets(self) -> int:
        return len(self.times)

    def view(self, name: str | None) -> int:
        """The number of the interface called ``name`` in its line (None: no such column)."""
        if name not in self.view_numbers:
            known = name or self.stated
            self.view_numbers[name] = len(self.views)
            self.views.append(View(None, None, known) if self.from_file else View(known, None, self.hint))
        return self.view_numbers[name]

    def settle(self) -> None:
        """The error that waited is complete."""
        if self.pending is not None:
            self.ledger.error(*self.pending)
            self.pending = None


def read(document: Document) -> Iterator[Parsed]:
    """Every fact of the printed capture."""
    printed = _Printed(document, name_hint(document.source))
    command = COMMAND_INTERFACE.search((document.command or "")[:LONGEST_LINE])
    if command is not None and command["interface"] != "any":
        printed.stated = command["interface"]
    _read_lines(printed)
    printed.settle()
    times = printed.clock.continuous(np.array(printed.times, dtype=np.int64))
    errors = printed.ledger.errors()
    yield from printed.problems
    if printed.strangers:
        why = (
            f"{printed.strangers} lines are no packets that tcpdump prints (payload printed by -A?); this is the first"
        )
        yield Unparsed(document.at(line=printed.first_stranger), why)
    yield _capture(printed, times)
    columns = {name: np.array(values, dtype=COLUMN_TYPES[name]) for name, values in printed.columns.items()}
    columns["time"] = times[columns["number"] - 1]
    all_columns = Columns(**columns)
    conversations = [*printed.conversations]
    traffic = Traffic(all_columns, Ends.of(conversations), lambda rows: _packets_at(printed, conversations, rows))
    studied = study(traffic)
    if studied is not None:
        found = flows(
            studied, printed.views, lambda all_times: [printed.clock.moment(time) for time in all_times.tolist()]
        )
        yield from with_errors(found, errors)
    yield from _names(printed, times)
    yield from errors
    yield from printed.ledger.pings()
    yield from printed.ledger.questions()


def _names(printed: _Printed, times: Int64s) -> Iterator[Parsed]:
    """What DNS servers were asked and answered."""

    def packets_at(numbers: Int64s) -> list[Packet]:
        return [
            _proof(printed, number, view_of[number], "udp", ends_of[number], (0, 0, 0, 0, 0, 0))
            for number in numbers.tolist()
        ]

    ends_of = {d.row: (d.source, d.source_port, d.destination, d.destination_port) for d, _ in printed.names.messages}
    by_name = {view.name: number for number, view in enumerate(printed.views)}
    view_of = {d.row: by_name[d.interface] for d, _ in printed.names.messages}
    dated = ((d._replace(time=int(times[d.row - 1])), message) for d, message in printed.names.messages)
    yield from questions(dated, packets_at)


def _read_lines(printed: _Printed) -> None:
    """Pass over the lines; -v prints a packet on two, the second indented by spaces."""
    document = printed.document
    data, start, number = document.data, 0, document.first_line
    waiting: tuple[Head, re.Match[str], int, int] | None = None
    quoting = False
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        text = bytes(data[start : min(end, start + LONGEST_LINE)]).decode("utf-8", "replace")
        if text.startswith("\t"):
            quoting = text.startswith("\tIP (") and printed.pending is not None
        elif text.startswith("    ") and (waiting is not None or quoting):
            if quoting:
                _quote(printed, text.strip())
            elif waiting is not None:
                _packet(printed, waiting[0], waiting[1], text.strip(), waiting[2], (waiting[3], end))
            waiting, quoting = None, False
        elif text.strip() and not _own_line(printed, text):
            waiting, quoting = None, False
            head = printed.clock.head(text)
            if head is None:
                _stranger(printed, text, number)
            else:
                printed.settle()
                verbose = IPV4_VERBOSE.match(head.rest) if head.family == 4 else None
                if verbose is not None and not head.rest[verbose.end() :].strip():
                    waiting = (head, verbose, number, start)
                else:
                    rest = head.rest[verbose.end() :].lstrip() if verbose else head.rest
                    _packet(printed, head, verbose, rest, number, (start, end))
        number += 1
        start = end + 1


def _own_line(printed: _Printed, text: str) -> bool:
    """Whether tcpdump speaks of itself; what it says is noted."""
    if found := LISTENING.match(text):
        printed.link = found["link"]
        if found["interface"].rstrip(",") != "any":
            printed.stated = found["interface"].rstrip(",")
        return True
    if found := READING.match(text):
        printed.link, printed.from_file = found["link"], True
        return True
    if found := COUNT.match(text.strip()):
        if found["what"].startswith("dropped by kernel"):
            printed.dropped = int(found["count"])
        return True
    return OWN.match(text) is not None


def _stranger(printed: _Printed, text: str, number: int) -> None:
    if text.startswith(" "):
        return  # details of -v, hex dumps of some versions
    printed.strangers += 1
    printed.first_stranger = printed.first_stranger or number


def _packet(
    printed: _Printed, head: Head, verbose: re.Match[str] | None, rest: str, line: int, place: tuple[int, int]
) -> None:
    """One packet: counted, and filed by what it is."""
    printed.times.append(head.time)
    printed.places.extend((line, *place))
    view = printed.view(head.interface)
    printed.per_view[view] += 1
    printed.wire_sizes &= head.length is not None
    printed.bytes += head.length or 0
    if head.family == ARP:
        packet = _control_packet(printed, view, "arp", "", "")
        printed.kinds["arp"] += 1
        if not printed_control.arp(printed.ledger, view, rest, packet):
            _unclear(printed, line, "an ARP line of a form that is not known")
        return
    body = body_of(head.family, rest) if head.family in (4, 6) else None
    if body is None:
        printed.kinds["other"] += 1
        if head.family in (4, 6):
            _unclear(printed, line, "no addresses where tcpdump prints source > destination")
        return
    printed.kinds[body.protocol] += 1
    later = body.fragment == 2 or (verbose is not None and verbose["offset"] != "0")
    printed.fragments += later or body.fragment > 0
    _file(printed, head, verbose, body, view, later)
    if body.protocol == "udp":
        printed.names.take(printed.packets, printed.views[view].name, body)
    if body.protocol in ("icmp", "icmp6"):
        _control(printed, view, body, head.time)


def _unclear(printed: _Printed, line: int, why: str) -> None:
    printed.undecoded += 1
    if printed.undecoded <= _EXAMPLES:
        printed.problems.append(Unparsed(printed.document.at(line=line), why))


def _file(printed: _Printed, head: Head, verbose: re.Match[str] | None, body: Body, view: int, later: bool) -> None:
    """Adds the packet to the columns."""
    source, destination = body.source, body.destination
    up = source <= destination
    low, high = (source, destination) if up else (destination, source)
    key = (view, body.protocol, f"{source.address} > {destination.address}")
    number = printed.last_flow.get(key) if later else None  # later fragments print no ports
    if number is None:
        conversation = Conversation(view, body.protocol, *low, *high)
        number = printed.conversations.setdefault(conversation, len(printed.conversations))
        printed.last_flow[key] = number
    sequence = acknowledgement = 0
    if body.tcp is not None and body.tcp.flags:
        sequence, acknowledgement = printed.sequences.absolute(source, destination, body.tcp)
    values = (
        printed.packets,
        0,
        head.length if head.length is not None else body.payload,
        number,
        up,
        body.tcp.flags if body.tcp else 0,
        sequence,
        acknowledgement,
        body.tcp.window if body.tcp else 0,
        body.payload,
        int(verbose["id"]) & 0xFFFF if verbose else 0,
        min(int(verbose["ttl"] or 0), 255) if verbose else 0,
        head.heading,
        0,
    )
    for column, value in zip(printed.columns.values(), values, strict=True):
        column.append(value)


def _control(printed: _Printed, view: int, body: Body, time: int) -> None:
    source, destination = body.source.address, body.destination.address
    packet = _control_packet(printed, view, "icmp", source, destination)
    if printed_control.icmp(printed.ledger, view, body.rest, source, destination, time, packet):
        error = printed_control.error_of(body.rest, destination)
        if error is not None:
            reason, quoted, mtu = error
            printed.pending = _Pending(view, reason, source, destination, quoted, mtu, packet)


def _quote(printed: _Printed, text: str) -> None:
    """The packet that an error is about, printed by -v after it."""
    body = body_of(6 if ENDS.match(text) and text.count(":") > 4 else 4, text)
    if body is not None and printed.pending is not None:
        quoted = Quoted(body.protocol, *body.source, *body.destination)
        printed.pending = printed.pending._replace(quoted=quoted)


def _control_packet(printed: _Printed, view: int, protocol: str, source: str, destination: str) -> Packet:
    return _proof(printed, printed.packets, view, protocol, (source, 0, destination, 0))


def _packets_at(printed: _Printed, conversations: list[Conversation], rows: Columns) -> list[Packet]:
    """The proof packets of some rows: their lines."""
    numbers = zip(
        rows.payload.tolist(),
        rows.flags.tolist(),
        rows.sequence.tolist(),
        rows.acknowledgement.tolist(),
        rows.window.tolist(),
        rows.hops.tolist(),
        strict=True,
    )
    packets = []
    for number, of, up, rest in zip(
        rows.number.tolist(), rows.conversation.tolist(), rows.up.tolist(), numbers, strict=True
    ):
        view, protocol, low, low_port, high, high_port = conversations[of]
        ends = (low, low_port, high, high_port) if up else (high, high_port, low, low_port)
        packets.append(_proof(printed, number, view, protocol, ends, rest))
    return packets


def _proof(
    printed: _Printed, number: int, view: int, protocol: str, ends: _Four, numbers: _Six = (0, 0, 0, 0, 0, 0)
) -> Packet:
    line, start, end = printed.places[3 * number - 3 : 3 * number]
    raw = bytes(printed.document.data[start : min(end, start + LONGEST_LINE)]).decode("utf-8", "replace")
    time = printed.clock.moment(printed.times[number - 1])
    name = printed.views[view].name
    return Packet(printed.document, number, time, name, protocol, *ends, *numbers, line, shown(raw))


def shown(text: str) -> str:
    """A line as proof: up to the packet's length. What tcpdump decodes behind it may hold secrets (URLs, payload)."""
    text = " ".join(IPV4_VERBOSE.sub("", " ".join(text.split())).split())
    ethernet = ETHERNET.match(text)
    size = LENGTH.search(text, ethernet.end() if ethernet else 0)
    text = text[: size.end()] if size else text
    return _SNMP_COMMUNITY.split(text)[0]


def _capture(printed: _Printed, times: Int64s) -> Capture:
    known = times[times != NO_TIME]
    first, last = (int(known.min()), int(known.max())) if len(known) else (NO_TIME, NO_TIME)
    interfaces = tuple(
        CapturedInterface(view.name, None, printed.link, printed.per_view[number], None, printed.dropped)
        for number, view in enumerate(printed.views)
    ) or (
        CapturedInterface(None if printed.from_file else printed.stated, None, printed.link, 0, None, printed.dropped),
    )
    sizes = printed.wire_sizes and printed.packets > 0
    payload = sum(printed.columns["length"])
    return Capture(
        "tcpdump output",
        interfaces,
        printed.clock.moment(first),
        printed.clock.moment(last),
        (last - first) / 1e9,
        printed.packets,
        printed.bytes if sizes else payload,
        dict(printed.kinds.most_common()),
        False,
        printed.document.at(line=printed.places[0] if printed.places else printed.document.first_line),
        fragments=printed.fragments,
        undecoded=printed.undecoded,
        wire_sizes=sizes,
        name_hint=printed.hint,
        dropped=printed.dropped,
    )
