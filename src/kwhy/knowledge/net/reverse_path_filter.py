"""The strict reverse path filter drops packets that come in by another device than answers would leave by."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

import msgspec

from kwhy.facts.conntrack import NetworkCounter
from kwhy.facts.log_patterns.kernel import MARTIAN_SOURCE
from kwhy.facts.logs import LogHit
from kwhy.facts.network import InterfaceAddress, Sysctl
from kwhy.knowledge.net.connections import connections_of, database_of
from kwhy.knowledge.net.kernel_words import quoted, said_of_late
from kwhy.knowledge.net.losing import CARRIED_BY, called_addresses, complaining_pods, explains_losses
from kwhy.knowledge.net.policy_database import PolicyDatabase
from kwhy.knowledge.net.routing import decide
from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.net.sysctls import asked_last, in_force
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict
from kwhy.probes.host_network import NETWORK_STATE
from kwhy.scene.scene import Scene

REVERSE_PATH_FILTER = Condition(
    code="net.reverse-path-filter",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} drops packets from {source} that come in by {device}, because it would answer by {other} "
    "(strict rp_filter{by_file})",
    summary="The way there and the way back use different devices, and the strict reverse path filter forbids that.",
    remedies=(
        Remedy(
            id="loosen-the-filter",
            title="Set the filter of the device to loose",
            when="now",
            risk="low",
            steps=(
                Step("On {node}: 2 asks only for some way back; the larger of all and the device counts.",
                     "sysctl -w net.ipv4.conf.{device}.rp_filter=2"),
            ),
            verify=(
                Step("The counter stays.", "nstat -az TcpExtIPReversePathFilter"),
                Step("The connection comes about."),
            ),
            undo=(Step("Make it strict again.", "sysctl -w net.ipv4.conf.{device}.rp_filter=1"),),
        ),
        Remedy(
            id="one-way-for-both",
            title="Keep the setting, or give both directions one way",
            when="lasting",
            risk="medium",
            steps=(
                Step("See which file sets it; Cilium and several network cards need 0 or 2.",
                     "grep -rs rp_filter /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d"),
                Step("Set 2 in a file that sorts last, or send answers the way the packets come: a policy rule from "
                     "the device's address to a table of its own.", "ip rule show"),
            ),
            verify=(Step("It is still so after a reboot.", "sysctl net.ipv4.conf.{device}.rp_filter"),),
            undo=(Step("Remove the file, or the rule."),),
        ),
    ),
)  # fmt: skip

_COUNTER = "TcpExtIPReversePathFilter"


class Dropped(msgspec.Struct, frozen=True):
    """A sender whose packets the kernel called martian on a device, and the device that leads back to it."""

    source: str
    device: str
    back: str | None
    hit: LogHit


class Filtering(msgspec.Struct, frozen=True):
    """What shows of the reverse path filter. ``counter`` counts drops since boot; None: not shown."""

    dropped: tuple[Dropped, ...]
    counter: NetworkCounter | None


def filtering_by_source(scene: Scene, node: Subject) -> Filtering:
    """Martian sources in the kernel log, the counter IPReversePathFilter, and routes back"""
    database = scene.derive(database_of, node)
    own = {a.address for a in scene.facts_on(node, InterfaceAddress) if a.netns is None}
    dropped = []
    for hit in said_of_late(scene, node, MARTIAN_SOURCE):
        source, device = hit.key["source"], hit.key["device"]
        if source not in own and _may_be_a_host(source):
            dropped.append(Dropped(source, device, _back(database, source), hit))
    counter = next((c for c in scene.facts_on(node, NetworkCounter) if c.name == _COUNTER and c.netns is None), None)
    return Filtering(tuple(dropped), counter)


def _may_be_a_host(source: str) -> bool:
    try:
        parsed = ip_address(source)
    except ValueError:
        return False
    return not (parsed.is_loopback or parsed.is_multicast or parsed.is_unspecified or source == "255.255.255.255")


def _back(database: PolicyDatabase, source: str) -> str | None:
    """The one device by which the node would answer; None where its routes do not tell."""
    decision = decide(database, Flow(destination=source))
    return decision.result.devices[0] if decision.known and len(decision.result.devices) == 1 else None


def file_that_sets_it(scene: Scene, node: Subject) -> Sysctl | None:
    """Which file of /etc/sysctl.d sets rp_filter last"""
    keys = (f"net.ipv4.conf.{name}.rp_filter" for name in ("all", "default", "*"))
    return asked_last(scene, node, *keys)


def _filtered(scene: Scene, subject: Subject) -> Iterable[Subject]:
    """Nodes as in CARRIED_BY, unless all senders that are dropped there are others than who is called."""
    for node in CARRIED_BY.find(scene, subject):
        senders = {dropped.source for dropped in scene.derive(filtering_by_source, node).dropped}
        if not senders or senders & _called(scene, subject, node):
            yield node


def _called(scene: Scene, subject: Subject, node: Subject) -> frozenset[str]:
    """The addresses whose answers the subject misses."""
    if subject.kind == "Connection":
        attempts = scene.derive(connections_of, Subject("Node", subject.node or "")).get(subject.name)
        return frozenset({attempts.address}) if attempts is not None else frozenset()
    pods = complaining_pods(scene, node) if subject.kind == "Node" else [subject]
    return frozenset(address for pod in pods for address in called_addresses(scene, pod))


FILTERED_BY = Relation("gets its answers through", _filtered)


@rule(REVERSE_PATH_FILTER, rows=("R5",), leads=explains_losses(FILTERED_BY))
def reverse_path_filter(
    node: Subject,
    filtering: Filtering = given(filtering_by_source),
    values: dict[str, Sysctl] = given(in_force),
    asked: Sysctl | None = given(file_that_sets_it),
) -> Verdict:
    """The strict reverse path filter drops packets.

    What it means: With rp_filter 1 a packet is taken only from the device that leads back to its sender. Two network
    cards, policy routing or an agent's own devices make the two ways differ, and the packet is dropped in silence. The
    larger value of net.ipv4.conf.all and of the device counts; 2 asks only whether some device leads back.
    How it shows: The kernel logs a martian source with log_martians on, IPReversePathFilter grows, and the routes lead
    back by another device than the one named.
    What looks like it: With 0 or 2 in force, the packets are lost elsewhere. A martian whose source is the node's own,
    a loopback or a multicast address is a forged or misrouted packet, whatever rp_filter says.
    Source: Linux v6.18 net/ipv4/fib_frontend.c (fib_validate_source), include/linux/inetdevice.h (IN_DEV_RPFILTER),
    net/ipv4/route.c (ip_handle_martian_source); systemd sysctl.d/50-default.conf (rp_filter 2).
    """
    for dropped in filtering.dropped:
        strict = _strictness(values, dropped.device)
        if dropped.back is not None and dropped.back != dropped.device and strict in (1, None):
            return _present(dropped, filtering, values, asked)
    devices = {key.split(".")[3] for key in values if key.startswith("net.ipv4.conf.") and key.endswith(".rp_filter")}
    shown = {device: _strictness(values, device) for device in devices - {"all", "default", "lo"}}
    if shown and "net.ipv4.conf.all.rp_filter" in values and all(strict != 1 for strict in shown.values()):
        at = values["net.ipv4.conf.all.rp_filter"].at
        return Absent((Evidence(at, f"no device filters strictly ({', '.join(sorted(shown))})"),))
    if filtering.counter is not None and not filtering.counter.value:
        return Absent((Evidence(filtering.counter.at, "no packet was dropped for its source"),))
    because = [quoted(dropped.hit, "the kernel calls the sender a martian") for dropped in filtering.dropped[:1]]
    if filtering.counter is not None:
        because.append(Evidence(filtering.counter.at, f"{filtering.counter.value} packets were dropped since boot"))
    gap = Gap(f"whether {node.name} drops packets by their source", (NETWORK_STATE.of(node=node.name),))
    return Unsure((gap,), tuple(because))


def _strictness(values: dict[str, Sysctl], device: str) -> int | None:
    """The larger of the two values; None where one is not shown and may decide."""
    shown = [values.get(f"net.ipv4.conf.{name}.rp_filter") for name in ("all", device.replace(".", "/"))]
    numbers = [int(value.value) for value in shown if value is not None and value.value.isdigit()]
    return max(numbers) if len(numbers) == len(shown) or 2 in numbers else None


def _present(dropped: Dropped, filtering: Filtering, values: dict[str, Sysctl], asked: Sysctl | None) -> Present:
    because = [quoted(dropped.hit, f"{dropped.hit.count} times: from {dropped.source}, by {dropped.device}")]
    for name in (dropped.device.replace(".", "/"), "all"):
        value = values.get(f"net.ipv4.conf.{name}.rp_filter")
        if value is not None and value.value == "1":
            because.append(Evidence(value.at, "strict"))
            break
    if filtering.counter is not None and filtering.counter.value:
        because.append(Evidence(filtering.counter.at, f"{filtering.counter.value} packets were dropped since boot"))
    if asked is not None and asked.value == "1":
        because.append(Evidence(asked.at, f"{asked.file} is applied last of those that set it"))
    by_file = f", as {asked.file} asks" if asked is not None and asked.value == "1" else ""
    known = any(value.key.endswith(".rp_filter") for value in values.values())
    shown = {"source": dropped.source, "device": dropped.device, "other": dropped.back, "by_file": by_file}
    return Present(tuple(because), shown, basis=Basis.STATED if known else Basis.INFERRED)
