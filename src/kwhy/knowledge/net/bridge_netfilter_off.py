"""Frames between pods of one bridge are hidden from the packet filter, so that answers of Services get lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from kwhy.facts.conntrack import ConntrackEntry
from kwhy.facts.devices import BridgeSettings
from kwhy.facts.netfilter import IptablesTable
from kwhy.facts.network import ConnectAttempt, Link, MissingSysctl, Sysctl
from kwhy.knowledge.net.connections import database_of
from kwhy.knowledge.net.losing import FORWARDED_BY, address_of, complaining_pods, explains_losses, from_pods
from kwhy.knowledge.net.routing import decide
from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.net.sysctls import in_force, unknown_keys
from kwhy.knowledge.netfilter.services import iptables_services
from kwhy.knowledge.service.consumers import calls_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict
from kwhy.probes.host_network import NETWORK_STATE
from kwhy.scene.relations import node_of_pod, pods_selected
from kwhy.scene.scene import Scene

BRIDGE_NETFILTER_OFF = Condition(
    code="net.bridge-netfilter-off",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} hides bridged frames from the packet filter ({how}): pods do not reach Services ({service}) whose "
    "endpoint is on the same node",
    summary="The answer of an endpoint on the same bridge goes straight to the caller, without the Service's address.",
    remedies=(
        Remedy(
            id="switch-bridge-netfilter-on",
            title="Let the packet filter see bridged frames",
            when="now",
            risk="low",
            steps=(
                Step("On {node}, load the module.", "modprobe br_netfilter"),
                Step("Switch it on.", "sysctl -w net.bridge.bridge-nf-call-iptables=1"),
            ),
            verify=(
                Step("It is on.", "sysctl net.bridge.bridge-nf-call-iptables"),
                Step("A pod of {node} reaches the Service."),
            ),
            undo=(Step("Switch it off again.", "sysctl -w net.bridge.bridge-nf-call-iptables=0"),),
        ),
        Remedy(
            id="keep-bridge-netfilter-on",
            title="Keep it on over reboots",
            when="lasting",
            risk="low",
            steps=(
                Step("Load the module at boot.", "echo br_netfilter > /etc/modules-load.d/kubernetes.conf"),
                Step("Set the value in a file that sorts last; look for files that set 0 (libvirt, hardening).",
                     "echo 'net.bridge.bridge-nf-call-iptables = 1' > /etc/sysctl.d/99-zz-kubernetes-bridge.conf"),
            ),
            verify=(Step("It is on after a reboot.", "sysctl net.bridge.bridge-nf-call-iptables"),),
            undo=(Step("Remove both files.",
                       "rm /etc/modules-load.d/kubernetes.conf /etc/sysctl.d/99-zz-kubernetes-bridge.conf"),),
        ),
    ),
)  # fmt: skip

KEY = "net.bridge.bridge-nf-call-iptables"
#: Bridges by the names that plugins give them: cni0 (bridge, flannel), cbr0 (kubenet), docker0, kube-bridge.
_BRIDGES = ("cni0", "cbr0", "docker0", "kube-bridge", "br-", "mynet0")


class Hairpin(msgspec.Struct, frozen=True):
    """A Service called in vain by a pod whose endpoint is behind a bridge of the same node."""

    service: str
    endpoint: str
    bridge: str | None
    failing: Evidence
    sends: Evidence | None


def hairpins_on(scene: Scene, node: Subject) -> list[Hairpin]:
    """Services that pods of the node call in vain and that have an endpoint behind its bridge"""
    return [*_by_attempts(scene, node), *_by_calls(scene, node)]


def _by_attempts(scene: Scene, node: Subject) -> Iterator[Hairpin]:
    services = iptables_services(scene.facts_on(node, IptablesTable))
    for attempt in from_pods(scene, node):
        address = attempt.address or attempt.host
        if attempt.outcome != "timed-out" or address is None or attempt.port is None:
            continue
        for rules in services:
            portal = rules.look_up(address, attempt.protocol, attempt.port)
            for backend in rules.backends(portal) if portal is not None else ():
                bridge = _bridge_of(scene, node, backend.address)
                if portal is not None and bridge is not None:
                    says = f"the Service's packets go to {backend.address}, a pod behind {bridge}"
                    failing = Evidence(attempt.at, f"{attempt.tool}: {attempt.said}")
                    yield Hairpin(portal.service, backend.address, bridge, failing, Evidence(backend.at, says))


def _by_calls(scene: Scene, node: Subject) -> Iterator[Hairpin]:
    for caller in complaining_pods(scene, node):
        for call in scene.derive(calls_of, caller):
            if call.service is None or call.errors.complaint != "timeout" or call.stage == "resolving":
                continue
            name = f"{call.service.namespace}/{call.service.name}"
            failing = Evidence(call.errors.locate(call.errors.last), f"{caller}: {call.errors.complaint}")
            for pod in pods_selected(scene, call.service):
                address = address_of(scene, pod)
                if address is not None and node in node_of_pod(scene, pod):
                    yield Hairpin(name, address, _bridge_of(scene, node, address), failing, None)


def _bridge_of(scene: Scene, node: Subject, address: str) -> str | None:
    """The bridge to which the node sends packets for an address; None where it is none, or not shown."""
    try:
        decision = decide(scene.derive(database_of, node), Flow(destination=address))
    except ValueError:
        return None
    links = [link for link in scene.facts_on(node, Link) if link.netns is None]
    bridges = {link.name for link in links if link.kind == "bridge"} | {link.master for link in links if link.master}
    for device in decision.result.devices if decision.known else ():
        if device in bridges or device.startswith(_BRIDGES):
            return device
    return None


def seen_bridges(scene: Scene, node: Subject) -> dict[str, BridgeSettings]:
    """Bridges that hand their frames to the packet filter by a setting of their own (ip -d link)"""
    return {s.dev: s for s in scene.facts_on(node, BridgeSettings) if s.netns is None and s.calls_iptables}


def unanswered(scene: Scene, node: Subject) -> list[ConntrackEntry]:
    """Tracked connections without an answer (conntrack -L)"""
    return [entry for entry in scene.facts_on(node, ConntrackEntry) if not entry.replied]


def _hairpinned(scene: Scene, subject: Subject) -> Iterable[Subject]:
    """Nodes as in FORWARDED_BY; of connections, those to Services."""
    for node in FORWARDED_BY.find(scene, subject):
        if subject.kind == "Connection":
            places = {hairpin.failing.at for hairpin in scene.derive(hairpins_on, node)}
            attempts = [a for a in from_pods(scene, node) if _name(a) == subject.name]
            if places and not any(attempt.at in places for attempt in attempts):
                continue
        yield node


def _name(attempt: ConnectAttempt) -> str:
    return f"{attempt.address or attempt.host}:{attempt.port}"


BRIDGED_BY = Relation("shares a bridge with its endpoint on", _hairpinned)


@rule(BRIDGE_NETFILTER_OFF, rows=("R4", "S3"), leads=explains_losses(BRIDGED_BY))
def bridge_netfilter_off(
    node: Subject,
    hairpins: list[Hairpin] = given(hairpins_on),
    values: dict[str, Sysctl] = given(in_force),
    unknown: dict[str, MissingSysctl] = given(unknown_keys),
    seen: dict[str, BridgeSettings] = given(seen_bridges),
    entries: list[ConntrackEntry] = given(unanswered),
) -> Verdict:
    """Bridged frames are hidden from the packet filter.

    What it means: A Service's address is turned into a pod's by the packet filter, and back in the answer. Where caller
    and endpoint are on one bridge, the answer goes straight through it; without br_netfilter nobody turns it back, and
    the caller drops an answer from an address that it did not call. Endpoints on other nodes work.
    How it shows: net.bridge.bridge-nf-call-iptables is 0 or unknown to the kernel (br_netfilter is not loaded), the
    pods of the node are on a bridge, the Service that fails has an endpoint there; conntrack has the connection
    [UNREPLIED].
    What looks like it: Plugins without a bridge (Calico, Cilium, the clouds' own) need no such setting. A pod that
    calls itself through its Service needs hairpin mode of its port instead.
    Source: Linux v6.18 net/bridge/br_netfilter_hooks.c; Kubernetes v1.34 cmd/kubeadm/app/preflight
    (bridge-nf-call-iptables); kubernetes.io/docs container-runtimes.
    """
    value, absent = values.get(KEY), unknown.get(KEY)
    if value is not None and value.value == "1":
        return Absent((Evidence(value.at, "bridged frames pass the packet filter"),))
    proof = _off(value, absent)
    needed = (NETWORK_STATE.of(node=node.name),)
    if proof is None:
        return Unsure((Gap(f"whether the packet filter of {node.name} sees bridged frames", needed),))
    if not hairpins:
        what = f"whether Services that fail on {node.name} have an endpoint there"
        return Unsure((Gap(what, needed),), (proof[1],))
    bridged = [h for h in hairpins if h.bridge is not None]
    if not bridged:
        return Unsure((Gap(f"whether pods of {node.name} are on a bridge", needed),), (proof[1],))
    hidden = [h for h in bridged if h.bridge not in seen]
    if not hidden:
        return Absent(tuple(Evidence(s.at, f"{s.dev} hands its frames to the packet filter") for s in seen.values()))
    first = hidden[0]
    because = [proof[1], first.failing]
    if first.sends is not None:
        because.append(first.sends)
    lost = (e for e in entries if e.sent_to == first.endpoint and e.destination != e.sent_to)
    because += [Evidence(e.at, f"sent to {e.sent_to}, and no answer was seen") for e in lost][:1]
    return Present(tuple(because), {"how": proof[0], "service": first.service}, basis=Basis.RECOMPUTED)


def _off(value: Sysctl | None, absent: MissingSysctl | None) -> tuple[str, Evidence] | None:
    if value is not None:
        return f"{KEY} is {value.value}", Evidence(value.at, "bridged frames are hidden from the packet filter")
    if absent is not None:
        return "br_netfilter is not loaded", Evidence(absent.at, f"the kernel does not know {KEY}")
    return None
