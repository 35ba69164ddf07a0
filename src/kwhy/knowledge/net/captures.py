"""What several captures, or several interfaces of one, say together about a conversation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from kwhy.facts.packets import Capture, CapturedInterface, Flow, IcmpError
from kwhy.model.time import Moment


class Crossing(msgspec.Struct, frozen=True):
    """One conversation wherever it was seen: the flows in which ``a`` sent, and those in which ``b`` did."""

    outward: tuple[Flow, ...]
    homeward: tuple[Flow, ...]

    @property
    def out_by(self) -> frozenset[str]:
        return frozenset(flow.interface for flow in self.outward if flow.interface)

    @property
    def home_by(self) -> frozenset[str]:
        return frozenset(flow.interface for flow in self.homeward if flow.interface)


class Silence(msgspec.Struct, frozen=True):
    """An interface that was captured and did not show a flow.

    ``named_by_file``: the interface's name is only suggested by the file name. ``certain``: the capture is known to
    have been running while the flow was seen elsewhere, and no capture filter is known that may hide it.
    """

    capture: Capture
    interface: CapturedInterface
    name: str
    named_by_file: bool
    certain: bool


def crossings(flows: Iterable[Flow]) -> list[Crossing]:
    """Flows of the same ends put together across interfaces and captures, in order of appearance."""
    groups: dict[tuple[str, frozenset[tuple[str, int]]], list[Flow]] = {}
    for flow in flows:
        ends = frozenset(((flow.a, flow.a_port), (flow.b, flow.b_port)))
        groups.setdefault((flow.protocol, ends), []).append(flow)
    return [_crossing(group) for group in groups.values()]


def _crossing(group: list[Flow]) -> Crossing:
    """Who called is known from the flows that show it; the others are turned round where they disagree."""
    caller = next(((flow.a, flow.a_port) for flow in group if flow.opened), (group[0].a, group[0].a_port))
    outward, homeward = [], []
    for flow in group:
        out, home = (flow.ab, flow.ba) if (flow.a, flow.a_port) == caller else (flow.ba, flow.ab)
        if out.packets:
            outward.append(flow)
        if home.packets:
            homeward.append(flow)
    return Crossing(tuple(outward), tuple(homeward))


def asymmetric(flows: Iterable[Flow]) -> list[Crossing]:
    """Conversations that leave by one interface and are answered on another, by the names that captures state."""
    return [found for found in crossings(flows) if found.out_by and found.home_by and not found.out_by & found.home_by]


def silent_on(flow: Flow, flows: Iterable[Flow], captures: Iterable[Capture]) -> list[Silence]:
    """The captured interfaces on which ``flow``, seen elsewhere, does not appear in either direction."""
    ends = {(flow.a, flow.a_port), (flow.b, flow.b_port)}
    seen = {
        (other.at.document, *_name(other.interface, other.interface_hint), other.interface_index)
        for other in flows
        if other.protocol == flow.protocol and {(other.a, other.a_port), (other.b, other.b_port)} == ends
    }
    found = []
    for capture in captures:
        for interface in capture.interfaces:
            name, named_by_file = _name(interface.name, capture.name_hint)
            if name is None or name == "any" or (capture.at.document, name, named_by_file, interface.index) in seen:
                continue
            same_session = capture.at.document is flow.at.document
            running = same_session or _covers(capture, flow)
            found.append(Silence(capture, interface, name, named_by_file, running and interface.filter is None))
    return found


def _name(stated: str | None, hint: str | None) -> tuple[str | None, bool]:
    return (stated, False) if stated else (hint, True)


def _covers(capture: Capture, flow: Flow) -> bool:
    """Whether the capture shows packets from before the flow's first to after its last."""
    return _not_after(capture.first, flow.first) and _not_after(flow.last, capture.last)


def _not_after(a: Moment, b: Moment) -> bool:
    return a.latest is not None and b.earliest is not None and a.latest <= b.earliest


class AnswerTime(msgspec.Struct, frozen=True):
    """How long the caller of one flow waited. ``network`` is one round trip's share of each answer; None: not seen."""

    answers: int
    total: float
    longest: float
    network: float | None

    @property
    def longest_at_server(self) -> float:
        return max(0.0, self.longest - (self.network or 0.0))


def answer_time(flow: Flow) -> AnswerTime:
    """Time from the caller's last data to the first data of the answer, apart from the network's share."""
    return AnswerTime(flow.ba.answers, flow.ba.wait, flow.ba.longest_wait, flow.handshake_rtt)


def reset_by_another(flow: Flow) -> bool | None:
    """Whether the RST came over another number of hops than its sender's other packets; None where not comparable.

    Equal hops prove nothing, differing ones show that something else sent it in that name.
    """
    if flow.rst is None or not flow.rst.hops:
        return None
    lowest, highest = (flow.ab if flow.rst.source == flow.a else flow.ba).hops
    if not lowest:
        return None
    return not lowest <= flow.rst.hops <= highest


def large_segments_lost(flow: Flow) -> bool:
    """Full-size segments are sent again while small ones passed: the handshake, and an answer to smaller data.

    The shape of an MTU black hole as seen by the sender: every retransmission is of the largest size sent.
    """
    return any(
        side.retransmitted > 1
        and side.largest_retransmitted == side.largest > other.largest
        and flow.handshake_complete
        for side, other in ((flow.ab, flow.ba), (flow.ba, flow.ab))
    )


def errors_that_may_concern(flow: Flow, errors: Sequence[IcmpError]) -> list[IcmpError]:
    """Errors that do not quote the flow's ports but were told to its caller about its callee."""
    return [
        error
        for error in errors
        if error not in flow.errors
        and error.told == flow.a
        and error.destination == flow.b
        and error.source_port == 0
        and error.protocol in (None, flow.protocol)
        and error.destination_port in (0, flow.b_port)
    ]
