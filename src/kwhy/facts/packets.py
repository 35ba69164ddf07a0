"""What packet captures show: flows, errors, pings, neighbour questions.

Numbers come from the packets alone; nothing is concluded here. Who began a conversation is ``a``, who was called is
``b``, where the capture shows it (a SYN, a first datagram); ``Flow.opened`` says whether it does.

An interface has a name only where the capture itself states one (pcapng, the ``eth0  Out`` column of tcpdump -i any,
tcpdump's "listening on" line). A cooked capture (LINUX_SLL2) states the index alone. What a file name suggests is kept
apart in ``interface_hint``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from kwhy.model.document import Document, Locator
from kwhy.model.time import Moment

Form: TypeAlias = Literal["pcap", "pcapng", "tcpdump output"]
Outcome: TypeAlias = Literal[
    "unanswered",
    "rejected",
    "refused",
    "half-open",
    "established",
    "closed",
    "reset",
    "answered",
    "one-way",
    "mid-stream",
]
IcmpReason: TypeAlias = Literal[
    "net unreachable",
    "host unreachable",
    "protocol unreachable",
    "port unreachable",
    "fragmentation needed",
    "source route failed",
    "net prohibited",
    "host prohibited",
    "admin prohibited",
    "time exceeded in transit",
    "reassembly time exceeded",
    "redirect",
    "parameter problem",
    "other",
]

#: VXLAN (IANA's port and the one that Linux and flannel keep) and Geneve.
TUNNEL_PORTS = (4789, 8472, 6081)
FIN, SYN, RST, PUSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))

#: tcp_flag_values in tcpdump 4.99 print-tcp.c, in its order of printing.
_FLAG_LETTERS = ((FIN, "F"), (SYN, "S"), (RST, "R"), (PUSH, "P"), (ACK, "."), (URG, "U"), (ECE, "E"), (CWR, "W"))


def _clock(time: Moment) -> str:
    """HH:MM:SS.ffffff in UTC, as ``TZ=UTC tcpdump`` prints it; empty where unknown."""
    if time.earliest is None:
        return ""
    micros = round(time.earliest * 1_000_000)
    seconds, fraction = divmod(micros, 1_000_000)
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:06} "


class Packet(msgspec.Struct, frozen=True, gc=False):
    """One packet, with as much as a proof line needs.

    ``number`` counts from 1 in the capture (the number that Wireshark shows). ``line`` and ``text`` are set for printed
    captures, and ``text`` for packets other than TCP and UDP. ``hops`` is the TTL or hop limit as captured, 0 where the
    capture does not show it.
    """

    document: Document
    number: int
    time: Moment
    interface: str | None
    protocol: str
    source: str
    source_port: int
    destination: str
    destination_port: int
    payload: int
    flags: int = 0
    sequence: int = 0
    acknowledgement: int = 0
    window: int = 0
    hops: int = 0
    line: int | None = None
    text: str = ""

    @property
    def printed(self) -> str:
        """The packet as ``tcpdump -nn -S`` prints it (print-tcp.c, print-udp.c of 4.99), time in UTC."""
        if self.line is not None:
            return self.text
        where = f"{self.interface} " if self.interface else ""
        return f"{_clock(self.time)}{where}{self.text or self._described()}"

    def _described(self) -> str:
        family = "IP6" if ":" in self.source else "IP"
        if self.protocol not in ("tcp", "udp", "sctp"):
            return f"{family} {self.source} > {self.destination}: {self.protocol}, length {self.payload}"
        ends = f"{family} {self.source}.{self.source_port} > {self.destination}.{self.destination_port}"
        if self.protocol != "tcp":
            return f"{ends}: {self.protocol.upper()}, length {self.payload}"
        letters = "".join(letter for bit, letter in _FLAG_LETTERS if self.flags & bit) or "none"
        sequence = ""
        if self.payload or self.flags & (SYN | FIN | RST):
            end = f":{(self.sequence + self.payload) & 0xFFFFFFFF}" if self.payload else ""
            sequence = f", seq {self.sequence}{end}"
        answer = f", ack {self.acknowledgement}" if self.flags & ACK else ""
        return f"{ends}: Flags [{letters}]{sequence}{answer}, win {self.window}, length {self.payload}"

    @property
    def at(self) -> Locator:
        if self.line is not None:
            return self.document.at(line=self.line, excerpt=self.printed)
        return self.document.at(path=f"packet {self.number}", excerpt=self.printed)


class CapturedInterface(msgspec.Struct, frozen=True, gc=False):
    """One interface of a capture. ``filter`` and ``dropped`` are None where the capture does not say."""

    name: str | None
    index: int | None
    link_type: str
    packets: int
    filter: str | None = None
    dropped: int | None = None


class Capture(msgspec.Struct, frozen=True, gc=False):
    """One capture as a whole.

    ``name_hint``: the interface that the file name suggests. ``truncated``: the last record is incomplete (the capture
    was copied while being written, or cut). ``cut``: packets stored shorter than they were (snap length).
    ``fragments``: IP fragments. ``undecoded``: packets whose addresses could not be read. ``wire_sizes``: byte counts
    are those of frames; printed captures without ``-e`` know payloads only. ``by_kind`` counts packets ("tcp", "udp",
    "arp", …).
    """

    form: Form
    interfaces: tuple[CapturedInterface, ...]
    first: Moment
    last: Moment
    duration: float
    packets: int
    bytes: int
    by_kind: dict[str, int]
    truncated: bool
    at: Locator
    cut: int = 0
    fragments: int = 0
    undecoded: int = 0
    wire_sizes: bool = True
    name_hint: str | None = None
    dropped: int | None = None


class Direction(msgspec.Struct, frozen=True, gc=False):
    """One direction of a flow.

    ``syn``: SYNs without ACK, ``syn_ack`` with it. ``retransmitted``: segments whose sequence range was already seen.
    ``late``: segments behind the highest sequence that fill a hole: reordered, or lost before the capture point and
    sent again. ``twice``: the same packet captured again (equal IP identification), as ``-i any`` does.
    ``zero_windows``: segments that announce a full receive buffer. ``leaving``/``entering``: packets that the capture
    marks as sent or received by this host (cooked captures only). ``hops``: lowest and highest TTL of packets other
    than RST; (0, 0) where unknown. ``answers`` counts the turns in which this side sent data after data of the other;
    ``wait`` is the sum of the silence before them and ``longest_wait`` the longest, in seconds. ``largest`` is the
    payload of the largest packet, ``largest_retransmitted`` that of the largest segment sent again, and
    ``largest_acknowledged`` that of the largest segment whose end the other side acknowledged (0 where nothing was sent
    again: not looked at). ``full_time``: seconds during which this side announced that its receive buffer is full.
    ``smallest_retransmitted`` is the payload of the smallest segment with payload that was sent again.
    """

    packets: int = 0
    bytes: int = 0
    payload: int = 0
    syn: int = 0
    syn_ack: int = 0
    fin: int = 0
    rst: int = 0
    retransmitted: int = 0
    late: int = 0
    twice: int = 0
    zero_windows: int = 0
    leaving: int = 0
    entering: int = 0
    hops: tuple[int, int] = (0, 0)
    answers: int = 0
    wait: float = 0.0
    longest_wait: float = 0.0
    largest: int = 0
    largest_retransmitted: int = 0
    largest_acknowledged: int = 0
    full_time: float = 0.0
    smallest_retransmitted: int = 0


class IcmpError(msgspec.Struct, frozen=True, gc=False):
    """Equal ICMP or ICMPv6 errors: ``reporter`` told ``told`` that its packet to ``destination`` failed.

    The quoted packet's ``protocol``, ``source`` and ports are None or 0 where the capture does not show them (a printed
    line names them only for unreachable ports). ``mtu`` is the next hop's, for "fragmentation needed".
    """

    interface: str | None
    reason: IcmpReason
    reporter: str
    told: str
    protocol: str | None
    source: str
    source_port: int
    destination: str
    destination_port: int
    count: int
    first: Packet
    mtu: int | None = None

    @property
    def at(self) -> Locator:
        return self.first.at


class Flow(msgspec.Struct, frozen=True, gc=False):
    """A conversation on one interface; for TCP one connection (a new initial sequence number begins another flow).

    ``a`` called ``b`` if ``opened``; else nobody was seen calling, and ``b`` is the side with the lower, non-ephemeral
    port. Ports are 0 for protocols without. ``begin`` is the first packet. The others are the first packet of their
    kind: ``syn``, ``syn_ack``, ``handshake_end`` (the ACK that completes it), ``rst``, ``fin``, ``retransmission``,
    ``zero_window``, ``slowest_answer`` (after the longest silence). ``syn_to_syn_ack`` and ``handshake_rtt`` (SYN to
    the completing ACK, Wireshark's initial RTT) are seconds, from the last SYN before the answer; None where not seen.
    ``after_rst`` is the first packet in the name of the RST's sender, other than RST, more than a round trip later.
    ``silent_before_rst``: seconds since that sender's packet before the RST; None where it had sent none.
    ``data_before_rst``: bytes of payload that the other side sent before the RST.
    """

    interface: str | None
    interface_index: int | None
    interface_hint: str | None
    protocol: str
    a: str
    a_port: int
    b: str
    b_port: int
    opened: bool
    ab: Direction
    ba: Direction
    first: Moment
    last: Moment
    duration: float
    begin: Packet
    syn: Packet | None = None
    syn_ack: Packet | None = None
    handshake_end: Packet | None = None
    rst: Packet | None = None
    fin: Packet | None = None
    retransmission: Packet | None = None
    zero_window: Packet | None = None
    slowest_answer: Packet | None = None
    after_rst: Packet | None = None
    syn_to_syn_ack: float | None = None
    handshake_rtt: float | None = None
    silent_before_rst: float | None = None
    data_before_rst: int = 0
    errors: tuple[IcmpError, ...] = ()

    @property
    def at(self) -> Locator:
        return self.begin.at

    @property
    def packets(self) -> int:
        return self.ab.packets + self.ba.packets

    @property
    def bytes(self) -> int:
        return self.ab.bytes + self.ba.bytes

    @property
    def to_many(self) -> bool:
        """``b`` is a multicast address or the limited broadcast address: an answer need not come from it."""
        first = self.b.partition(".")[0]
        return self.b.startswith("ff") or self.b == "255.255.255.255" or (first.isdigit() and 224 <= int(first) <= 239)

    @property
    def handshake_complete(self) -> bool:
        return self.handshake_end is not None

    @property
    def reset_by(self) -> str | None:
        """The address that the first RST carries as its sender (a middlebox may have forged it); None without RST."""
        return self.rst.source if self.rst else None

    @property
    def outcome(self) -> Outcome:
        """How far the conversation came, as this interface shows it."""
        if self.protocol not in ("tcp", "udp") or self.to_many:
            return "answered" if self.ba.packets else "one-way"
        if self.b_port in TUNNEL_PORTS and self.protocol == "udp":
            return "answered" if self.ba.packets else "one-way"  # each side chooses its source port anew
        if self.protocol == "udp":
            return "answered" if self.ba.packets else "rejected" if self.errors else "unanswered"
        if not self.opened:
            return "mid-stream" if self.ab.packets and self.ba.packets else "one-way"
        if not self.syn_ack:
            if self.ba.rst:
                return "refused"
            if self.ba.packets:
                return "mid-stream"
            return "rejected" if self.errors else "unanswered" if not self._talked_on else "one-way"
        if self.rst:
            return "reset"
        if not self.handshake_end:
            return "half-open"
        return "closed" if self.ab.fin and self.ba.fin else "established"

    @property
    def _talked_on(self) -> bool:
        """Whether ``a`` sent more than SYNs: it got an answer that this interface did not see."""
        return self.ab.packets > self.ab.syn + self.ab.rst


class EchoExchange(msgspec.Struct, frozen=True, gc=False):
    """Echo requests of one sender to one target with one identifier, and their replies.

    ``unanswered``: requests without a reply in the capture (the last one may have come too late); ``stray``: replies
    without a request in the capture. Round-trip times in seconds, None without pairs.
    """

    interface: str | None
    interface_index: int | None
    interface_hint: str | None
    source: str
    destination: str
    identifier: int
    requests: int
    replies: int
    unanswered: int
    stray: int
    rtt_min: float | None
    rtt_mean: float | None
    rtt_max: float | None
    first: Packet
    first_unanswered: Packet | None = None

    @property
    def at(self) -> Locator:
        return self.first.at


class NeighbourQuestion(msgspec.Struct, frozen=True, gc=False):
    """``asker`` asked who has ``target`` (ARP, or IPv6 neighbour solicitation) ``requests`` times.

    ``replies`` of 0: nobody answered where this capture listened. ``hardware`` lists the addresses that answered for
    ``target``, in order of appearance, where shown: more than one is two owners of one address.
    """

    interface: str | None
    interface_index: int | None
    interface_hint: str | None
    protocol: Literal["arp", "ndp"]
    asker: str
    target: str
    requests: int
    replies: int
    hardware: tuple[str, ...]
    first: Packet

    @property
    def announcement(self) -> bool:
        """A gratuitous question: the asker announces its own address and expects no answer."""
        return self.asker in (self.target, "0.0.0.0", "::")

    @property
    def at(self) -> Locator:
        return self.first.at


class Peer(msgspec.Struct, frozen=True, gc=False):
    """One address that another exchanged packets with, all flows added up."""

    address: str
    flows: int
    packets: int
    bytes_sent: int
    bytes_received: int
    retransmitted: int
    wait: float

    @property
    def bytes(self) -> int:
        return self.bytes_sent + self.bytes_received


def refused(flows: Iterable[Flow]) -> list[Flow]:
    """Connections whose SYN was answered by RST."""
    return [flow for flow in flows if flow.outcome == "refused"]


def peers_by_bytes(flows: Iterable[Flow], address: str) -> list[Peer]:
    """Everyone that ``address`` exchanged packets with, most bytes first. ``wait``: how long it waited for answers."""
    by_peer: dict[str, list[tuple[Flow, Direction, Direction]]] = {}
    for flow in flows:
        if flow.a == address:
            by_peer.setdefault(flow.b, []).append((flow, flow.ab, flow.ba))
        elif flow.b == address:
            by_peer.setdefault(flow.a, []).append((flow, flow.ba, flow.ab))
    peers = [
        Peer(
            peer,
            len(shared),
            sum(flow.packets for flow, _, _ in shared),
            sum(sent.bytes for _, sent, _ in shared),
            sum(received.bytes for _, _, received in shared),
            sum(sent.retransmitted + received.retransmitted for _, sent, received in shared),
            sum(received.wait for flow, _, received in shared if flow.a == address),
        )
        for peer, shared in by_peer.items()
    ]
    return sorted(peers, key=lambda peer: (-peer.bytes, peer.address))
