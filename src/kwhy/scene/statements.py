"""What documents state about the host they come from."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from kwhy.facts.goroutines import GoroutineDump, GoroutineGroup
from kwhy.facts.hosts import HostName, MachineId
from kwhy.facts.logs import LogFile, LogHit
from kwhy.facts.network import InterfaceAddress, LinkListing
from kwhy.facts.processes import KERNEL_NAME_LENGTH, ProcessListing, ProcessSeen
from kwhy.scene.hosts import Role, file_prefix

if TYPE_CHECKING:
    from kwhy.scene.scene import Scene

#: Below this, process ids stand for the same programs on every host.
_OWN_PIDS = 300
#: Below this, goroutine ids stand for the same goroutines in every process of a program.
_OWN_GOROUTINES = 200
#: Components that log from a node of their own; there is one of each on a host at a time.
_ONE_PER_HOST = frozenset({"kubelet", "containerd", "dockerd", "crio", "kernel", "kube-proxy"})
#: What kubelet says of the node that it runs on (facts/log_patterns/kubelet_node.py), and the fields that name it.
_OF_ITS_NODE = frozenset(
    {"kubelet.registering", "kubelet.registered", "kubelet.became-not-ready", "kubelet.node-event"}
)
_NODE_FIELDS = ("node", "old_node", "known_node")
#: What etcd says of itself (facts/log_patterns/etcd.py), and the fields that name it.
_OF_ONE_MEMBER = frozenset({"etcd.starting-member", "etcd.leader-lost", "etcd.leader-elected"})
_MEMBER_FIELDS = ("member", "old_member")
#: Programs whose flags say which node they run on (Kubernetes v1.34 cmd/kubelet/app/options/options.go,
#: cmd/kube-proxy/app/options.go, pkg/controlplane/apiserver/options/options.go).
_NODE_PROGRAMS = frozenset({"kubelet", "kube-proxy", "kube-apiserver"})
# "--hostname-override=node-a"
_HOSTNAME_FLAG = re.compile(r"--hostname-override[= ](?P<name>[a-z0-9][a-z0-9.-]{0,252})")
# "--advertise-address=10.55.0.10", "--node-ip 10.55.0.10"
_ADDRESS_FLAG = re.compile(r"--(?:advertise-address|node-ip)[= ](?P<address>[0-9a-f.:]{3,45})")


def stated_hosts(scene: Scene) -> dict[int, str]:
    """``id(document)`` → host name, for documents whose facts state one."""
    stated: dict[int, str] = {}
    for name in scene.facts(HostName):
        stated[id(name.at.document)] = name.name
    for log in scene.facts(LogFile):
        if log.host is not None:
            stated[id(log.document)] = log.host
    for document, names in _spoken_of_by_kubelet(scene).items():
        if len(names) == 1:
            stated.setdefault(document, next(iter(names)))
    for dump in scene.facts(GoroutineDump):
        if dump.host is not None:
            stated[id(dump.at.document)] = dump.host
    for process in scene.facts(ProcessSeen):
        if process.program in _NODE_PROGRAMS and id(process.at.document) not in stated:
            node = _named_by_flags(scene, process.command)
            if node is not None:
                stated[id(process.at.document)] = node
    machines = _machines(scene)
    for machine in scene.facts(MachineId):
        if machine.id in machines:
            stated[id(machine.at.document)] = machines[machine.id]
    return stated


def _spoken_of_by_kubelet(scene: Scene) -> dict[int, set[str]]:
    """``id(document)`` of kubelets' logs → the nodes that they speak of: a kubelet knows its own node alone."""
    kubelets = {id(log.document) for log in scene.facts(LogFile) if log.component == "kubelet"}
    found: dict[int, set[str]] = defaultdict(set)
    for hit in scene.facts(LogHit) if kubelets else ():
        if id(hit.document) in kubelets and hit.pattern.id in _OF_ITS_NODE:
            for sample in hit.samples:
                name = next((sample.fields[key] for key in _NODE_FIELDS if sample.fields.get(key)), None)
                if name is not None:
                    found[id(hit.document)].add(name)
    return found


def foreign_to(scene: Scene) -> dict[int, frozenset[str]]:
    """``id(document)`` → nodes that it cannot come from, by what both show of themselves.

    A host that lists all its addresses without the node's is another host.
    """
    shown: dict[int, set[str]] = defaultdict(set)
    for address in scene.facts(InterfaceAddress):
        if address.netns is None:
            shown[id(address.at.document)].add(address.address)
    whole = {
        id(listing.at.document)
        for listing in scene.facts(LinkListing)
        if listing.addresses and listing.netns is None and 4 in listing.families
    }
    if not whole:
        return {}
    addresses: dict[str, set[str]] = defaultdict(set)
    for address_of_node, node in scene.derive_once(_nodes_by_address).items():
        addresses[node].add(address_of_node)
    return {
        document: frozenset(node for node, own in addresses.items() if own.isdisjoint(shown[document]))
        for document in whole
        if shown[document]
    }


def _named_by_flags(scene: Scene, command: str) -> str | None:
    """The node that a component's flags name, or of which they hold the internal address."""
    override = _HOSTNAME_FLAG.search(command)
    if override:
        return override["name"]
    address = _ADDRESS_FLAG.search(command)
    return scene.derive_once(_nodes_by_address).get(address["address"]) if address else None


def _nodes_by_address(scene: Scene) -> dict[str, str]:
    """Internal address → node, as Node objects report it."""
    found: dict[str, str] = {}
    for node in scene.structs("Node"):
        addresses = getattr(getattr(node, "status", None), "addresses", None)
        for address in addresses if isinstance(addresses, list) else ():
            if address.type == "InternalIP":
                found[address.address] = node.metadata.name
    return found


def _machines(scene: Scene) -> dict[str, str]:
    """Machine id → node, as Node objects report it."""
    found: dict[str, str] = {}
    for node in scene.structs("Node"):
        info = getattr(getattr(node, "status", None), "node_info", None)
        machine = getattr(info, "machine_id", None)
        if isinstance(machine, str) and machine:
            found[machine] = node.metadata.name
    return found


def host_roles(scene: Scene) -> dict[int, Role]:
    """``id(document)`` → what the document is on its host, where a host has one of the kind at a time."""
    roles: dict[int, Role] = {}
    for log in scene.facts(LogFile):
        if log.component in _ONE_PER_HOST:
            marks = {str(pid) for pid in log.pids} or {file_prefix(log.document.source)}
            roles[id(log.document)] = Role(f"log of {log.component}", frozenset(marks))
    for key, members in _members_of_etcd(scene).items():
        roles[key] = Role("log of etcd", frozenset(members))
    rows: dict[int, set[str]] = defaultdict(set)
    for process in scene.facts(ProcessSeen):
        if process.pid >= _OWN_PIDS:
            rows[id(process.at.document)].add(f"{process.pid} {process.program[:KERNEL_NAME_LENGTH]}")
    for listing in scene.facts(ProcessListing):
        document = listing.at.document
        roles[id(document)] = Role("process list", frozenset(rows[id(document)]))
    goroutines: dict[int, set[str]] = defaultdict(set)
    for group in scene.facts(GoroutineGroup):
        goroutines[id(group.at.document)].update(
            f"{example.id} {group.shape}" for example in group.examples if (example.id or 0) >= _OWN_GOROUTINES
        )
    for dump in scene.facts(GoroutineDump):
        document = dump.at.document
        if dump.whole and dump.program is not None and goroutines[id(document)]:
            roles.setdefault(id(document), Role(f"dump of {dump.program}", frozenset(goroutines[id(document)])))
    return roles


def _members_of_etcd(scene: Scene) -> dict[int, set[str]]:
    """What raft calls the member whose log a document is: logs of different members come from different hosts."""
    found: dict[int, set[str]] = defaultdict(set)
    for hit in scene.facts(LogHit):
        if hit.pattern.id in _OF_ONE_MEMBER:
            found[id(hit.document)].update(name for f in _MEMBER_FIELDS if (name := hit.last.fields.get(f)))
    return found
