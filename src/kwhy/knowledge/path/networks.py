"""Network namespaces as the evidence shows them: of nodes and of pods, and how their devices hang together.

Which device is whose peer is told, in this order, by the namespace that a device names (`link-netns`), by indexes that
name each other, and by the addresses on both ends of a pair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from kwhy.facts.devices import BridgePort, BridgeSettings, ForwardingEntry, Tunnel, WireguardPeer
from kwhy.facts.network import Link, LinkListing, MissingSysctl, Neighbour, NetworkFact, Sysctl
from kwhy.knowledge.net.policy_database import PolicyDatabase, policy_database
from kwhy.knowledge.net.routing import Decision, answer_of_tables
from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.netfilter.ruleset import RuleSet, rule_set
from kwhy.knowledge.netfilter.surroundings import Surroundings
from kwhy.model.fact import Fact
from kwhy.model.subject import Subject

#: Kinds of devices whose other end is on the same host.
INTERNAL_KINDS = frozenset(("veth", "bridge", "loopback", "netkit"))
#: Kinds that carry no frames to a wire by themselves.
VIRTUAL_KINDS = INTERNAL_KINDS | frozenset(
    ("vxlan", "geneve", "ipip", "sit", "gre", "gretap", "ip6tnl", "ip6gre", "wireguard", "vlan", "macvlan", "ipvlan",
     "dummy", "tun", "vrf", "ifb", "macvtap", "xfrm", "vti")
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Network:
    """One network namespace. ``node`` is the host it is on; ``pod`` whose it is, None for the host's own.

    ``name`` is what a person calls it: "node n1", "pod shop/cart". Compared by identity.
    """

    name: str
    node: str
    pod: Subject | None
    label: str
    database: PolicyDatabase
    rules: RuleSet
    neighbours: Mapping[tuple[str, str], Neighbour]
    tunnels: Mapping[str, Tunnel]
    bridges: Mapping[str, BridgeSettings]
    hairpins: Mapping[str, BridgePort]
    forwarding: Sequence[ForwardingEntry]
    wireguard: Sequence[WireguardPeer]
    missing_sysctls: Mapping[str, MissingSysctl]
    facts: Mapping[type, Sequence[Fact]]
    links_listed: LinkListing | None
    routed: dict[tuple[object, ...], Decision] = field(default_factory=dict, repr=False)
    #: What the packet filter may ask; made once (kwhy.knowledge.path.surroundings).
    asked: list[Surroundings] = field(default_factory=list, repr=False)

    @property
    def is_host(self) -> bool:
        return self.label == ""

    @cached_property
    def own(self) -> dict[str, str]:
        """The addresses of the namespace, each with its device."""
        found: dict[str, str] = {}
        for address in self.database.addresses:
            found.setdefault(address.address, address.dev)
        return found

    @cached_property
    def by_index(self) -> dict[int, Link]:
        return {link.index: link for link in self.database.links.values() if link.index is not None}

    @cached_property
    def ports(self) -> dict[str, list[Link]]:
        """The ports of each bridge."""
        found: dict[str, list[Link]] = defaultdict(list)
        for link in self.database.links.values():
            if link.master is not None:
                found[link.master].append(link)
        return found

    @cached_property
    def ebpf(self) -> str | None:
        """Whose eBPF programs send packets elsewhere than rules and routes say; their devices tell.

        Cilium makes cilium_host (pkg/defaults/node.go HostDevice, v1.18); Calico's eBPF mode bpfin.cali
        (felix/dataplane/linux/dataplanedefs, v3.30).
        """
        if "cilium_host" in self.database.links:
            return "Cilium"
        return "Calico" if "bpfin.cali" in self.database.links else None

    def link(self, dev: str) -> Link | None:
        return self.database.links.get(dev)

    def kind(self, dev: str) -> str | None:
        """The kind of a device; tunnels and bridges are told by what else is known of them."""
        if dev in self.tunnels:
            return self.tunnels[dev].kind
        if dev in self.bridges or dev in self.ports:
            return "bridge"
        if any(peer.dev == dev for peer in self.wireguard):
            return "wireguard"
        link = self.link(dev)
        if dev == "lo":
            return "loopback"
        return link.kind if link is not None else None

    def is_bridge(self, dev: str) -> bool:
        return self.kind(dev) == "bridge"

    def sysctl(self, key: str) -> Sysctl | None:
        return self.database.sysctls.get(key)

    def value(self, key: str) -> int | None:
        """A kernel parameter as a number; None where it is not shown."""
        setting = self.sysctl(key)
        if setting is None:
            return None
        text = setting.value.strip()
        return int(text) if text.lstrip("-").isdigit() else None

    def route(self, flow: Flow) -> Decision:
        """What the tables answer; looked up once per flow."""
        key = (
            flow.destination, flow.source, flow.arrives_on, flow.bound_to, flow.mark, flow.tos, flow.uid,
            *((flow.protocol, flow.source_port, flow.destination_port) if self._rules_see_ports else ()),
        )  # fmt: skip
        found = self.routed.get(key)
        if found is None:
            found = self.routed[key] = answer_of_tables(self.database, flow)
        return found

    @cached_property
    def _rules_see_ports(self) -> bool:
        return any(
            rule.protocol is not None or rule.source_ports is not None or rule.destination_ports is not None
            for rules in self.database.rules.values()
            for rule in rules
        )


def network(facts: Iterable[Fact], *, name: str, node: str, label: str = "", pod: Subject | None = None) -> Network:
    """The namespace that these facts (of one host and one namespace) show."""
    found = list(facts)
    by_type: dict[type, list[Fact]] = defaultdict(list)
    for fact in found:
        by_type[type(fact)].append(fact)
    database = policy_database(_joined(by_type))
    neighbours = [fact for fact in found if isinstance(fact, Neighbour)]
    listings = [fact for fact in found if isinstance(fact, LinkListing)]
    return Network(
        name=name,
        node=node,
        pod=pod,
        label=label,
        database=database,
        rules=rule_set(found),
        neighbours={(each.dev, each.address): each for each in reversed(neighbours)},
        tunnels={each.dev: each for each in found if isinstance(each, Tunnel)},
        bridges={each.dev: each for each in found if isinstance(each, BridgeSettings)},
        hairpins={each.dev: each for each in found if isinstance(each, BridgePort) and each.hairpin is not None},
        forwarding=[each for each in found if isinstance(each, ForwardingEntry)],
        wireguard=[each for each in found if isinstance(each, WireguardPeer)],
        missing_sysctls={each.key: each for each in found if isinstance(each, MissingSysctl)},
        facts=by_type,
        links_listed=listings[0] if listings else None,
    )


def _joined(by_type: Mapping[type, Sequence[Fact]]) -> list[NetworkFact]:
    """The facts of the routing database, each device once with all that any document shows of it."""
    masters = {each.dev: each.bridge for each in by_type.get(BridgePort, ()) if isinstance(each, BridgePort)}
    found: list[NetworkFact] = []
    for kind, facts in by_type.items():
        if kind is not Link and kind.__module__ == "kwhy.facts.network":
            found.extend(facts)  # type: ignore[arg-type]  # all types of that module
    links: dict[str, Link] = {}
    for link in by_type.get(Link, ()):
        assert isinstance(link, Link)
        links[link.name] = _completed(links[link.name], link) if link.name in links else link
    for name, link in links.items():
        master = link.master or masters.get(name)
        found.append(link if master == link.master else msgspec.structs.replace(link, master=master))
    return found


def _completed(link: Link, other: Link) -> Link:
    """The device with what only another document shows of it (`ip link` beside `ip -d link`)."""
    gained = {
        name: getattr(other, name)
        for name in ("index", "peer", "flags", "mtu", "state", "kind", "mac", "master", "group", "netnsid")
        if getattr(link, name) is None and getattr(other, name) is not None
    }
    if link.peer_netns is None and other.peer_netns is not None:
        gained["peer_netns"] = other.peer_netns
    return msgspec.structs.replace(link, **gained) if gained else link
