"""A device on the way forgets connections that are idle, and resets them when they speak again."""

from __future__ import annotations

from kwhy.knowledge.net.connection_cut import CONNECTION_CUT, Cut, cut_off
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.talks import Talk, talk_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.relations import ITSELF

IDLE_FORGOTTEN = Condition(
    code="net.idle-connection-dropped",
    kind="Connection",
    nature=Nature.ROOT,
    title="A device between {node} and {server} drops connections that were silent for {idle} s: it answers the next "
    "packet with a RST in the server's name",
    summary="A stateful firewall, NAT or load balancer has a shorter idle time-out than both ends.",
    remedies=(
        Remedy(
            id="keep-alive",
            title="Let the connection speak more often than the time-out, or close it before",
            when="now",
            risk="low",
            steps=(
                Step("Set the pool's maximum idle time below {idle} s, or switch TCP keep-alive on in the client."),
                Step(
                    "Keep-alive begins after two hours by default; bring it below the time-out.",
                    "sysctl -w net.ipv4.tcp_keepalive_time=60 net.ipv4.tcp_keepalive_intvl=15",
                ),
            ),
            verify=(
                Step(
                    "A connection that was silent for longer than {idle} s goes on.",
                    "timeout 60 tcpdump -ni any 'host {address} and tcp[tcpflags] & tcp-rst != 0'",
                ),
            ),
            undo=(Step("Restore the former value.", "sysctl -w net.ipv4.tcp_keepalive_time=7200"),),
        ),
        Remedy(
            id="raise-the-time-out",
            title="Give the device a time-out longer than the pool's idle time",
            when="lasting",
            risk="low",
            steps=(Step("Linux: nf_conntrack_tcp_timeout_established; of load balancers: see their settings."),),
            verify=(Step("The RSTs are gone."),),
            undo=(Step("Restore the former time-out."),),
        ),
    ),
)

#: Silence of this length before a RST is an idle connection rather than a cut request (seconds).
IDLE = 3.0
#: So soon after the packet that drew it (seconds) the RST answers that packet.
_AT_ONCE = 1.0


def idle_before(cut: Cut) -> bool:
    """Whether the connection was silent for long, after an exchange that worked, when the RST came."""
    silent = cut.flow.silent_before_rst
    return silent is not None and silent >= IDLE and cut.flow.ba.payload > 0 and cut.flow.ab.longest_wait >= IDLE


@rule(
    IDLE_FORGOTTEN,
    rows=("R9",),
    leads=(leads_to(CONNECTION_CUT, via=ITSELF), leads_to(CONNECTION_FAILS, via=ITSELF)),
)
def idle_forgotten(
    connection: Subject, cuts: list[Cut] = given(cut_off), talk: Talk | None = given(talk_of)
) -> Verdict:
    """A device on the way forgets idle connections.

    What it means: Firewalls, NAT and load balancers keep a state per connection and delete it after some silence; the
    next packet belongs to no connection they know, and they answer it with a RST.
    How it shows: An exchange worked, then nothing was said for long; the caller's next packet is answered at once by a
    RST that did not come from the server: its TTL differs from that of the server's other packets.
    What looks like it: The server's own idle time-out (the RST or FIN comes with the server's TTL); a request that is
    cut for what it says (no silence before it); a server that was restarted meanwhile (its own RST).
    Source: RFC 5382, 5 (REQ-5: two hours and four minutes); Linux v6.12 net/netfilter/nf_conntrack_proto_tcp.c;
    net/ipv4/netfilter/ipt_REJECT.c.
    """
    if talk is None:
        return unsure(
            "a capture of a connection that is cut off",
            CAPTURE.of(node=connection.node, name=connection.name.rpartition(":")[0]),
        )
    if not cuts:
        return Absent(tuple(Evidence(flow.at, "no RST cuts it off after it opened") for flow in talk.flows[:1]))
    idle = [cut for cut in cuts if idle_before(cut)]
    if not idle:
        return Absent(tuple(Evidence(cut.rst.at, "the connection was not idle before the RST") for cut in cuts[:2]))
    foreign = [cut for cut in idle if cut.foreign]
    if not foreign:
        if any(cut.foreign is None for cut in idle):
            return unsure(
                "who sent the RST: the capture shows no TTL", CAPTURE.of(node=connection.node, name=talk.address)
            )
        return Absent(tuple(cut.why for cut in idle[:2] if cut.why is not None))
    first = foreign[0]
    shortest = min(cut.flow.silent_before_rst or 0.0 for cut in foreign)
    survivor = _longest_survived(talk, foreign)
    if survivor is not None and survivor[0] >= shortest:
        return Absent((survivor[1],))
    because = [Evidence(cut.rst.at, f"RST after {cut.flow.silent_before_rst:.1f} s of silence") for cut in foreign[:2]]
    because += [first.why] if first.why is not None else []
    if survivor is not None:
        because.append(survivor[1])
    values = {"server": talk.called, "address": talk.address, "idle": f"{shortest:.0f}"}
    return Present(tuple(because), values, since=by(first.rst.time), basis=Basis.RECOMPUTED)


def _longest_survived(talk: Talk, cuts: list[Cut]) -> tuple[float, Evidence] | None:
    """A connection that paused and went on, and for how long it paused."""
    cut = {id(each.flow) for each in cuts}
    went_on = [flow for flow in talk.flows if id(flow) not in cut and flow.ab.longest_wait > 0 and flow.rst is None]
    longest = max(went_on, key=lambda flow: flow.ab.longest_wait, default=None)
    if longest is None:
        return None
    pause = longest.ab.longest_wait
    return pause, Evidence(longest.at, f"another one was silent for {pause:.1f} s and went on")
