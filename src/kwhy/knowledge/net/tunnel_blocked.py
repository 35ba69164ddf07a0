"""A firewall rule drops the packets of the overlay network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

import msgspec

from kwhy.facts.netfilter import IptablesTable, NetfilterFact, NftTable
from kwhy.facts.network import InterfaceAddress
from kwhy.knowledge.cni.peers_unreachable import NODE_CUT_OFF
from kwhy.knowledge.net.losing import FORWARDED_BY, explains_losses, from_pods, lost_evidence
from kwhy.knowledge.net.tunnel_ends import TunnelEnd, goes_through, tunnel_ends
from kwhy.knowledge.netfilter.evaluating import Hook, Outcome, Step, evaluate
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.ruleset import RuleSet, rule_set
from kwhy.knowledge.netfilter.services import iptables_services
from kwhy.knowledge.netfilter.surroundings import Surroundings
from kwhy.model import condition as remedy
from kwhy.model.condition import Condition, Nature, Remedy
from kwhy.model.expressions import expression
from kwhy.model.fact import Fact
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict
from kwhy.probes.host_network import NETWORK_STATE
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

TUNNEL_BLOCKED = Condition(
    code="net.tunnel-blocked",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} {does} the packets of the overlay network ({device}, UDP port {port}) {way}: {rule}{counter}",
    summary="Pods of this node and pods of others do not reach each other; within the node all is well.",
    remedies=(
        Remedy(
            id="let-the-tunnel-through",
            title="Accept the overlay's packets before that rule",
            when="now",
            risk="low",
            steps=(
                remedy.Step("On {node}, where the rule is one of iptables:",
                            "{tool} -t {table} -I {chain} -p udp -m udp --dport {port} -j ACCEPT"),
                remedy.Step("Where it is one of nftables:",
                            "nft insert rule {family} {nft_table} {nft_chain} udp dport {port} accept"),
            ),
            verify=(
                remedy.Step("The counter of the rule stays.", "iptables-save -c | grep -w {port}"),
                remedy.Step("A pod of {node} reaches a pod of another node."),
            ),
            undo=(
                remedy.Step("Take the accepting rule out again (nftables: by its handle, nft -a list ruleset).",
                            "{tool} -t {table} -D {chain} -p udp -m udp --dport {port} -j ACCEPT"),
            ),
        ),
        Remedy(
            id="open-the-port-for-good",
            title="Take the rule out where it comes from",
            when="lasting",
            risk="low",
            steps=(
                remedy.Step("Find who wrote it: firewalld, ufw, a hardening role, a file that is restored at boot.",
                            "systemctl is-active firewalld ufw nftables netfilter-persistent; grep -rn {port} "
                            "/etc/iptables /etc/nftables.conf /etc/firewalld /etc/ufw"),
                remedy.Step("Allow UDP {port} between all nodes of the cluster there (firewalld as an example).",
                            "firewall-cmd --permanent --add-port={port}/udp && firewall-cmd --reload"),
            ),
            verify=(remedy.Step("After a restart of the firewall, pods still reach other nodes."),),
            undo=(
                remedy.Step("Close it again.",
                            "firewall-cmd --permanent --remove-port={port}/udp && firewall-cmd --reload"),
            ),
        ),
    ),
)  # fmt: skip

#: [4:440] -A INPUT -i eth0 -p udp -m udp --dport 8472 -j DROP   (iptables-save -c)
_COUNTED = expression(r"^\[(?P<packets>\d{1,20}):\d{1,20}\] ")
#: udp dport 8472 counter packets 4 bytes 440 drop   (nft list ruleset)
_NFT_COUNTER = expression(r"\bcounter packets (?P<packets>\d{1,20}) bytes \d{1,20}")
#: The hooks that a wrapped packet passes on its way in, and on its way out.
_IN: tuple[Hook, ...] = ("prerouting", "input")
_OUT: tuple[Hook, ...] = ("output", "postrouting")


class Blocked(msgspec.Struct, frozen=True):
    """What stops the wrapped packets of one tunnel: ``arriving`` from other nodes, or on their way there."""

    end: TunnelEnd
    arriving: bool
    outcome: Outcome
    step: Step
    tables: tuple[IptablesTable | NftTable, ...]


class Filtering(msgspec.Struct, frozen=True):
    """The tunnels of a node and what its packet filter does to them. ``passed``: a filter that lets them through."""

    ends: tuple[TunnelEnd, ...]
    blocked: tuple[Blocked, ...]
    open: tuple[str, ...]
    passed: Evidence | None
    failing: tuple[Evidence, ...]


def _facts(scene: Scene, node: Subject) -> list[Fact]:
    return [
        fact
        for kind in get_args(NetfilterFact)
        for fact in scene.facts_on(node, kind)
        if getattr(fact, "netns", None) is None
    ]


def filtering_of(scene: Scene, node: Subject) -> Filtering:
    """The packet filter's rules for the overlay's own packets (iptables-save -c, nft list ruleset)"""
    facts = _facts(scene, node)
    rules = rule_set(facts)
    tables = tuple(fact for fact in facts if isinstance(fact, IptablesTable | NftTable))
    ends = tunnel_ends(scene, node)
    own = {a.address for a in scene.facts_on(node, InterfaceAddress) if a.netns is None}
    around = Surroundings(address_type=lambda address, _: "LOCAL" if address in own else None)
    blocked: list[Blocked] = []
    unknown: dict[str, None] = {}
    for end in ends:
        for arriving in (True, False):
            for outcome in _outcomes(rules, end, around, arriving=arriving):
                if outcome.depends_on or outcome.verdict == "unknown":
                    unknown.update(dict.fromkeys(outcome.depends_on))
                elif outcome.verdict in ("drop", "reject") and outcome.steps and outcome.steps[-1].at is not None:
                    blocked.append(Blocked(end, arriving, outcome, outcome.steps[-1], tables))
    passed = Evidence(tables[0].at, "no rule stops the overlay's packets") if tables and ends else None
    failing = tuple(lost_evidence(from_pods(scene, node))[:2])
    return Filtering(tuple(ends), tuple(blocked), tuple(unknown), passed, failing)


def _outcomes(rules: RuleSet, end: TunnelEnd, around: Surroundings, *, arriving: bool) -> Iterator[Outcome]:
    """What becomes of a wrapped packet from, or to, each of the other nodes."""
    for peer in end.peers or (None,):
        source, destination = (peer, end.local) if arriving else (end.local, peer)
        packet = Packet(
            protocol="udp",
            source=source,
            destination=destination,
            destination_port=end.port,
            family=6 if ":" in (peer or end.local or "") else 4,
            iif=end.underlay if arriving else "",
            oif="" if arriving else end.underlay,
        )
        for hook in _IN if arriving else _OUT:
            outcomes = evaluate(rules, hook, packet, around)
            yield from (outcome for outcome in outcomes if outcome.verdict != "accept" or outcome.depends_on)
            if len(outcomes) != 1 or outcomes[0].verdict != "accept":
                break


def _tunnelled(scene: Scene, subject: Subject) -> Iterable[Subject]:
    """Nodes as in FORWARDED_BY, without connections that their routes do not send into a tunnel."""
    for node in FORWARDED_BY.find(scene, subject):
        if subject.kind == "Connection":
            address = subject.name.rpartition(":")[0]
            if (
                not _translated(scene, node, address)
                and goes_through(scene, node, address, scene.derive(tunnel_ends, node)) is False
            ):
                continue
        yield node


def _translated(scene: Scene, node: Subject, address: str) -> bool:
    return any(address in services.addresses for services in iptables_services(scene.facts_on(node, IptablesTable)))


TUNNELLED_BY = Relation("reaches other nodes through the overlay of", _tunnelled)


@rule(TUNNEL_BLOCKED, rows=("R7", "R11"), leads=(*explains_losses(TUNNELLED_BY), leads_to(NODE_CUT_OFF, via=ITSELF)))
def tunnel_blocked(node: Subject, filtering: Filtering = given(filtering_of)) -> Verdict:
    """A firewall rule drops the overlay's packets.

    What it means: Packets between pods of different nodes travel inside UDP packets between the nodes. The node's own
    firewall sees those: a rule or a policy that drops the port cuts the node's pods off from all others, and mostly
    from the cluster's DNS, while pods of one node still reach each other.
    How it shows: Our own evaluation of the node's rules for a packet from another node's tunnel end to this node's
    port ends in DROP or REJECT; the rule's counter grows.
    What looks like it: An MTU that is too large loses large packets only. A wrong entry in the forwarding table, or
    another program on the port, loses packets with an open firewall. A network policy concerns the inner packet.
    Source: flannel-io/flannel Documentation/backends.md (8472), docs.tigera.io (4789), docs.cilium.io (8472, 6081);
    Linux v6.18 drivers/net/vxlan/vxlan_core.c (the UDP socket of a tunnel is behind INPUT).
    """
    if filtering.blocked:
        return _present(filtering.blocked[0], filtering)
    if not filtering.ends:
        return Unsure((Gap(f"the tunnel devices of {node.name}", (NETWORK_STATE.of(node=node.name),)),))
    if filtering.passed is None or filtering.open:
        what = f"whether the packet filter of {node.name} lets UDP {filtering.ends[0].port} through"
        detail = f" ({filtering.open[0]})" if filtering.open and filtering.passed is not None else ""
        return Unsure((Gap(what + detail, (NETWORK_STATE.of(node=node.name),)),))
    return Absent((filtering.passed,))


def _present(blocked: Blocked, filtering: Filtering) -> Present:
    end, step = blocked.end, blocked.step
    assert step.at is not None  # only such steps are kept
    text = step.text
    counted = _COUNTED.match(text) or _NFT_COUNTER.search(text)
    packets = int(counted["packets"]) if counted else None
    shown = _COUNTED.sub("", text)
    says = "this rule stops UDP packets to port " + str(end.port)
    because = [Evidence(step.at, says + (f": {packets} so far" if packets else "")), *filtering.failing]
    because.append(Evidence(end.at, f"{end.device} wraps packets into UDP to port {end.port}"))
    values = {
        "does": "rejects" if blocked.outcome.verdict == "reject" else "drops",
        "device": end.device,
        "port": end.port,
        "way": "that come from other nodes" if blocked.arriving else "that it sends to other nodes",
        "rule": shown,
        "counter": f" ({packets} packets so far)" if packets else "",
        **_chain_of(blocked),
    }
    return Present(tuple(because), values, basis=Basis.RECOMPUTED)


def _chain_of(blocked: Blocked) -> dict[str, str]:
    """The table and the base chain before whose rules an accepting one belongs."""
    place = blocked.step.at
    assert place is not None  # only such steps are kept
    number = place.line or 0
    table = next((t for t in blocked.tables if t.at.document is place.document and _holds(t, number)), None)
    chain = "INPUT" if blocked.arriving else "OUTPUT"
    if isinstance(table, NftTable):
        hook = chain.lower()
        base = next((name for name, each in table.chains.items() if each.hook == hook), hook)
        return {"family": table.family, "nft_table": table.name, "nft_chain": base}
    if isinstance(table, IptablesTable):
        tool = "iptables" if table.family == 4 else "ip6tables"
        if table.name in ("raw", "mangle") and not any(
            number in c.lines for n, c in table.chains.items() if n == chain
        ):
            chain = "PREROUTING" if blocked.arriving else "POSTROUTING"
        return {"tool": tool, "table": table.name, "chain": chain}
    return {}


def _holds(table: IptablesTable | NftTable, line: int) -> bool:
    """Whether the rule of a line is one of the table's; a policy stands at the table's own beginning."""
    if isinstance(table, IptablesTable):
        return line == table.at.line or any(line in chain.lines for chain in table.chains.values())
    return any(line == chain.line or any(line == r.line for r in chain.rules) for chain in table.chains.values())
