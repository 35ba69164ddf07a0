"""A capture as a few tables of plain text, for `kwhy inspect`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from kwhy.facts.packets import Capture, EchoExchange, Flow, IcmpError, NeighbourQuestion, peers_by_bytes
from kwhy.ingest.capture.magic import is_capture
from kwhy.ingest.parsers.capture import parse, parse_printed
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Parsed
from kwhy.model.time import Moment, iso


class Section(msgspec.Struct, frozen=True):
    """A table. ``left_out`` rows are not listed."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0


def summary(document: Document, most: int = 20) -> list[Section]:
    """What the capture ``document`` shows, at most ``most`` rows per table."""
    read = parse if is_capture(bytes(document.data[:4])) else parse_printed
    return summary_of(read(document), most)


def summary_of(parsed: Iterable[Parsed], most: int = 20) -> list[Section]:
    """The same for facts that were read already."""
    facts = list(parsed)
    captures = [fact for fact in facts if isinstance(fact, Capture)]
    flows = [fact for fact in facts if isinstance(fact, Flow)]
    sections = [
        Section("Capture", ("", ""), tuple(row for capture in captures for row in _capture(capture))),
        _flows("Conversations", sorted(flows, key=lambda flow: -flow.bytes), most),
        _flows("Without success", [flow for flow in flows if _failed(flow)], most),
        _peers(flows, most),
        _section("ICMP errors", _ERRORS, [_error(fact) for fact in facts if isinstance(fact, IcmpError)], most),
        _section("Pings", _PINGS, [_ping(fact) for fact in facts if isinstance(fact, EchoExchange)], most),
        _section(
            "Neighbours that did not answer",
            ("interface", "protocol", "asker", "target", "asked", "where"),
            [_question(fact) for fact in facts if isinstance(fact, NeighbourQuestion) and _silent(fact)],
            most,
        ),
        _section(
            "Not understood",
            ("where", "why"),
            [(_place(fact), fact.why) for fact in facts if isinstance(fact, Unparsed)],
            most,
        ),
    ]
    return [section for section in sections if section.rows]


_ERRORS = ("interface", "reporter", "told", "reason", "about", "times", "where")
_PINGS = ("interface", "from", "to", "requests", "unanswered", "round trip", "where")
_FLOWS = (
    "interface",
    "proto",
    "from",
    "to",
    "packets",
    "bytes",
    "RTT",
    "sent again",
    "slowest answer",
    "outcome",
    "where",
)


def _section(title: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]], most: int) -> Section:
    return Section(title, header, tuple(rows[:most]), max(0, len(rows) - most))


def _capture(capture: Capture) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = [("format", capture.form)]
    for interface in capture.interfaces:
        name = interface.name or (f"index {interface.index}" if interface.index else "not stated")
        hint = f" (the file name suggests {capture.name_hint})" if interface.name is None and capture.name_hint else ""
        said = f", filter {interface.filter}" if interface.filter else ""
        rows.append(("interface", f"{name}{hint}, {interface.link_type}, {interface.packets} packets{said}"))
    kinds = ", ".join(f"{count} {kind}" for kind, count in capture.by_kind.items())
    rows.append(("packets", f"{capture.packets}" + (f": {kinds}" if kinds else "")))
    rows.append(("bytes", f"{capture.bytes}" + ("" if capture.wire_sizes else " of payload")))
    rows.append(("time", _span(capture)))
    for what, count in (
        ("cut by the snap length", capture.cut),
        ("fragments", capture.fragments),
        ("undecoded", capture.undecoded),
        ("dropped while capturing", capture.dropped or 0),
    ):
        if count:
            rows.append((what, str(count)))
    if capture.truncated:
        rows.append(("truncated", "the last record is incomplete"))
    return rows


def _span(capture: Capture) -> str:
    if capture.packets == 0:
        return "no packets"
    lasted = f"{capture.duration:.3f} s"
    if not (_exact(capture.first) and capture.first.earliest is not None and capture.last.latest is not None):
        return lasted
    return f"{iso(capture.first.earliest)} to {iso(capture.last.latest)}, {lasted}"


def _exact(moment: Moment) -> bool:
    return moment.known and moment.earliest == moment.latest


def _flows(title: str, flows: Sequence[Flow], most: int) -> Section:
    return Section(title, _FLOWS, tuple(_flow(flow) for flow in flows[:most]), max(0, len(flows) - most))


def _flow(flow: Flow) -> tuple[str, ...]:
    again = flow.ab.retransmitted + flow.ba.retransmitted
    return (
        _interface(flow),
        flow.protocol,
        _end(flow.a, flow.a_port),
        _end(flow.b, flow.b_port),
        f"{flow.ab.packets} → {flow.ba.packets} ←",
        f"{flow.ab.bytes} → {flow.ba.bytes} ←",
        _milliseconds(flow.handshake_rtt),
        str(again) if again else "",
        _milliseconds(flow.ba.longest_wait) if flow.ba.answers else "",
        flow.outcome + (f" ({flow.errors[0].reason})" if flow.errors else ""),
        _place(flow),
    )


def _interface(fact: Flow | EchoExchange | NeighbourQuestion) -> str:
    return fact.interface or (f"index {fact.interface_index}" if fact.interface_index else "")


def _end(address: str, port: int) -> str:
    if not port:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.3f} ms"


def _failed(flow: Flow) -> bool:
    return flow.outcome in ("unanswered", "rejected", "refused", "half-open", "reset")


def _peers(flows: Sequence[Flow], most: int) -> Section:
    """The peers of the address that takes part in most traffic."""
    traffic: Counter[str] = Counter()
    for flow in flows:
        traffic[flow.a] += flow.bytes
        traffic[flow.b] += flow.bytes
    if not traffic:
        return Section("Peers", (), ())
    address = min(traffic, key=lambda name: (-traffic[name], name))
    rows = [
        (
            peer.address,
            str(peer.flows),
            str(peer.packets),
            str(peer.bytes_sent),
            str(peer.bytes_received),
            f"{peer.wait:.3f} s",
        )
        for peer in peers_by_bytes(flows, address)
    ]
    return _section(f"Peers of {address}", ("peer", "flows", "packets", "sent", "received", "waited"), rows, most)


def _error(error: IcmpError) -> tuple[str, ...]:
    mtu = f" (mtu {error.mtu})" if error.mtu else ""
    about = f"{error.protocol or 'a packet'} to {_end(error.destination, error.destination_port)}"
    return (
        error.interface or "",
        error.reporter,
        error.told,
        error.reason + mtu,
        about,
        str(error.count),
        _place(error),
    )


def _ping(ping: EchoExchange) -> tuple[str, ...]:
    lost, trip = str(ping.unanswered), _milliseconds(ping.rtt_mean)
    return (_interface(ping), ping.source, ping.destination, str(ping.requests), lost, trip, _place(ping))


def _silent(question: NeighbourQuestion) -> bool:
    return question.replies == 0 and not question.announcement


def _question(asked: NeighbourQuestion) -> tuple[str, ...]:
    return (_interface(asked), asked.protocol, asked.asker, asked.target, str(asked.requests), _place(asked))


def _place(fact: Flow | IcmpError | EchoExchange | NeighbourQuestion | Unparsed) -> str:
    place = fact.at
    return f"line {place.line}" if place.line is not None else place.path or ""
