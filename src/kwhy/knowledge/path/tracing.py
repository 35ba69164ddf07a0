"""`kwhy trace`: the question put to objects and to the walk, and one answer from both."""

from __future__ import annotations

import ipaddress

import msgspec

from kwhy.facts.netfilter import IptablesTable
from kwhy.knowledge.netfilter.evaluating import evaluate
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.path.endpoints import Endpoint, Target
from kwhy.knowledge.path.ends import Sender, sender_of, state_of, target_of
from kwhy.knowledge.path.hops import Hop, Leg, Needed, Wire
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.objections import Objection, listening_objection, pod_objection, policy_objection
from kwhy.knowledge.path.recorded import world_of
from kwhy.knowledge.path.walking import answer, arriving, forward
from kwhy.knowledge.path.world import World
from kwhy.model.subject import Subject
from kwhy.model.trace import Trace, TraceNeed, TraceQuestion, TraceStep, TraceWay
from kwhy.scene.scene import Scene

#: The port that a connection is taken to come from where it matters to no rule (the lowest of Linux' own range).
SOURCE_PORT = 32768
_ANYWHERE = "anywhere with kubectl"
_WORSE = {"delivered": 0, "left": 1, "unknown": 2, "refused": 3, "dropped": 4}


def trace(scene: Scene, question: TraceQuestion) -> Trace:
    """What becomes of the first packet of a connection, and of its answer."""
    world = scene.derive_once(world_of)
    sender = sender_of(scene, world, question.source)
    if sender.stopped is not None and sender.stopped.verdict is not None:
        return Trace(question, sender.stopped.verdict, sender.stopped.why, sender.stopped.by)
    target = target_of(scene, world, question.target, question.protocol, sender)
    if target.refused is not None:
        verdict, why, at = target.refused
        return Trace(question, verdict, why, at, target.checks, not_checked=target.needs)
    if not target.addresses:
        needs = target.needs or (
            TraceNeed(f"the address of {question.target}", "kubectl get pods,svc -A -o wide", _ANYWHERE),
        )
        says = f"not known: nothing shows the address of {question.target}"
        return Trace(question, "unknown", says, None, target.checks, (), needs)
    ways: list[TraceWay] = []
    missing: list[TraceNeed] = [*sender.needs, *target.needs]
    for address in target.addresses[:8]:
        found, not_checked = _ways(scene, world, question, sender, target, address)
        ways += found
        missing += not_checked
    return _answered(question, target, ways, tuple(dict.fromkeys(missing)))


# --- ways -------------------------------------------------------------------------------------------------------------


def _ways(
    scene: Scene, world: World, question: TraceQuestion, sender: Sender, target: Target, address: str
) -> tuple[list[TraceWay], list[TraceNeed]]:
    packet = _packet(question, target, address)
    if sender.network is not None:
        legs = forward(world, sender.network, packet)
    elif sender.host is not None and sender.dev is not None:
        legs = arriving(world, sender.host, sender.dev, packet.replace(source=sender.addresses[0]))
        says = f"its own namespace is not shown; its packets are taken to reach {sender.dev} of {sender.host.name}"
        begin = Hop(sender.name, "assumed", says, world.place_of(sender.pod) if sender.pod is not None else None)
        link = sender.host.link(sender.dev)
        first = Wire(sender.host.name, sender.dev, link.mtu if link is not None else None, None)
        legs = tuple(msgspec.structs.replace(leg, hops=(begin, *leg.hops), wires=(first, *leg.wires)) for leg in legs)
    else:
        by_rules = _untranslated(sender, target, packet)
        if by_rules is not None:
            return [by_rules], []
        return _by_objects_alone(scene, question, sender, target, address)
    ways: list[TraceWay] = []
    missing: list[TraceNeed] = []
    for leg in legs:
        way, not_checked = _way(scene, world, question, sender, target, packet, leg)
        ways.append(way)
        missing += not_checked
    return _merged(ways), missing


def _untranslated(sender: Sender, target: Target, packet: Packet) -> TraceWay | None:
    """A Service's address that no rule of the sender's node translates, where only its filter is shown."""
    host = sender.host or sender.network
    if target.service is None or host is None or not is_iptables_proxy(host) or not host.rules.shows(packet.family):
        return None
    source = sender.addresses[0] if sender.addresses else None
    outcomes = evaluate(host.rules, "prerouting" if sender.pod is not None else "output",
                        packet.replace(source=source, iif=None if sender.pod is not None else ""))  # fmt: skip
    if any(outcome.packet.destination != packet.destination or outcome.depends_on for outcome in outcomes):
        return None
    at = host.rules.tables[0].source.at
    socket = _socket(packet.destination, packet.destination_port)
    why = f"no rule on {host.name} translates {socket}: kube-proxy has not written {target.service}'s rules there"
    return TraceWay(f"{target.service} at {socket}", "dropped", why, at, sent=str(packet.replace(source=source)))


def is_iptables_proxy(host: Network) -> bool:
    """Whether kube-proxy's own chains are there, so that a Service without rules was forgotten."""
    return host.ebpf is None and any(
        isinstance(table.source, IptablesTable) and table.source.complete and "KUBE-SERVICES" in table.source.chains
        for table in host.rules.tables
    )


def _packet(question: TraceQuestion, target: Target, address: str) -> Packet:
    icmp = question.protocol == "icmp"
    return Packet(
        family=6 if ":" in address else 4,
        protocol=("icmpv6" if ":" in address else "icmp") if icmp else question.protocol,
        source=None,
        destination=str(ipaddress.ip_address(address)),
        source_port=None if icmp else SOURCE_PORT,
        destination_port=None if icmp else target.port,
        icmp_type=(128 if ":" in address else 8) if icmp else None,
        tcp_flags=frozenset(("SYN",)) if question.protocol == "tcp" else frozenset(),
    )


def _way(
    scene: Scene, world: World, question: TraceQuestion, sender: Sender, target: Target, packet: Packet, leg: Leg
) -> tuple[TraceWay, list[TraceNeed]]:
    there = tuple(_step(hop) for hop in leg.hops)
    ends = leg.payload.ends
    endpoint = next((each for each in target.endpoints if each.address == ends.destination), None)
    pod = _pod_at(world, ends.destination, leg) or (endpoint.pod if endpoint is not None else None)
    owner = leg.network if leg.verdict == "delivered" else world.owner(ends.destination or "")
    at = _socket(ends.destination, ends.destination_port)
    to = f"{pod} at {at}" if pod is not None else f"{owner.name} at {at}" if owner is not None else at
    way = TraceWay(
        to, leg.verdict, leg.why, leg.by, leg.share, str(packet.replace(source=_sender_address(leg, packet))),
        str(leg.payload), there, (), tuple(_need(each) for each in leg.depends_on), _fits(leg),
    )  # fmt: skip
    if leg.verdict != "delivered":
        return _not_translated(sender, target, packet, leg, way), []
    objections = _objections(scene, question, sender, pod, leg.network, ends.destination or "", ends.destination_port)
    missing = [need for each in objections for need in each.not_checked]
    way = msgspec.structs.replace(
        way,
        there=(*there, *(step for each in objections for step in each.steps)),
        depends_on=(*way.depends_on, *(need for each in objections for need in each.depends_on)),
    )
    for each in objections:
        if each.verdict is not None:
            return msgspec.structs.replace(way, verdict=each.verdict, why=each.why, by=each.by), missing
    return _with_answer(world, sender, packet, leg, way), missing


def _not_translated(sender: Sender, target: Target, packet: Packet, leg: Leg, way: TraceWay) -> TraceWay:
    """A packet that keeps a Service's address finds nobody: the rules that should translate it are the cause."""
    if (
        target.service is None
        or leg.payload.destination != packet.destination
        or way.verdict not in ("left", "refused")
    ):
        return way
    missing = _untranslated(sender, target, packet)
    if missing is None or leg.reject_with is not None:
        return way
    return msgspec.structs.replace(way, verdict="dropped", why=missing.why, by=missing.by)


def _objections(
    scene: Scene, question: TraceQuestion, sender: Sender, pod: Subject | None, network: Network | None, address: str,
    port: int | None,
) -> list[Objection]:  # fmt: skip
    found = []
    if pod is not None:
        found.append(pod_objection(scene, pod))
    known = sender.pod if sender.network is None or not sender.network.is_host else None
    found.append(policy_objection(scene, known, (), pod, address, port, question.protocol))
    found.append(listening_objection(scene, network, pod, address, port, question.protocol))
    return found


def _with_answer(world: World, sender: Sender, packet: Packet, leg: Leg, way: TraceWay) -> TraceWay:
    """The way with its answer's: what is lost on the way back is lost."""
    backs = answer(world, leg)
    if not backs:
        return way
    worst = max(backs, key=lambda back: (_WORSE[back.verdict], len(back.depends_on)))
    steps = tuple(_step(hop) for hop in worst.hops)
    depends = (*way.depends_on, *(_need(each) for each in worst.depends_on))
    way = msgspec.structs.replace(way, back=steps, depends_on=tuple(dict.fromkeys(depends)))
    open_ones = [back for back in backs if back.depends_on or back.verdict in ("unknown", "left")]
    lost = all(back.verdict in ("dropped", "refused") for back in backs)
    if open_ones and not lost and worst.verdict != "delivered":
        return msgspec.structs.replace(way, verdict="unknown", why=f"whether the answer comes back: {open_ones[0].why}")
    if worst.verdict != "delivered":
        if worst.verdict in ("unknown", "left"):
            return msgspec.structs.replace(way, verdict="unknown", why=f"whether the answer comes back: {worst.why}")
        return msgspec.structs.replace(way, verdict="dropped", why=f"the answer is lost: {worst.why}", by=worst.by)
    ends = worst.packet.ends
    if (ends.source, ends.source_port) != (packet.destination, packet.destination_port):
        got, asked = _socket(ends.source, ends.source_port), _socket(packet.destination, packet.destination_port)
        why = f"the answer comes from {got}, not from {asked}, and is not recognised"
        return msgspec.structs.replace(way, verdict="dropped", why=why)
    home = sender.network is None or worst.network is sender.network
    if not home or (sender.network is None and worst.pod_reached not in (None, *sender.addresses)):
        return msgspec.structs.replace(
            way, verdict="dropped", why=f"the answer goes to {worst.where} instead", by=worst.by
        )
    return msgspec.structs.replace(way, why=f"{way.why}, and the answer comes back")


def _by_objects_alone(
    scene: Scene, question: TraceQuestion, sender: Sender, target: Target, address: str
) -> tuple[list[TraceWay], list[TraceNeed]]:
    """Where no node's network is shown: what objects say of each endpoint."""
    endpoints = [each for each in target.endpoints if target.service is None or address not in
                 (e.address for e in target.endpoints) or each.address == address]  # fmt: skip
    if not endpoints:
        endpoints = [Endpoint(address, target.port, None, None, None)]
    ways: list[TraceWay] = []
    missing: list[TraceNeed] = []
    for endpoint in endpoints:
        objections = _objections(scene, question, sender, endpoint.pod, None, endpoint.address, endpoint.port)
        steps = tuple(step for each in objections for step in each.steps)
        depends = tuple(need for each in objections for need in each.depends_on)
        missing += [need for each in objections for need in each.not_checked]
        stopping = next((each for each in objections if each.verdict is not None), None)
        name = str(endpoint.pod) if endpoint.pod is not None else "address"
        to = f"{name} at {_socket(endpoint.address, endpoint.port)}"
        share = 1 / len(endpoints)
        if stopping is not None and stopping.verdict is not None:
            ways.append(
                TraceWay(to, stopping.verdict, stopping.why, stopping.by, share, there=steps, depends_on=depends)
            )
            continue
        if endpoint.node:
            missing.append(state_of(endpoint.node))
        why = "the objects let it pass; the networks of the nodes are not shown"
        ways.append(TraceWay(to, "unknown", why, None, share, there=steps, depends_on=depends))
    return ways, missing


def _merged(ways: list[TraceWay]) -> list[TraceWay]:
    """Branches that differ in nothing that matters are one."""
    found: dict[tuple[object, ...], TraceWay] = {}
    for way in ways:
        key = (way.to, way.verdict, way.why, way.seen, way.depends_on)
        if key in found:
            found[key] = msgspec.structs.replace(found[key], share=found[key].share + way.share)
        else:
            found[key] = way
    return list(found.values())


# --- the answer -------------------------------------------------------------------------------------------------------


def _answered(question: TraceQuestion, target: Target, ways: list[TraceWay], missing: tuple[TraceNeed, ...]) -> Trace:
    depends = tuple(dict.fromkeys(need for way in ways for need in way.depends_on))
    verdicts = {way.verdict for way in ways}
    worst = max(ways, key=lambda way: _WORSE[way.verdict])
    if len(verdicts) == 1 and worst.verdict in ("dropped", "refused"):
        return Trace(question, worst.verdict, worst.why, worst.by, target.checks, tuple(ways), (), missing)
    if depends or "unknown" in verdicts:
        needs = depends or missing
        says = f"not known: {worst.why}" if worst.verdict == "unknown" else "not known"
        if needs:
            says = f"{says}; needs {needs[0].what}" + (f" and {len(needs) - 1} more" if len(needs) > 1 else "")
        return Trace(question, "unknown", says, None, target.checks, tuple(ways), depends, missing)
    if len(verdicts) == 1:
        says = worst.why if len(ways) == 1 else f"each of {len(ways)} ways is open: {worst.why}"
        return Trace(question, worst.verdict, says, None, target.checks, tuple(ways), (), missing)
    lost = sum(way.share for way in ways if way.verdict in ("dropped", "refused"))
    says = f"{lost:.0%} of connections are lost: {worst.why}"
    return Trace(question, worst.verdict, says, worst.by, target.checks, tuple(ways), (), missing)


def _step(hop: Hop) -> TraceStep:
    return TraceStep(hop.where, hop.stage, hop.says, hop.at)


def _need(need: Needed) -> TraceNeed:
    return TraceNeed(need.what, need.command, need.where)


def _pod_at(world: World, address: str | None, leg: Leg) -> Subject | None:
    if leg.network is not None and leg.network.pod is not None:
        return leg.network.pod
    known = world.pods.get(address or "")
    return known.pod if known is not None and (leg.network is None or not leg.network.is_host) else None


def _sender_address(leg: Leg, packet: Packet) -> str | None:
    first = leg.connections[0].packet if leg.connections else leg.packet
    return (first.original.source if first.original is not None else first.source) or packet.source


def _socket(address: str | None, port: int | None) -> str:
    name = address or "?"
    if port is None:
        return name
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _fits(leg: Leg) -> str:
    """The narrowest place, where it is narrower than the sender's own device."""
    known = [wire for wire in leg.wires if wire.fits is not None]
    if not known or leg.wires[0].fits is None:
        return ""
    narrowest = min(known, key=lambda wire: wire.fits or 0)
    if narrowest.fits is None or narrowest.fits >= leg.wires[0].fits:
        return ""
    first = leg.wires[0]
    return (
        f"packets over {narrowest.fits} bytes do not fit through {narrowest.dev} of {narrowest.where}, "
        f"though {first.dev} of {first.where} lets out {first.fits}"
    )


__all__ = ["sender_of", "target_of", "trace"]
