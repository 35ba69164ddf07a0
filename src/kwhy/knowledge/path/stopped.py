"""Failing connections walked through what the evidence shows of nodes, and the firewall rules that stop them.

kube-proxy's refusals for Services without endpoints and the chains of network plugins are no firewall's: what they do
has its cause in objects, which other rules judge.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec

from kwhy.facts.logs import Complaint
from kwhy.facts.netfilter import IptablesTable, NftTable
from kwhy.facts.network import ConnectAttempt, ConnectOutcome
from kwhy.facts.objects import Service
from kwhy.knowledge.app.errors import logging_pods
from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.path.hops import Leg, Needed
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.recorded import world_of
from kwhy.knowledge.path.walking import answer, arriving, forward
from kwhy.knowledge.path.world import World
from kwhy.knowledge.service.consumers import Call, calls_of
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

#: Calls that a rule which drops, and calls that one which refuses, makes fail.
_DROPPED: frozenset[ConnectOutcome] = frozenset({"timed-out", "failed"})
_REFUSED: frozenset[ConnectOutcome] = frozenset({"refused", "no-route-to-host"})
_COMPLAINTS: Mapping[Complaint, str] = {
    "timeout": "dropped", "connection refused": "refused", "no route": "refused",
}  # fmt: skip
#: Chains of kube-proxy, and of plugins that enforce network policies: "-A KUBE-SERVICES …", "-A cali-FORWARD …".
_NOT_A_FIREWALLS = expression(r"-A (?:KUBE-|cali-|CILIUM_|ANTREA-|WEAVE-NPC|OVN-KUBE)|has no (?:local )?endpoints")
#: [4:440] -A INPUT -i eth0 … -j DROP   (iptables-save -c)   ·   … counter packets 4 bytes 440 drop   (nft)
_COUNTED = expression(r"^\[(?P<packets>\d{1,20}):\d{1,20}\] |counter packets (?P<nft>\d{1,20}) ")
#: Connections walked; of an application that calls everything every call says the same.
_MOST = 200
_SOURCE_PORT = 32768


class Stop(msgspec.Struct, frozen=True):
    """A failing connection that ends at a rule: ``caller`` is the pod, connection or node whose it is.

    ``rule`` is the rule's text without its counter, which is ``packets`` (None: not counted).
    """

    caller: Subject
    called: str
    failing: Evidence
    leg: Leg
    rule: str
    packets: int | None
    at: Locator


class Walked(msgspec.Struct, frozen=True):
    """``stops`` by node; ``passed`` and ``needs`` by node: connections that met its rules, and what is open."""

    stops: Mapping[Subject, tuple[Stop, ...]]
    passed: Mapping[Subject, tuple[Evidence, ...]]
    needs: Mapping[Subject, tuple[Needed, ...]]
    nodes: Mapping[Subject, tuple[Subject, ...]]


class _Failing(msgspec.Struct, frozen=True):
    """A connection that fails, and how: "dropped" or "refused"."""

    caller: Subject
    how: str
    address: str
    port: int
    failing: Evidence
    network: Network
    dev: str | None
    source: str | None


def walked(scene: Scene) -> Walked:
    """Every failing connection that begins in a namespace which is shown, walked"""
    if not scene.facts(IptablesTable) and not scene.facts(NftTable):
        return Walked({}, {}, {}, {})
    world = scene.derive_once(world_of)
    stops: dict[Subject, list[Stop]] = defaultdict(list)
    passed: dict[Subject, list[Evidence]] = defaultdict(list)
    needs: dict[Subject, list[Needed]] = defaultdict(list)
    nodes: dict[Subject, list[Subject]] = defaultdict(list)
    for number, failing in enumerate(_all(scene, world)):
        if number >= _MOST:
            break
        for leg in _both_ways(world, failing):
            for node in _passed_nodes(world, leg):
                nodes[failing.caller].append(node)
                passed[node].append(failing.failing)
                needs[node] += [need for need in leg.depends_on if need.where == f"node {node.name}"]
            stop = _stop(failing, leg)
            if stop is not None and leg.network is not None:
                stops[Subject("Node", leg.network.node)].append(stop)
    return Walked(
        {node: tuple(each) for node, each in stops.items()},
        {node: tuple(each) for node, each in passed.items()},
        {node: tuple(dict.fromkeys(each)) for node, each in needs.items()},
        {caller: tuple(dict.fromkeys(each)) for caller, each in nodes.items()},
    )


def _passed_nodes(world: World, leg: Leg) -> Iterator[Subject]:
    """The nodes whose own rules the packet met."""
    hosts = {network.name: network for network in world.hosts.values() if network.rules.shown}
    for where in dict.fromkeys(hop.where for hop in leg.hops):
        if where in hosts:
            yield Subject("Node", hosts[where].node)


def _both_ways(world: World, failing: _Failing) -> Iterator[Leg]:
    """The packet's ways, and those of its answers: a lost answer looks like a lost packet."""
    for leg in _legs(world, failing):
        yield leg
        if leg.verdict == "delivered" and failing.how == "dropped":
            yield from answer(world, leg)


def _legs(world: World, failing: _Failing) -> tuple[Leg, ...]:
    packet = Packet(
        protocol="tcp",
        family=6 if ":" in failing.address else 4,
        source=failing.source,
        destination=failing.address,
        source_port=_SOURCE_PORT,
        destination_port=failing.port,
    )
    if failing.dev is not None:
        return arriving(world, failing.network, failing.dev, packet)
    return forward(world, failing.network, packet)


def _stop(failing: _Failing, leg: Leg) -> Stop | None:
    """The rule that ends the leg, if it is a firewall's and does what the failure shows."""
    if leg.verdict != failing.how or leg.depends_on or leg.by is None or leg.network is None or leg.carried is not None:
        return None
    if not leg.hops or leg.hops[-1].stage != "filter" or not leg.network.is_host:
        return None
    text = leg.by.excerpt
    at = _policy_line(leg, leg.by) if text.startswith("*") else leg.by
    if _NOT_A_FIREWALLS.search(text):
        return None
    counted = _COUNTED.search(text)
    packets = int(counted["packets"] or counted["nft"]) if counted is not None else None
    rule = text[counted.end() :] if counted is not None and counted["packets"] else text
    called = f"{failing.address}:{failing.port}"
    return Stop(failing.caller, called, failing.failing, leg, rule.strip(), packets, at)


def _policy_line(leg: Leg, table: Locator) -> Locator:
    """The line that sets the policy (":FORWARD DROP [0:0]"), which follows the table's name."""
    chain = leg.why.partition("of chain ")[2].split(" ", 1)[0]
    begin = table.line or 0
    for number in range(begin + 1, begin + _MOST):
        text = table.document.line(number)
        if text.startswith(f":{chain} "):
            return table.document.at(number, excerpt=text)
        if not text.startswith(":"):
            break
    return table


# --- what fails -------------------------------------------------------------------------------------------------------


def _all(scene: Scene, world: World) -> Iterator[_Failing]:
    if not any(network.rules.shown for network in world.hosts.values()):
        return
    yield from _attempts(scene, world)
    for pod in logging_pods(scene):
        yield from _calls(scene, world, pod)


def _attempts(scene: Scene, world: World) -> Iterator[_Failing]:
    """nc, telnet and curl, in the namespace that their command line names, else on the host itself."""
    for attempt in scene.facts(ConnectAttempt):
        how = "dropped" if attempt.outcome in _DROPPED else "refused" if attempt.outcome in _REFUSED else None
        address = attempt.address or attempt.host
        if how is None or attempt.protocol != "tcp" or attempt.port is None or not _is_address(address):
            continue
        host = scene.host_of(attempt.at.document)
        label = str(attempt.netns) if attempt.netns is not None else ""
        network = world.by_label.get((host.name, label))
        if network is None or attempt.at.document.command is None:
            continue
        caller = Subject("Connection", f"{address}:{attempt.port}", node=host.name)
        failing = Evidence(attempt.at, f"{attempt.tool}: {attempt.said}")
        yield _Failing(
            caller, how, str(ipaddress.ip_address(address or "")), attempt.port, failing, network, None, None
        )


def _calls(scene: Scene, world: World, pod: Subject) -> Iterator[_Failing]:
    """What the pod's log complains of, from the pod's own namespace or from its node's device."""
    start = _start(scene, world, pod)
    if start is None:
        return
    network, dev, source = start
    for call in scene.derive(calls_of, pod):
        how = _COMPLAINTS.get(call.errors.complaint)
        address = _dialled(scene, call)
        if how is None or address is None or call.port is None or call.answered or call.stage == "resolving":
            continue
        sample = call.errors.samples[-1] if call.errors.samples else None
        at = call.errors.at if sample is None else call.errors.at.document.at(sample.line, excerpt=sample.excerpt)
        failing = Evidence(at, f"{pod} does not reach {call.host}:{call.port} ({call.errors.complaint})")
        yield _Failing(pod, how, address, call.port, failing, network, dev, source)


def _start(scene: Scene, world: World, pod: Subject) -> tuple[Network, str | None, str | None] | None:
    network = world.by_pod.get(pod)
    if network is not None:
        return network, None, None
    view = PodView(scene, pod)
    node, address = view.node_name, view.seen("status.podIP", lambda p: p.status.pod_ip, "")
    on_host = view.seen("spec.hostNetwork", lambda p: p.spec.host_network, False)
    host = world.hosts.get(node.value) if node.observed else None
    if host is None:
        return None
    if on_host.observed and on_host.value:
        return host, None, None
    if not address.observed or not address.value:
        return None
    devices = host.route(Flow(destination=address.value)).result.devices
    return (host, devices[0], address.value) if devices else None


def _dialled(scene: Scene, call: Call) -> str | None:
    """The address that the call went to: the one in the message, else its Service's."""
    if _is_address(call.address):
        return str(ipaddress.ip_address(call.address or ""))
    if call.service is None:
        return None
    for observation in scene.observations(call.service):
        struct = observation.object
        if (
            isinstance(struct, Service)
            and isinstance(struct.spec.cluster_ip, str)
            and _is_address(struct.spec.cluster_ip)
        ):
            return struct.spec.cluster_ip
    return None


def _is_address(text: str | None) -> bool:
    try:
        ipaddress.ip_address(text or "")
    except ValueError:
        return False
    return True
