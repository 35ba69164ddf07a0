"""What documents state about the host they come from."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING


from kwhy.facts.goroutines import GoroutineDump
from kwhy.facts.hosts import HostName, MachineId
from kwhy.facts.logs import LogFile
from kwhy.facts.processes import ProcessListing

if TYPE_CHECKING:
    from kwhy.scene.scene import Scene

#: Components that log from a node of their own; there is one of each on a host at a time.
_ONE_PER_HOST = frozenset({"kubelet", "containerd", "dockerd", "crio", "kernel", "kube-proxy"})


def stated_hosts(scene: Scene) -> dict[int, str]:
    """``id(document)`` → host name, for documents whose facts state one."""
    stated: dict[int, str] = {}
    for name in scene.facts(HostName):
        stated[id(name.at.document)] = name.name
    for log in scene.facts(LogFile):
        if log.host is not None:
            stated[id(log.document)] = log.host
    for dump in scene.facts(GoroutineDump):
        if dump.host is not None:
            stated[id(dump.at.document)] = dump.host
    machines = _machines(scene)
    for machine in scene.facts(MachineId):
        if machine.id in machines:
            stated[id(machine.at.document)] = machines[machine.id]
    return stated


def _machines(scene: Scene) -> dict[str, str]:
    """Machine id → node, as Node objects report it."""
    found: dict[str, str] = {}
    for node in scene.structs("Node"):
        info = getattr(getattr(node, "status", None), "node_info", None)
        machine = getattr(info, "machine_id", None)
        if isinstance(machine, str) and machine:
            found[machine] = node.metadata.name
    return found


def host_roles(scene: Scene) -> dict[int, str]:
    """``id(document)`` → what the document is on its host, where a host has one of the kind at a time."""
    roles: dict[int, str] = {}
    for log in scene.facts(LogFile):
        if log.component in _ONE_PER_HOST:
            roles[id(log.document)] = f"log of {log.component}"
    for listing in scene.facts(ProcessListing):
        roles[id(listing.at.document)] = "process list"
    _add_dumps(scene, roles)
    return roles


def _add_dumps(scene: Scene, roles: dict[int, str]) -> None:
    """Whole dumps of one program with different pids come from different hosts or times; copies share a fingerprint."""
    by_program: dict[str, dict[str, list[GoroutineDump]]] = defaultdict(lambda: defaultdict(list))
    for dump in scene.facts(GoroutineDump):
        if dump.whole and dump.program is not None:
            by_program[dump.program][dump.fingerprint].append(dump)
    for program, copies in by_program.items():
        for same in copies.values():
            roles.setdefault(id(same[0].at.document), f"dump of {program}")
