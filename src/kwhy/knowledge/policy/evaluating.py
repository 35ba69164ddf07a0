"""What network policies say about one connection in one direction: allowed, denied, or not known, and by what.

Answers are three-valued: a pod's labels, a namespace's labels or half a policy may not have been shown. What is known
of them decides where it can, and only there.

Sources: k8s.io/api v0.34 networking/v1 types.go (NetworkPolicySpec, NetworkPolicyPeer, NetworkPolicyPort);
kubernetes.io/docs/concepts/services-networking/network-policies.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Literal

import msgspec

from kwhy.facts.objects import (
    IPBlock,
    LabelSelector,
    LabelSelectorRequirement,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
)
from kwhy.model.subject import Subject

Direction = Literal["ingress", "egress"]
#: True, False, or None: the evidence does not tell.
Known = bool | None
PolicyRule = NetworkPolicyIngressRule | NetworkPolicyEgressRule


class Labels(msgspec.Struct, frozen=True):
    """Labels as far as they were shown; ``complete``: there are no others."""

    known: Mapping[str, str]
    complete: bool = True


class End(msgspec.Struct, frozen=True):
    """One end of a connection: a pod, or, where ``namespace`` is None, an address outside of the pod network.

    ``ports`` are the named ports of its containers, by name and protocol; None where containers were not shown.
    """

    namespace: str | None
    labels: Labels = Labels({}, complete=False)
    namespace_labels: Labels = Labels({}, complete=False)
    addresses: tuple[str, ...] = ()
    ports: Mapping[tuple[str, str], int] | None = None
    host_network: bool = False


class Packet(msgspec.Struct, frozen=True):
    """To which port of the destination itself (behind Services), by which protocol. None: which port is not known."""

    port: int | None
    protocol: str = "TCP"


class Policy(msgspec.Struct, frozen=True):
    """``whole``: what the spec does not hold has the API's default; otherwise it was not shown."""

    subject: Subject
    spec: NetworkPolicySpec
    whole: bool = True


class Answer(Enum):
    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Decision(msgspec.Struct, frozen=True):
    """``isolating`` are the policies that select the pod; ``rule`` is the one that allows, with its index.

    ``open`` are policies about which something that was not shown would decide.
    """

    answer: Answer
    isolating: tuple[Policy, ...] = ()
    rule: tuple[Policy, int] | None = None
    open: tuple[Policy, ...] = ()


def decide(
    direction: Direction, pod: End, peer: End, packet: Packet, policies: Sequence[Policy], *, all_shown: bool = True
) -> Decision:
    """Whether the policies let ``packet`` into (ingress) or out of (egress) ``pod``.

    ``all_shown``: ``policies`` are all that there are in the pod's namespace.
    """
    candidates = [(policy, applies(policy, direction, pod)) for policy in policies]
    isolating = tuple(policy for policy, holds in candidates if holds)
    perhaps = tuple(policy for policy, holds in candidates if holds is None)
    open_ones = [] if isolating else list(perhaps)
    for policy in (*isolating, *perhaps):
        verdict, index = allows(policy, direction, pod, peer, packet)
        if verdict and policy in isolating:
            return Decision(Answer.ALLOWED, isolating, (policy, index))
        if verdict is not False and policy not in open_ones:
            open_ones.append(policy)
    if open_ones or not all_shown:
        return Decision(Answer.UNKNOWN, isolating, open=tuple(open_ones))
    return Decision(Answer.DENIED if isolating else Answer.ALLOWED, isolating)


def applies(policy: Policy, direction: Direction, pod: End) -> Known:
    """Whether the policy isolates the pod in this direction.

    What a policy does to pods in the host's network is left to the plugin.
    """
    if pod.namespace != policy.subject.namespace:
        return False
    holds = _both(_has_direction(policy, direction), _selected(policy, pod.labels))
    return None if holds and pod.host_network else holds


def _has_direction(policy: Policy, direction: Direction) -> Known:
    """policyTypes; by default Ingress, and Egress where there are egress rules (PolicyTypes in types.go)."""
    types = policy.spec.policy_types
    if isinstance(types, list) and types:
        return direction.capitalize() in types
    if direction == "ingress":
        return True if policy.whole else None
    if isinstance(policy.spec.egress, list):
        return bool(policy.spec.egress)
    return False if policy.whole else None


def _selected(policy: Policy, labels: Labels) -> Known:
    selector = policy.spec.pod_selector
    if isinstance(selector, LabelSelector):
        return matches(selector, labels)
    return True if policy.whole else None


def rules_of(policy: Policy, direction: Direction) -> Sequence[PolicyRule] | None:
    """The rules of one side; None where they were not shown."""
    rules = policy.spec.ingress if direction == "ingress" else policy.spec.egress
    if isinstance(rules, list):
        return rules
    return () if policy.whole else None


def allows(policy: Policy, direction: Direction, pod: End, peer: End, packet: Packet) -> tuple[Known, int]:
    """Whether some rule of the policy lets the packet through, and the index of that rule."""
    rules = rules_of(policy, direction)
    if rules is None:
        return None, 0
    to = pod if direction == "ingress" else peer
    verdicts = [_both(port_matches(rule, packet, to), peer_matches(rule, policy, peer)) for rule in rules]
    best = _any(verdicts)
    return best, verdicts.index(best) if best is not False else 0


def port_matches(rule: PolicyRule, packet: Packet, to: End) -> Known:
    """No list of ports is every port."""
    return _any(_port(port, packet, to) for port in rule.ports) if rule.ports else True


def _port(port: NetworkPolicyPort, packet: Packet, to: End) -> Known:
    if (port.protocol or "TCP") != packet.protocol:
        return False
    if port.port is None:
        return True
    if packet.port is None:
        return None
    if isinstance(port.port, int):
        return port.port <= packet.port <= (port.end_port or port.port)
    if to.ports is not None:
        return to.ports.get((port.port, packet.protocol)) == packet.port
    return False if to.namespace is None else None


def peer_matches(rule: PolicyRule, policy: Policy, peer: End) -> Known:
    """No list of peers is everybody."""
    return _any(_peer(one, policy, peer) for one in rule.peers) if rule.peers else True


def _peer(one: NetworkPolicyPeer, policy: Policy, peer: End) -> Known:
    if one.ip_block is not None:
        return _in_block(one.ip_block, peer)
    if peer.namespace is None or (one.pod_selector is None and one.namespace_selector is None):
        return False
    if one.namespace_selector is None:
        there: Known = peer.namespace == policy.subject.namespace
    else:
        there = matches(one.namespace_selector, peer.namespace_labels)
    holds = _both(there, True if one.pod_selector is None else matches(one.pod_selector, peer.labels))
    return None if holds and peer.host_network else holds


def _in_block(block: IPBlock, peer: End) -> Known:
    """Blocks are meant for addresses outside of the cluster; whether they hold for pods' is left to the plugin."""
    if not peer.addresses:
        return None
    inside = _any(
        _both(_within(block.cidr, address), _not(_any(_within(hole, address) for hole in block.except_ or ())))
        for address in peer.addresses
    )
    return None if inside and peer.namespace is not None and not peer.host_network else inside


def _within(cidr: str, address: str) -> Known:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return None


def matches(selector: LabelSelector, labels: Labels) -> Known:
    """metav1.LabelSelectorAsSelector over labels that may be known in part."""
    return _all(
        [
            *(_has(key, (value,), labels) for key, value in (selector.match_labels or {}).items()),
            *(_fulfils(requirement, labels) for requirement in selector.match_expressions or ()),
        ]
    )


def _has(key: str, values: Iterable[str], labels: Labels) -> Known:
    if key in labels.known:
        return labels.known[key] in values
    return False if labels.complete else None


def _exists(key: str, labels: Labels) -> Known:
    return True if key in labels.known else False if labels.complete else None


def _fulfils(requirement: LabelSelectorRequirement, labels: Labels) -> Known:
    key, values = requirement.key, requirement.values or []
    if requirement.operator == "In":
        return _has(key, values, labels)
    if requirement.operator == "NotIn":
        return _not(_has(key, values, labels))
    if requirement.operator == "Exists":
        return _exists(key, labels)
    if requirement.operator == "DoesNotExist":
        return _not(_exists(key, labels))
    return None


def _not(value: Known) -> Known:
    return None if value is None else not value


def _both(one: Known, other: Known) -> Known:
    return _all((one, other))


def _all(values: Iterable[Known]) -> Known:
    result: Known = True
    for value in values:
        if value is False:
            return False
        if value is None:
            result = None
    return result


def _any(values: Iterable[Known]) -> Known:
    result: Known = False
    for value in values:
        if value:
            return True
        if value is None:
            result = None
    return result
