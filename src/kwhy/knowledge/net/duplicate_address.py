"""Two hosts have the same address."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.network import InterfaceAddress
from kwhy.facts.packets import NeighbourQuestion
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.connections import connections_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.host_network import WHO_HAS
from kwhy.scene.scene import Scene

DUPLICATE_ADDRESS = Condition(
    code="net.duplicate-address",
    kind="Node",
    nature=Nature.ROOT,
    title="Two hosts have the address {address}, as {subject} sees it: {owners}",
    summary="Whoever answers first gets the packets; connections to the address end up at the wrong host now and then.",
    remedies=(
        Remedy(
            id="give-one-another-address",
            title="Find both owners, and take the address from the wrong one",
            when="now",
            risk="medium",
            steps=(
                Step("See which hardware addresses answer.", "arping -c 3 {address}"),
                Step("Find their hosts: the switch's table, the list of virtual machines, `ip link` of the nodes.",
                     "bridge fdb show"),
                Step("Take the address off the device that should not have it, or stop the pod or machine."),
            ),
            verify=(Step("One hardware address answers.", "arping -c 3 {address}"),),
            undo=(Step("Give the address back."),),
        ),
        Remedy(
            id="one-authority-for-addresses",
            title="Let one authority give addresses",
            when="lasting",
            risk="none",
            steps=(
                Step("Take the cluster's ranges (nodes, pods, load balancers) out of DHCP, and check that no two "
                     "clusters on one link use the same."),
            ),
            verify=(Step("No address of the cluster is in another range."),),
            undo=(Step("Nothing to undo."),),
        ),
    ),
)  # fmt: skip


class Owners(msgspec.Struct, frozen=True):
    """Addresses for which two answered, and what shows of others that one did."""

    twice: tuple[tuple[str, str, Evidence], ...]
    once: tuple[Evidence, ...]


def owners_on(scene: Scene, node: Subject) -> Owners:
    """Answers to questions for addresses in captures, and addresses that failed duplicate detection"""
    twice: list[tuple[str, str, Evidence]] = []
    once: list[Evidence] = []
    for question in scene.facts_on(node, NeighbourQuestion):
        if len(question.hardware) > 1:
            names = " and ".join(question.hardware[:3])
            says = f"{len(question.hardware)} hardware addresses answer for {question.target}"
            twice.append((question.target, names, Evidence(question.at, says)))
        elif question.hardware:
            once.append(Evidence(question.at, f"{question.hardware[0]} alone answers for {question.target}"))
    for address in scene.facts_on(node, InterfaceAddress):
        if "dadfailed" in address.flags:
            says = f"the kernel found {address.address} in use by another when {address.dev} got it"
            twice.append((address.address, f"{address.dev} of the node and another", Evidence(address.at, says)))
    return Owners(tuple(twice), tuple(once))


def _asking(scene: Scene, connection: Subject) -> Iterable[Subject]:
    """The connection's host, where the address that it calls, or its own, has two owners."""
    node = Subject("Node", connection.node or "")
    attempts = scene.derive(connections_of, node).get(connection.name)
    if attempts is not None:
        ends = {attempts.address, *attempts.sources}
        twice = {address for address, _, _ in scene.derive(owners_on, node).twice}
        if ends & twice or not twice:
            yield node


ASKS_ON = Relation("asks for its peer on the links of", _asking)


@rule(DUPLICATE_ADDRESS, rows=("R12",), leads=(leads_to(CONNECTION_FAILS, via=ASKS_ON),))
def duplicate_address(node: Subject, owners: Owners = given(owners_on)) -> Verdict:
    """Two hosts have one address.

    What it means: Both answer the question who has it. The asker keeps one answer for a while, so its packets go to the
    one or the other: connections are refused or reset, sometimes.
    How it shows: A capture holds answers from two hardware addresses for one address; an IPv6 address is dadfailed.
    What looks like it: Proxies answer for addresses of others on purpose (proxy ARP: calico's 169.254.1.1, MetalLB's
    speaker, keepalived when it moves an address): there only one answers at a time, but for the moment of a move.
    Source: RFC 826, RFC 5227, RFC 4862 section 5.4; Linux v6.18 net/ipv6/addrconf.c (addrconf_dad_failure).
    """
    if owners.twice:
        address, names, _ = owners.twice[0]
        because = tuple(evidence for _, _, evidence in owners.twice[:3])
        return Present(because, {"address": address, "owners": names})
    if owners.once:
        return Absent(owners.once[:2])
    return unsure(f"who answers for addresses on the links of {node.name}", WHO_HAS.of(node=node.name))
