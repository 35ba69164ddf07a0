"""Whether a policy rule matches a flow: yes, no, or what it depends on.

Source: Linux 6.18 net/core/fib_rules.c fib_rule_match(), net/ipv4/fib_rules.c fib4_rule_match(),
net/ipv6/fib6_rules.c fib6_rule_match().
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final, TypeAlias

import msgspec

from kwhy.facts.network import Family, PolicyRule
from kwhy.knowledge.net.policy_database import PolicyDatabase, contains, network, number

#: True, False, or the sentence that says on what it depends.
Match: TypeAlias = bool | str
#: Names that iproute2 prints for numbers (/etc/protocols; lib/rt_names.c inet_proto_n2a()).
_PROTOCOL_NUMBERS: Final = {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp", "132": "sctp"}
#: The device that locally made packets carry as their incoming one (LOOPBACK_IFINDEX).
LOOPBACK: Final = "lo"


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """Packets whose route is asked for.

    ``source`` None: made here, and the kernel chooses. ``arrives_on`` None: made by this host; a packet of a pod
    arrives on the host's end of its veth. ``bound_to``: the device that a local socket is bound to. For the others,
    None means not known: rules that ask for it are then undecidable.
    """

    destination: str
    source: str | None = None
    arrives_on: str | None = None
    bound_to: str | None = None
    mark: int | None = 0
    tos: int | None = 0
    protocol: str | None = None
    source_port: int | None = None
    destination_port: int | None = None
    uid: int | None = None


def family_of(flow: Flow) -> Family:
    return 6 if ":" in flow.destination else 4


def canonical(flow: Flow) -> Flow:
    """The flow with its addresses in the form in which facts carry them. Raises ValueError on what is no address."""
    source = None if flow.source is None else str(ip_address(flow.source))
    return msgspec.structs.replace(flow, destination=str(ip_address(flow.destination)), source=source)


def matches(database: PolicyDatabase, rule: PolicyRule, flow: Flow, family: Family) -> Match:
    """A rule matches if all its selectors do; `not` inverts the whole."""
    open_questions: list[str] = []
    for verdict in _selectors(database, rule, flow, family):
        if verdict is False:
            return rule.inverted
        if isinstance(verdict, str):
            open_questions.append(verdict)
    if open_questions:
        return f"rule {rule.priority}: {open_questions[0]}"
    return not rule.inverted


def _selectors(database: PolicyDatabase, rule: PolicyRule, flow: Flow, family: Family) -> Iterator[Match]:
    yield _source(rule, flow, family)
    yield rule.destination is None or contains(rule.destination, number(flow.destination), family)
    yield _device(rule.iif, rule.iif_detached, flow.arrives_on or LOOPBACK)
    yield _device(rule.oif, rule.oif_detached, flow.bound_to)
    yield _mark(rule, flow)
    yield _tos(rule, flow)
    yield _protocol(rule, flow)
    yield _port("source", rule.source_ports, flow.source_port)
    yield _port("destination", rule.destination_ports, flow.destination_port)
    yield _user(rule, flow)
    if rule.l3mdev:
        yield _in_vrf(database, flow)
    if rule.unknown:
        yield f"it has a selector that is not understood ({', '.join(rule.unknown)})"


def _source(rule: PolicyRule, flow: Flow, family: Family) -> bool:
    """A source that is still to be chosen counts as the unspecified address; IPv6 rules with a source skip it."""
    if rule.source is None:
        return True
    if flow.source is None and family == 6:
        return network(rule.source)[1] == 0
    return contains(rule.source, number(flow.source or "0.0.0.0"), family)


def _device(wanted: str | None, detached: bool, actual: str | None) -> bool:
    return wanted is None or (not detached and wanted == actual)


def _mark(rule: PolicyRule, flow: Flow) -> Match:
    if rule.fwmark is None or rule.fwmask == 0:
        return True
    if flow.mark is None:
        return f"whether the packet carries mark {rule.fwmark:#x}/{rule.fwmask:#x}"
    return (rule.fwmark ^ flow.mark) & rule.fwmask == 0


def _tos(rule: PolicyRule, flow: Flow) -> Match:
    if not rule.tos:
        return True
    return f"whether the packet carries tos {rule.tos:#x}" if flow.tos is None else rule.tos == flow.tos


def _protocol(rule: PolicyRule, flow: Flow) -> Match:
    if rule.protocol is None:
        return True
    if flow.protocol is None:
        return f"whether the protocol is {rule.protocol}"
    name = flow.protocol.lower()
    return _PROTOCOL_NUMBERS.get(rule.protocol, rule.protocol) == _PROTOCOL_NUMBERS.get(name, name)


def _port(side: str, wanted: tuple[int, int] | None, actual: int | None) -> Match:
    if wanted is None:
        return True
    if actual is None:
        return f"whether the {side} port is in {wanted[0]}-{wanted[1]}"
    return wanted[0] <= actual <= wanted[1]


def _user(rule: PolicyRule, flow: Flow) -> Match:
    """Packets that arrive from elsewhere count as root's (ip_route_input_slow(): sock_net_uid(net, NULL))."""
    if rule.uids is None:
        return True
    uid = 0 if flow.arrives_on is not None else flow.uid
    if uid is None:
        return f"whether a user in {rule.uids[0]}-{rule.uids[1]} sends it"
    return rule.uids[0] <= uid <= rule.uids[1]


def _in_vrf(database: PolicyDatabase, flow: Flow) -> Match:
    """An l3mdev rule concerns packets of devices that belong to a VRF."""
    device = flow.arrives_on or flow.bound_to
    if device is None:
        return False
    link = database.links.get(device)
    if link is None:
        return f"whether {device} belongs to a VRF"
    return False if link.master is None else f"whether {device}'s master {link.master} is a VRF"
