"""What the dumps, stacks and processes of one host say about its waits: the derivation that the node's rules share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from kwhy.facts.goroutines import GoroutineGroup
from kwhy.facts.kernel import Resource, ThreadStack, blocked_in
from kwhy.facts.processes import ProcessListing, ProcessSeen, same_program
from kwhy.knowledge.waits.graph import WaitGraph, wait_graph
from kwhy.knowledge.waits.kubernetes import cni_plugin_call, cri_handler
from kwhy.knowledge.waits.locks import LockQueue
from kwhy.knowledge.waits.wait import Wait, WaitKind
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

#: Programs that are no CNI daemon though they may wait for one.
KUBELET = ("kubelet",)
RUNTIMES = ("containerd", "dockerd", "crio", "cri-dockerd", "docker")
#: Daemons behind CNI plugins whose name is not the plugin's with a "d" behind.
DAEMONS = {
    "terway": "terwayd",
    "flannel": "flanneld",
    "calico": "calico-node",
    "cilium-cni": "cilium-agent",
    "multus-shim": "multus-daemon",
    "antrea": "antrea-agent",
    "aws-cni": "aws-k8s-agent",
    "kube-ovn": "kube-ovn-cni",
    "weave-net": "weaver",
}
#: Where the CNI specification's plugins are installed by default (kubelet and runtimes: bin_dir).
PLUGIN_DIRECTORY = "/opt/cni/bin/"


class HostWaits:
    """Read-only. ``node`` is the host; everything is computed when first asked for."""

    def __init__(self, scene: Scene, node: Subject) -> None:
        self.node = node
        self.groups: tuple[GoroutineGroup, ...] = tuple(scene.facts_on(node, GoroutineGroup))
        self.stacks: tuple[ThreadStack, ...] = tuple(scene.facts_on(node, ThreadStack))
        self.processes: tuple[ProcessSeen, ...] = tuple(scene.facts_on(node, ProcessSeen))
        self.listings: tuple[ProcessListing, ...] = tuple(scene.facts_on(node, ProcessListing))

    @cached_property
    def graph(self) -> WaitGraph:
        return wait_graph(self.groups)

    @cached_property
    def programs(self) -> frozenset[str]:
        """Programs of which there is a dump."""
        return frozenset(self.program_of(group) for group in self.groups)

    def program_of(self, group: GoroutineGroup) -> str:
        """The process's name: the dump's guess, corrected by what ps and kernel stacks of this host call it."""
        guess = group.dump.program or "unknown"
        if group.dump.program_from not in ("project", "log prefix") or _is_plugin(group):
            return guess
        known = DAEMONS.get(guess, f"{guess}d")
        seen = {s.program for s in self.stacks} | {p.program for p in self.processes}
        near = [name for name in (known, f"{guess}d", guess) if any(same_program(name, other) for other in seen)]
        return near[0] if near else known

    def of_program(self, program: str) -> tuple[GoroutineGroup, ...]:
        return tuple(group for group in self.groups if same_program(self.program_of(group), program))

    @cached_property
    def plugin_names(self) -> tuple[str, ...]:
        """CNI plugins that run, as ps and their dumps name them."""
        names = [p.program for p in self.processes if is_plugin_process(p)]
        names += [group.dump.program or "" for group in self.groups if _is_plugin(group)]
        return tuple(dict.fromkeys(name for name in names if name))

    @cached_property
    def daemons(self) -> tuple[str, ...]:
        """Programs that may be the daemon behind the CNI plugins, those tied to a plugin first.

        Tied: named after the plugin, or built from one project with it, or serving the call that the plugin makes.
        Without any tie, a dump of a program that is neither kubelet nor runtime counts where it is the only one.
        """
        others = [p for p in sorted(self.programs) if not self._is_runtime(p) and not self._only_plugin(p)]
        tied = [p for p in others if any(_named_after(p, plugin) for plugin in self.plugin_names)]
        tied += [p for p in others if p not in tied and self._serves_waiting(p)]
        if tied:
            return tuple(tied)
        if others and not self.plugin_names:
            return tuple(others[:1]) if len(others) == 1 else ()
        running = [p.program for p in self.processes if any(_named_after(p.program, n) for n in self.plugin_names)]
        expected = [DAEMONS[name] for name in self.plugin_names if name in DAEMONS]
        return tuple(dict.fromkeys(running + expected))

    def _is_runtime(self, program: str) -> bool:
        """Whether the program is a kubelet or runtime by name, or serves CRI calls."""
        return program in KUBELET + RUNTIMES or any(cri_handler(group) for group in self.of_program(program))

    def _only_plugin(self, program: str) -> bool:
        groups = self.of_program(program)
        return any(_is_plugin(g) for g in groups) and program in self.plugin_names

    def _serves_waiting(self, program: str) -> bool:
        """Whether a runtime or plugin waits for this program, as the graph has it."""
        return any(
            isinstance(edge.target, GoroutineGroup)
            and same_program(self.program_of(edge.target), program)
            and not same_program(self.program_of(edge.waiter), program)
            for edge in self.graph.edges
        )

    def waits(self, program: str) -> tuple[Wait, ...]:
        return tuple(w for w in self.graph.waits if same_program(self.program_of(w.group), program))

    def blocked_outside(self, program: str) -> tuple[Wait, ...]:
        """Goroutines of the program that wait in a system call for an answer: netlink, sockets, files, the kernel."""
        kinds = (WaitKind.NETLINK, WaitKind.SOCKET, WaitKind.FILE, WaitKind.KERNEL)
        return tuple(w for w in self.waits(program) if w.kind in kinds)

    def stacks_of(self, program: str) -> tuple[ThreadStack, ...]:
        return tuple(s for s in self.stacks if same_program(s.program, program))

    def thread_behind(self, wait: Wait) -> ThreadStack | None:
        """The kernel stack of the thread that a goroutine's system call runs on.

        Proven by equal words of the system call (:meth:`tied`); else the program's only thread that waits for a
        netlink message.
        """
        threads = self.stacks_of(self.program_of(wait.group))
        proven = next((thread for thread in threads if self.tied(wait, thread)), None)
        if proven is not None:
            return proven
        waiting = [t for t in threads if blocked_in(t).resource is Resource.NETLINK]
        return waiting[0] if len(waiting) == 1 and wait.kind in (WaitKind.NETLINK, WaitKind.SOCKET) else None

    def tied(self, wait: Wait, thread: ThreadStack) -> bool:
        """Whether goroutine and thread are in the same system call: an address in its words is equal."""
        addresses = {argument for argument in thread.arguments if argument > _SMALL}
        return any(word is not None and word in addresses for e in wait.group.examples for word in e.syscall[1:])


#: Words of a system call below this are descriptors, sizes and flags, equal by chance.
_SMALL = 0x100000


def _is_plugin(group: GoroutineGroup) -> bool:
    return cni_plugin_call(group) is not None


def _named_after(program: str, plugin: str) -> bool:
    if program == plugin:
        return False
    return DAEMONS.get(plugin) == program or (
        program.startswith(plugin) and len(program) - len(plugin) <= len("-daemon")
    )


def is_plugin_process(process: ProcessSeen) -> bool:
    """Whether a row of ps is a CNI plugin: executed from the plugin directory."""
    return process.command.lstrip("[").startswith(PLUGIN_DIRECTORY)


def host_waits(scene: Scene, node: Subject) -> HostWaits:
    """Goroutine dumps, kernel stacks and process lists of the node"""
    return HostWaits(scene, node)


def waits_of_process(scene: Scene, process: Subject) -> HostWaits:
    """Goroutine dumps, kernel stacks and process lists of the process's node"""
    return scene.derive(host_waits, Subject("Node", process.node or ""))


def minutes(wait: Wait) -> str:
    """ "for at least N minutes", where the dump says so."""
    return f" for at least {wait.at_least_minutes} minutes" if wait.at_least_minutes else ""


#: A wait that lasted this long at least is no passing moment (minutes); in a healthy process calls end in seconds.
LASTING_MINUTES = 2


def lasting(wait: Wait) -> bool:
    """Whether a wait is worth calling a failure by itself: it lasted, or somebody picked just this stack to show."""
    return (wait.at_least_minutes or 0) >= LASTING_MINUTES or not wait.group.dump.whole


def hangs(queue: LockQueue) -> bool:
    """Whether a lock queue is worth calling a failure by itself."""
    return queue.flow == "hang" or (queue.oldest_minutes or 0) >= LASTING_MINUTES


def nodes_where(scene: Scene, found: Callable[[HostWaits], bool]) -> list[Subject]:
    """The hosts whose dumps, stacks and processes fulfil a test."""
    return [node for node in scene.hosts.all if found(scene.derive(host_waits, node))]


def programs_where(scene: Scene, found: Callable[[HostWaits, str], bool]) -> list[Subject]:
    """CNI daemons (and other programs beside kubelet and runtimes that plugins may wait for) that fulfil a test."""
    hosts = [scene.derive(host_waits, node) for node in scene.hosts.all]
    return [
        Subject("Process", program, node=host.node.name)
        for host in hosts
        for program in sorted(host.programs & set(host.daemons))
        if found(host, program)
    ]
