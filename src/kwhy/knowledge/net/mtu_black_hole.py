"""Large packets do not get through, small ones do, and nothing tells the sender."""

from __future__ import annotations

import msgspec

from kwhy.facts.network import Ping
from kwhy.facts.packets import Direction, Flow, IcmpError
from kwhy.knowledge.net.connection_stalls import CONNECTION_STALLS, REPEATED
from kwhy.knowledge.net.talks import Talk, both, talk_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

MTU_BLACK_HOLE = Condition(
    code="net.mtu-black-hole",
    kind="Connection",
    nature=Nature.ROOT,
    title="Packets of {size} bytes get lost between {node} and {server}: {limit}, and {told}",
    summary="Somewhere on the path the MTU is smaller than the sender believes, and the sender does not learn it.",
    remedies=(
        Remedy(
            id="lower-the-mtu",
            title="Let the sender use packets that fit",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Find the largest size that passes: 28 bytes of headers come on top of what -s says.",
                    "ping -M do -s {payload} -c 3 {address}",
                ),
                Step("Set that MTU on the route to the server.", "ip route change {address} via GATEWAY mtu {mtu}"),
                Step(
                    "Or let the gateway cut the segment size.",
                    "iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
                ),
            ),
            verify=(Step("Large uploads come through.", "curl --data-binary @LARGE-FILE {address}:{port}"),),
            undo=(Step("Remove the MTU from the route again.", "ip route change {address} via GATEWAY"),),
        ),
        Remedy(
            id="let-icmp-pass",
            title="Let path MTU discovery work",
            when="lasting",
            risk="low",
            steps=(
                Step("Allow ICMP type 3 code 4 (IPv6: type 2) in every firewall and security group on the path."),
                Step(
                    "Give the CNI's devices the MTU of the network less the overhead of the tunnel: VXLAN and Geneve "
                    "50 and more, IPIP 20, WireGuard 60 (IPv4) or 80 (IPv6)."
                ),
                Step("Let senders probe where ICMP cannot be had.", "sysctl -w net.ipv4.tcp_mtu_probing=1"),
            ),
            verify=(Step("The kernel learns the path's MTU.", "ip route get {address}"),),
            undo=(Step("Restore the former setting.", "sysctl -w net.ipv4.tcp_mtu_probing=0"),),
        ),
    ),
)

#: Headers of TCP and IP without options; those of IP and ICMP echo (RFC 9293, RFC 791, RFC 792).
_IPV4_TCP, _IPV6_TCP, _ECHO = 40, 60, 28
#: With timestamps, which Linux and Windows send, a segment of a packet of 1500 bytes carries 1448 (RFC 7323, 3).
_TIMESTAMPS = 12
#: What is smaller than this passes every IPv4 and IPv6 network (RFC 9293, 3.7.1; RFC 8200, 5).
_ALWAYS_FITS = 536
_SIZES = Probe(
    "for s in 1472 1422 1372 1222; do ping -M do -c 2 -W 1 -s $s {name}; done",
    unlocks="which packet sizes reach {name}; 28 bytes of headers come on top",
    where="node {node}",
)


class Hole(msgspec.Struct, frozen=True):
    """A connection whose large segments never arrive."""

    flow: Flow
    side: Direction
    sender: str

    @property
    def size(self) -> int:
        """The IP packet's size, with the TCP timestamps that nearly everyone sends."""
        headers = _IPV6_TCP if ":" in self.flow.a else _IPV4_TCP
        return self.side.largest_retransmitted + headers + _TIMESTAMPS

    @property
    def small_passed(self) -> bool:
        """Whether data that is smaller got through: own data that was acknowledged, or at least the handshake."""
        return self.flow.handshake_complete


class Sizes(msgspec.Struct, frozen=True):
    """What pings without fragmentation say: the largest packet that came back, the smallest that did not."""

    passes: tuple[int, Ping] | None
    lost: tuple[int, Ping] | None


def holes_of(scene: Scene, subject: Subject) -> list[Hole]:
    """A capture at the sender of the large packets"""
    talk = talk_of(scene, subject)
    return [] if talk is None else [hole for flow in talk.flows for hole in _holes(flow)]


def _holes(flow: Flow) -> list[Hole]:
    if not flow.handshake_complete:
        return []
    senders = (flow.a, flow.b)
    return [
        Hole(flow, side, sender)
        for side, sender in zip(both(flow), senders, strict=True)
        if side.retransmitted >= REPEATED
        and side.largest_retransmitted == side.largest > _ALWAYS_FITS
        and side.largest_acknowledged < side.smallest_retransmitted
        and not flow.ab.full_time + flow.ba.full_time
    ]


def sizes_of(scene: Scene, subject: Subject) -> Sizes:
    """Pings of several sizes with the don't-fragment bit (ping -M do -s SIZE)"""
    address = subject.name.rpartition(":")[0]
    node = Subject("Node", subject.node or "")
    pings = [
        (ping.payload + _ECHO, ping)
        for ping in scene.facts_on(node, Ping)
        if ping.payload is not None and address in (ping.address, ping.target)
    ]
    passing = max((pair for pair in pings if pair[1].answered), key=lambda pair: pair[0], default=None)
    floor = passing[0] if passing else 0
    lost = [pair for pair in pings if not pair[1].answered and pair[0] > floor]
    return Sizes(passing, min(lost, key=lambda pair: pair[0], default=None))


@rule(MTU_BLACK_HOLE, rows=("R8",), leads=(leads_to(CONNECTION_STALLS, via=ITSELF),))
def mtu_black_hole(
    connection: Subject,
    holes: list[Hole] = given(holes_of),
    talk: Talk | None = given(talk_of),
    sizes: Sizes = given(sizes_of),
) -> Verdict:
    """Packets that are too large vanish.

    What it means: A device on the path has a smaller MTU than the ends believe; it drops full-size packets, and its
    message "fragmentation needed" is filtered on the way, or ignored by the sender. Small things work, large ones hang.
    How it shows: Full-size segments are sent again and again and never acknowledged while the handshake and small data
    pass; ping with the don't-fragment bit passes up to a size (28 bytes of headers come on top of -s).
    What looks like it: Loss in general (some of the large segments are acknowledged in the end); a full receiver (zero
    window); a firewall that drops a request for what it says (small requests hang too, and other large ones pass).
    Source: RFC 1191 and RFC 8201 (path MTU discovery), RFC 2923 (black holes); Linux net/ipv4/tcp_timer.c
    (tcp_mtu_probing); VXLAN RFC 7348, Geneve RFC 8926.
    """
    if talk is None:
        return unsure(
            "a capture at the sender of the large packets",
            CAPTURE.of(node=connection.node, name=connection.name.rpartition(":")[0]),
        )
    if not holes:
        return Absent(tuple(Evidence(flow.at, _arrives(flow)) for flow in talk.flows[:2]))
    hole = holes[0]
    arrived = _large_arrived(talk, hole)
    if arrived is not None:
        return Absent((arrived,))
    error = next((error for error in hole.flow.errors if error.reason == "fragmentation needed"), None)
    if error is None and sizes.lost is None and not _small_passed(talk):
        return unsure(
            f"which sizes reach {talk.address}: only large packets were sent",
            _SIZES.of(node=connection.node, name=talk.address),
        )
    return _present(hole, talk, error, sizes)


def _arrives(flow: Flow) -> str:
    largest = max(flow.ab.largest, flow.ba.largest)
    return f"segments of up to {largest} bytes are acknowledged" if largest else "no data was sent"


def _large_arrived(talk: Talk, hole: Hole) -> Evidence | None:
    """A segment of the same size that arrived in the same direction over another connection."""
    for flow in talk.flows:
        side = flow.ab if hole.sender == flow.a else flow.ba
        passed = side.largest_acknowledged if side.retransmitted else side.largest
        if flow is not hole.flow and passed >= hole.side.largest_retransmitted:
            return Evidence(flow.at, f"segments of {passed} bytes arrive over another connection")
    return None


def _small_passed(talk: Talk) -> bool:
    """Whether smaller data was answered or acknowledged over any connection to the server."""
    return any(flow.ba.payload and flow.ab.payload for flow in talk.flows)


def _present(hole: Hole, talk: Talk, error: IcmpError | None, sizes: Sizes) -> Present:
    again = hole.flow.retransmission or hole.flow.begin
    side = hole.side
    because = [
        Evidence(
            again.at,
            f"{side.retransmitted} times segments of {side.largest_retransmitted} bytes sent again, none acknowledged",
        )
    ]
    small = next((flow for flow in talk.flows if flow is not hole.flow and flow.ba.payload and flow.ab.payload), None)
    if small is not None:
        because.append(Evidence(small.at, f"segments of up to {small.ab.largest} bytes pass"))
    elif hole.flow.handshake_end is not None:
        because.append(Evidence(hole.flow.handshake_end.at, "the handshake passes"))
    told, limit, mtu = "no message tells the sender", "the path carries less than that", None
    if error is not None:
        because.append(Evidence(error.at, f"{error.reporter} told {error.told} {error.count} times"))
        mtu = error.mtu
        told = f"the sender ignores what {error.reporter} tells it"
        limit = f"the path carries {mtu}" if mtu else limit
    if sizes.passes is not None:
        because.append(Evidence(sizes.passes[1].at, f"packets of {sizes.passes[0]} bytes pass"))
    if sizes.lost is not None:
        because.append(Evidence(sizes.lost[1].at, f"packets of {sizes.lost[0]} bytes are lost"))
        passes = sizes.passes[0] if sizes.passes else None
        if mtu is None and passes is not None:
            limit, mtu = f"packets of {passes} bytes still pass", passes
    values = {
        "size": hole.size,
        "server": talk.called,
        "address": talk.address,
        "port": talk.port,
        "limit": limit,
        "told": told,
        "mtu": mtu or "MTU",
        "payload": (mtu - _ECHO) if mtu else 1372,
    }
    return Present(tuple(because), values, since=by(hole.flow.first), basis=Basis.RECOMPUTED)
