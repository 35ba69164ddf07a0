"""The wait-for graph across the processes of one host.

Nodes are goroutine groups. An edge says that the goroutines of one group wait for something that those of another have
to do, what ties the two, and how surely. Pass the dumps of one host only; the groups carry their dump.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cached_property
from typing import TypeAlias

import msgspec

from kwhy.facts.goroutines import Frame, GoroutineDump, GoroutineGroup
from kwhy.knowledge.waits.calls import Handler, Protocol, handler
from kwhy.knowledge.waits.kubernetes import cni_exec, cni_plugin_call
from kwhy.knowledge.waits.locks import LockQueue, Proof, lock_queues
from kwhy.knowledge.waits.wait import Wait, WaitKind, is_idle, wait_of, waits_of
from kwhy.model.expressions import expression


class Tie(Enum):
    """What an edge rests on."""

    LOCK = "waits for a lock that the other holds"
    METHOD = "calls the method that the other serves"
    PROTOCOL = "calls over the protocol that the other serves; the method is not printed"
    STARTED = "waits for goroutines that it started"
    PLUGIN = "executed a CNI plugin, and the other is one"
    DAEMON = "a CNI plugin that calls its daemon: both are built from one project"
    OUTSIDE = "waits for something that no dump shows"


class Sure(IntEnum):
    """How surely an edge holds."""

    POSSIBLE = 1
    LIKELY = 2
    PROVEN = 3


class Outside(msgspec.Struct, frozen=True):
    """The far end of a wait for what is no goroutine: the kernel, a child process, a server without a dump."""

    what: WaitKind
    protocol: Protocol | None = None
    method: str | None = None
    operation: str | None = None

    def __str__(self) -> str:
        name = self.method or self.operation
        return f"{self.what.value} ({name})" if name else self.what.value


Target: TypeAlias = GoroutineGroup | Outside


class Edge(msgspec.Struct, frozen=True):
    """``waiter`` waits for ``target``. ``queue`` is set for locks."""

    waiter: GoroutineGroup
    target: Target
    tie: Tie
    sure: Sure
    wait: Wait
    queue: LockQueue | None = None

    @property
    def because(self) -> str:
        return self.queue.holder.proof.words if self.queue and self.queue.holder else self.tie.value


@dataclass(frozen=True)
class WaitGraph:
    """The graph. ``waits`` are all waits out of the ordinary, ``queues`` the lock queues by dump."""

    edges: tuple[Edge, ...]
    waits: tuple[Wait, ...]
    queues: tuple[tuple[GoroutineDump, LockQueue], ...]

    @cached_property
    def _from(self) -> dict[int, tuple[Edge, ...]]:
        found: dict[int, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            found[id(edge.waiter)].append(edge)
        return {key: tuple(sorted(edges, key=_rank)) for key, edges in found.items()}

    def waits_for(self, group: GoroutineGroup) -> tuple[Edge, ...]:
        """What the group waits for, the surest first."""
        return self._from.get(id(group), ())

    def chain(self, group: GoroutineGroup) -> tuple[Edge, ...]:
        """The surest edges from the group down to what waits for nothing that is known: proven down to there."""
        edges: list[Edge] = []
        seen = {id(group)}
        current: Target = group
        while isinstance(current, GoroutineGroup):
            following = [edge for edge in self.waits_for(current) if id(edge.target) not in seen]
            if not following:
                break
            edges.append(following[0])
            current = following[0].target
            seen.add(id(current))
        return tuple(edges)

    def depends_on(self, group: GoroutineGroup) -> tuple[GoroutineGroup, ...]:
        """Every group that waits, directly or not, for ``group``."""
        found: dict[int, GoroutineGroup] = {}
        frontier = [group]
        while frontier:
            target = frontier.pop()
            for edge in self._to.get(id(target), ()):
                if id(edge.waiter) not in found and edge.waiter is not group:
                    found[id(edge.waiter)] = edge.waiter
                    frontier.append(edge.waiter)
        return tuple(found.values())

    @cached_property
    def _to(self) -> dict[int, list[Edge]]:
        found: dict[int, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            found[id(edge.target)].append(edge)
        return found


def _rank(edge: Edge) -> tuple[int, int, int]:
    is_outside = isinstance(edge.target, Outside)
    minutes = 0 if isinstance(edge.target, Outside) else edge.target.longest_minutes or 0
    return -edge.sure, int(is_outside), -minutes


def distinct(groups: Sequence[GoroutineGroup]) -> tuple[GoroutineGroup, ...]:
    """The groups without those of copies of a dump that another document also holds."""
    first: dict[tuple[str | None, str], GoroutineDump] = {}
    return tuple(
        group
        for group in groups
        if first.setdefault((group.dump.program, group.dump.fingerprint), group.dump) is group.dump
    )


def processes(groups: Sequence[GoroutineGroup]) -> tuple[tuple[GoroutineGroup, ...], ...]:
    """The groups by process: one dump each; scraps of the same program are taken for parts of one dump."""
    found: dict[object, list[GoroutineGroup]] = defaultdict(list)
    for group in groups:
        dump = group.dump
        key: object = id(dump)
        if not dump.whole and dump.program is not None:
            plugin = any(frame.package.endswith("cni/pkg/skel") for frame in group.frames)
            key = (dump.program, dump.host, dump.pid, plugin)
        found[key].append(group)
    return tuple(tuple(members) for members in found.values())


def wait_graph(groups: Sequence[GoroutineGroup]) -> WaitGraph:
    """The wait-for graph over all dumps of one host."""
    groups = distinct(groups)
    by_process = processes(groups)
    edges: list[Edge] = []
    queues: list[tuple[GoroutineDump, LockQueue]] = []
    waits = waits_of(groups)
    serving = [(group, found) for group in groups if (found := handler(group)) is not None and _serves(group, found)]
    plugins = [group for group in groups if cni_plugin_call(group) is not None]
    for members in by_process:
        own_queues = lock_queues(members)
        queues += [(members[0].dump, queue) for queue in own_queues]
        for queue in own_queues:
            edges += _lock_edges(queue)
        edges += _started_edges(members)
    for wait in waits:
        if wait.kind is WaitKind.CALL:
            edges += _call_edges(wait, serving) or _daemon_edges(wait, waits) or [_unanswered(wait)]
        elif wait.kind is not WaitKind.LOCK:
            edges += _outside_edges(wait, plugins)
    once = {(id(edge.waiter), id(edge.target), edge.tie): edge for edge in reversed(edges)}
    return WaitGraph(tuple(reversed(once.values())), waits, tuple(queues))


def _serves(group: GoroutineGroup, serving: Handler) -> bool:
    return not serving.streams and serving.protocol != "HTTP" and wait_of(group) is not None


def _lock_edges(queue: LockQueue) -> list[Edge]:
    edges = []
    best = queue.holder.proof if queue.holder else None
    for group in queue.groups:
        wait = wait_of(group)
        if wait is None:
            continue
        for rank, holder in enumerate(queue.holders):
            if holder.proof is not best:
                break
            sure = Sure.PROVEN if holder.proof is Proof.OBJECT_AND_POSITION else Sure.LIKELY
            if holder.proof is Proof.SAME_TYPE or (rank and not holder.proof.by_pointer):
                sure = Sure.POSSIBLE
            edges.append(Edge(group, holder.group, Tie.LOCK, sure, wait, queue))
    return edges


#: ``serveStreams.func2.1`` → ``serveStreams``: closures belong to the function that holds them.
_CLOSURE = expression(r"(?:\.(?:func|gowrap|deferwrap)?\d+)+$")


def _started_edges(members: Iterable[GoroutineGroup]) -> list[Edge]:
    """From goroutines that wait on a channel or WaitGroup to the busy goroutines that the same function started."""
    members = tuple(members)
    started: dict[str, list[GoroutineGroup]] = defaultdict(list)
    for group in members:
        if group.created_by is not None and wait_of(group) is not None and not is_idle(group):
            started[_CLOSURE.sub("", group.created_by.function)].append(group)
    edges = []
    for group in members if started else ():
        wait = wait_of(group)
        if wait is None or wait.kind not in {WaitKind.CHANNEL, WaitKind.GOROUTINES, WaitKind.SELECT}:
            continue
        waiting = next((frame for frame in group.frames if not _is_machinery(frame)), None)
        if waiting is None:
            continue
        edges += [
            Edge(group, other, Tie.STARTED, sure, wait)
            for other in started.get(_CLOSURE.sub("", waiting.function), ())
            if other is not group and (sure := _parenthood(group, other)) is not None
        ]
    return edges


def _is_machinery(frame: Frame) -> bool:
    return frame.package in {"sync", "internal/sync", "runtime", "context", "golang.org/x/sync/errgroup"}


def _parenthood(parent: GoroutineGroup, child: GoroutineGroup) -> Sure | None:
    """Go 1.21 and later print the creator's id: it proves or refutes; before, the function alone makes it likely."""
    creators = {example.created_in for example in child.examples if example.created_in is not None}
    if not creators:
        return Sure.LIKELY
    known = {example.id for example in parent.examples}
    if creators & known:
        return Sure.PROVEN
    return Sure.LIKELY if parent.count > len(parent.examples) else None


def _call_edges(wait: Wait, serving: Sequence[tuple[GoroutineGroup, Handler]]) -> list[Edge]:
    call = wait.call
    if call is None:
        return []
    candidates = [
        (group, found) for group, found in serving if found.protocol == call.protocol and group is not wait.group
    ]
    named = [
        group for group, found in candidates if call.method is not None and _same_method(call.method, found.method)
    ]
    if named:
        return [Edge(wait.group, group, Tie.METHOD, Sure.LIKELY, wait) for group in named]
    # A server that prints no method, or a client that prints none (net/rpc): possible, and never within one process.
    nameless = [
        group
        for group, found in candidates
        if (call.method is None or found.method is None) and group.dump is not wait.group.dump and not is_idle(group)
    ]
    nameless, alike = _closest_names(wait.group, call.method, nameless)
    one_server = len({id(group.dump) for group in nameless}) == 1
    # Only one process of the host is shown to serve this, by functions that sound like the wish (or net/rpc, which is
    # rare enough): likely. Otherwise no more than possible.
    sure = Sure.LIKELY if one_server and (alike or call.protocol == "net/rpc") else Sure.POSSIBLE
    return [Edge(wait.group, group, Tie.PROTOCOL, sure, wait) for group in nameless]


def _unanswered(wait: Wait) -> Edge:
    call = wait.call
    outside = Outside(wait.kind, call.protocol if call else None, call.method if call else None)
    return Edge(wait.group, outside, Tie.OUTSIDE, Sure.PROVEN, wait)


def _daemon_edges(wait: Wait, waits: Sequence[Wait]) -> list[Edge]:
    """From a CNI plugin to the stuck goroutines of its daemon, where no frame shows the served call.

    A daemon that works in another network namespace serves from a goroutine of its own (ns.Do), whose stack does not
    reach back to the server's.
    """
    plugin = wait.group.dump
    if cni_plugin_call(wait.group) is None:
        return []
    return [
        Edge(wait.group, other.group, Tie.DAEMON, Sure.LIKELY, wait)
        for other in waits
        if other.group.dump is not plugin
        and cni_plugin_call(other.group) is None
        and _one_project(plugin, other.group.dump)
    ]


def _one_project(plugin: GoroutineDump, daemon: GoroutineDump) -> bool:
    if plugin.project is not None and plugin.project == daemon.project:
        return True
    names = plugin.program, daemon.program
    return names[0] is not None and names[1] in {
        f"{names[0]}d",
        f"{names[0]}-agent",
        f"{names[0]}-daemon",
        f"{names[0]}-node",
    }


def _same_method(called: str, served: str | None) -> bool:
    return served is not None and called.lower() == served.lower()


#: The words of an exported name: ``PodSandboxStatus`` → Pod, Sandbox, Status
_WORDS = expression(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def _closest_names(
    waiter: GoroutineGroup, method: str | None, targets: list[GoroutineGroup]
) -> tuple[list[GoroutineGroup], bool]:
    """Of servers that print no method, those whose functions sound most like the caller's wish, and whether any do."""
    if method is None:
        own = [frame.method for frame in waiter.frames[:4]]
        wanted = {word.lower() for name in own for word in _WORDS.findall(name)}
    else:
        wanted = {word.lower() for word in _WORDS.findall(method)}
    scores = {id(target): max((_overlap(wanted, frame) for frame in _inside(target)), default=0) for target in targets}
    best = max(scores.values(), default=0)
    return [target for target in targets if best < 2 or scores[id(target)] == best], best >= 2


def _inside(group: GoroutineGroup) -> tuple[Frame, ...]:
    serving = handler(group)
    return group.frames[: serving.index] if serving is not None else group.frames


def _overlap(wanted: set[str], frame: Frame) -> int:
    return len(wanted & {word.lower() for word in _WORDS.findall(frame.method)})


def _outside_edges(wait: Wait, plugins: Sequence[GoroutineGroup]) -> list[Edge]:
    executed = cni_exec(wait.group)
    if executed is not None:
        same = [plugin for plugin in plugins if _operation(plugin) in {executed.operation, "unknown"}]
        edges = [Edge(wait.group, plugin, Tie.PLUGIN, Sure.LIKELY, wait) for plugin in same or plugins]
        outside = Outside(wait.kind, operation=f"CNI {executed.operation}")
        return edges or [Edge(wait.group, outside, Tie.OUTSIDE, Sure.PROVEN, wait)]
    if wait.kind in {WaitKind.CHILD, WaitKind.NETLINK, WaitKind.SOCKET, WaitKind.FILE, WaitKind.KERNEL}:
        method = wait.call.method if wait.call is not None else wait.system_call
        protocol = wait.call.protocol if wait.call is not None else None
        return [Edge(wait.group, Outside(wait.kind, protocol, method), Tie.OUTSIDE, Sure.PROVEN, wait)]
    return []


def _operation(plugin: GoroutineGroup) -> str:
    call = cni_plugin_call(plugin)
    return call.operation if call is not None else "unknown"
