"""A firewall rule of a node stops connections: it drops them, or refuses them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.tunnel_blocked import TUNNEL_BLOCKED, filtering_of
from kwhy.knowledge.path.hops import Needed
from kwhy.knowledge.path.stopped import Stop, walked
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict
from kwhy.probes.host_network import FILTER
from kwhy.scene.scene import Scene

_STEPS = (
    Step(
        "On {node}, accept the connection before that rule (nftables: nft insert rule in the same chain).",
        "{tool} -I {chain} -p tcp -d {address} --dport {port} -j ACCEPT",
    ),
)
_VERIFY = (
    Step("The counter of the rule stays.", "iptables-save -c | grep -e '-j DROP' -e '-j REJECT'"),
    Step("The connection opens.", "nc -vz -w 3 {address} {port}"),
)
_UNDO = (Step("Take the accepting rule out again.", "{tool} -D {chain} -p tcp -d {address} --dport {port} -j ACCEPT"),)


def _remedies() -> tuple[Remedy, ...]:
    return (
        Remedy(
            id="accept-before-the-rule",
            title="Accept the connection before that rule",
            when="now",
            risk="medium",
            steps=_STEPS,
            verify=_VERIFY,
            undo=_UNDO,
        ),
        Remedy(
            id="change-what-writes-the-rule",
            title="Change the rule where it comes from",
            when="lasting",
            risk="medium",
            steps=(
                Step(
                    "Find who wrote it: firewalld, ufw, docker (policy DROP of FORWARD), a hardening role, a file that "
                    "is restored at boot.",
                    "systemctl is-active firewalld ufw nftables netfilter-persistent docker",
                ),
                Step("Allow {address} port {port} there, or exempt the cluster's networks."),
            ),
            verify=(
                Step("After a restart of the firewall the connection still opens.", "nc -vz -w 3 {address} {port}"),
            ),
            undo=(Step("Restore the former settings of that firewall."),),
        ),
    )


FIREWALL_DROPS = Condition(
    code="net.firewall-drops",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} drops connections to {called} in {chain}: {rule}{counter}",
    summary="A rule of the node's packet filter, or a chain's policy, drops what programs wait to be answered.",
    remedies=_remedies(),
)
FIREWALL_REFUSES = Condition(
    code="net.firewall-refuses",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} refuses connections to {called} in {chain}: {rule}{counter}",
    summary="A rule of the node's packet filter answers in the place of who was called: refused, or no route.",
    remedies=_remedies(),
)
_CHAINS = {"prerouting": "PREROUTING", "input": "INPUT", "forward": "FORWARD", "output": "OUTPUT"}


class Stops(msgspec.Struct, frozen=True):
    """What the node's rules do to failing connections. ``passed``: one that they let through."""

    stops: tuple[Stop, ...]
    passed: tuple[Evidence, ...]
    needs: tuple[Needed, ...]


def stops_on(scene: Scene, node: Subject) -> Stops:
    """The packet filter's rules for failing connections (iptables-save -c, nft list ruleset, ip route, ip -d addr)"""
    found = scene.derive_once(walked)
    return Stops(found.stops.get(node, ()), found.passed.get(node, ()), found.needs.get(node, ()))


def _filtering_nodes(scene: Scene, subject: Subject) -> Iterable[Subject]:
    """The nodes whose packet filter the subject's failing connections meet."""
    if subject.kind in ("Connection", "Pod"):
        yield from scene.derive_once(walked).nodes.get(subject, ())


def _by_one_rule(scene: Scene, node: Subject) -> Iterable[Subject]:
    """The node, where the rule that stops its connections is the one that stops the overlay's packets."""
    places = {stop.at for stop in scene.derive(stops_on, node).stops}
    if any(blocked.step.at in places for blocked in scene.derive(filtering_of, node).blocked):
        yield node


SAME_RULE = Relation("is stopped by the same rule of", _by_one_rule)
FILTERED_BY = Relation("sends its packets through the packet filter of", _filtering_nodes)
_LEADS = (
    leads_to(CONNECTION_FAILS, via=FILTERED_BY),
    leads_to(APP_ERRORS, via=FILTERED_BY),
    leads_to(TUNNEL_BLOCKED, via=SAME_RULE),
)


@rule(FIREWALL_DROPS, rows=("R11",), leads=_LEADS)
def firewall_drops(node: Subject, found: Stops = given(stops_on)) -> Verdict:
    """A firewall rule drops the connection.

    What it means: A rule of the node's packet filter, or the policy of one of its chains, drops the packets: nobody
    answers, and calls time out. Docker sets the policy of FORWARD to DROP; hardening roles drop what they do not know.
    How it shows: Our own walk of a failing connection through routes, translations of Services and all chains ends in
    that rule; its counter grows with every attempt.
    What looks like it: A network policy, whose plugin writes such rules too (chains cali-*, KUBE-NWPLCY-*): the policy
    is named instead. A strict reverse path filter or forwarding that is off drop without any rule. A dropped tunnel
    loses whole nodes, not ports. Where a rule cannot be judged, this stays open.
    Source: Linux v6.18 net/ipv4/netfilter/ip_tables.c (ipt_do_table), net/netfilter/nf_tables_core.c (nft_do_chain).
    """
    return _judged(node, found, "dropped")


@rule(FIREWALL_REFUSES, rows=("R10", "R11"), leads=_LEADS)
def firewall_refuses(node: Subject, found: Stops = given(stops_on)) -> Verdict:
    """A firewall rule refuses the connection.

    What it means: REJECT answers at once: icmp-port-unreachable and tcp-reset read "connection refused",
    icmp-host-prohibited and icmp-host-unreachable read "no route to host" although there is one.
    How it shows: Our own walk of a failing connection ends in the rule.
    What looks like it: A port on which nothing listens refuses in the same words. "No route to host" also comes from a
    next hop that does not answer ARP: its neighbour entry is FAILED. kube-proxy refuses Services without endpoints by
    rules that say so in their comment: the Service is named instead.
    Source: Linux v6.18 net/ipv4/netfilter/ipt_REJECT.c; net/ipv4/icmp.c icmp_err_convert[] (host-prohibited is
    EHOSTUNREACH).
    """
    return _judged(node, found, "refused")


def _judged(node: Subject, found: Stops, how: str) -> Verdict:
    mine = [stop for stop in found.stops if stop.leg.verdict == how]
    if mine:
        return _present(mine)
    if found.needs:
        what = f"what the packet filter of {node.name} does with failing connections ({found.needs[0].what})"
        return Unsure((Gap(what, (FILTER.of(node=node.name),)),))
    if found.passed:
        return Absent(
            tuple(Evidence(each.at, f"no rule of {node.name} stops it: {each.says}") for each in found.passed[:1])
        )
    return Unsure((Gap(f"the packet filter of {node.name}", (FILTER.of(node=node.name),)),))


def _present(stops: list[Stop]) -> Present:
    first = stops[0]
    packet = first.leg.packet
    hook = first.leg.why.partition(" the packet in ")[2].partition(" ")[0]
    counter = f" ({first.packets} packets so far)" if first.packets else ""
    does = "refuses" if first.leg.verdict == "refused" else "drops"
    says = f"the rule {does} TCP to {packet.destination}:{packet.destination_port}" + (
        f": {first.packets} packets so far" if first.packets else ""
    )
    failing = list({stop.failing.at.line: stop.failing for stop in stops}.values())
    values = {
        "called": first.called,
        "chain": _CHAINS.get(hook, hook),
        "rule": first.rule if first.rule.startswith("-A") or "{" in first.rule else _policy(first),
        "counter": counter,
        "tool": "ip6tables" if packet.family == 6 else "iptables",
        "address": packet.destination or "",
        "port": packet.destination_port or "",
    }
    affected = tuple(dict.fromkeys(stop.caller for stop in stops if stop.caller.kind == "Pod"))
    return Present((Evidence(first.at, says), *failing[:2]), values, basis=Basis.RECOMPUTED, affected=affected)


def _policy(stop: Stop) -> str:
    """A chain's policy in words, or a rule of nft as it stands."""
    said = stop.leg.why.partition(" by ")[2].partition("; wrapped")[0]
    return said or stop.rule
