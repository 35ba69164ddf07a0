"""Goroutine dumps: whose they are, their groups by weight, the queues at their locks, and who waits for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from kwhy.facts.goroutines import GoroutineDump, GoroutineGroup
from kwhy.inspecting.rows import minutes, moment, place, shortened
from kwhy.knowledge.waits.graph import Edge, Sure, Target, WaitGraph, wait_graph
from kwhy.knowledge.waits.locks import LockQueue
from kwhy.knowledge.waits.wait import is_idle, wait_of
from kwhy.model.inspection import Part, Row
from kwhy.scene.scene import Scene

FRAMES_SHOWN = 6
#: Lines of one chain that a reader follows; the deepest have a dozen.
STEPS_SHOWN = 12


def dump_parts(scene: Scene, most: int | None) -> list[Part]:
    """``most``: rows per part; None shows all."""
    groups = scene.facts(GoroutineGroup)
    if not groups:
        return []
    by_weight = sorted(groups, key=lambda group: (is_idle(group), -(group.longest_minutes or 0), -group.count))
    graphs = [wait_graph(scene.facts_on(node, GoroutineGroup)) for node in scene.hosts.all]
    queues = [row for graph in graphs for dump, queue in graph.queues for row in _queue(dump, queue)]
    chains = [row for graph in graphs for row in _chains(graph)]
    parts = [
        *(_header(dump) for dump in scene.facts(GoroutineDump)),
        shortened(
            "Goroutine groups, the longest waits first, those at rest last",
            (),
            [_group(group) for group in by_weight],
            most,
        ),
        shortened("Lock queues, the longest first", (), queues, most),
        shortened("Who waits for whom, most depended-on first", (), chains, most),
    ]
    return [part for part in parts if part.rows]


def _header(dump: GoroutineDump) -> Part:
    known_by = f" (by its {dump.program_from})" if dump.program_from is not None else ""
    rows = [
        ("program", f"{dump.program}{known_by}" if dump.program is not None else "not shown"),
        ("goroutines", str(dump.goroutines) if dump.whole else f"{dump.goroutines}, scraps of a dump"),
        ("code of", ", ".join(dump.components)),
        ("project", dump.project or ""),
        ("Go", f"1.{dump.go_at_least} or later" if dump.go_at_least is not None else ""),
        ("trigger", dump.trigger or "not shown"),
        ("host", dump.host or ""),
        ("pid", str(dump.pid) if dump.pid is not None else ""),
        ("taken", moment(dump.taken)),
    ]
    return Part(f"Dump {place(dump.at)}", ("", ""), tuple(Row(row) for row in rows if row[1]))


def _group(group: GoroutineGroup) -> Row:
    below = [frame.function for frame in group.frames[:FRAMES_SHOWN]]
    if len(group.frames) > FRAMES_SHOWN:
        below.append(f"… {len(group.frames) - FRAMES_SHOWN} more frames")
    wait = wait_of(group)
    about = "" if wait is None else f", waiting for {wait.on}"
    rest = ", its normal rest" if about and is_idle(group) else ""
    return Row((_who(group) + about + rest,), place(group.at), tuple(below))


def _who(group: GoroutineGroup) -> str:
    """ "3 goroutines [semacquire, longest 1594 min, locked to thread]" """
    waited = f", longest {group.longest_minutes} min" if group.longest_minutes is not None else ""
    locked = ", locked to thread" if group.locked_to_thread else ""
    inferred = ", state inferred" if group.state_inferred else ""
    noun = "goroutine" if group.count == 1 else "goroutines"
    return f"{group.count} {noun} [{group.state}{waited}{locked}{inferred}]"


def _queue(dump: GoroutineDump, queue: LockQueue) -> list[Row]:
    at = f" at {queue.lock:#x}" if queue.lock is not None else ""
    inside = f" in {queue.owners[0].function}" if queue.owners else ""
    noun = "goroutine waits" if queue.waiters == 1 else "goroutines wait"
    who = f"{dump.program or 'unknown'}: {queue.waiters} {noun} for a lock{at}{inside}"
    oldest = f", the oldest since {minutes(queue.oldest_minutes)}" if queue.oldest_minutes is not None else ""
    first = queue.groups[0].at if queue.groups else dump.at
    return [Row((who + oldest,), place(first), tuple(_holder(queue)))]


def _holder(queue: LockQueue) -> list[str]:
    holder = queue.holder
    if holder is None:
        return ["who holds it: not shown"]
    goroutine = f"goroutine {holder.goroutine.id}" if holder.goroutine and holder.goroutine.id else "a goroutine"
    words = [
        f"probably held by {goroutine} of {place(holder.group.at)}: {_who(holder.group)}",
        f"because it {holder.proof.words}",
        "inside: " + " → ".join(frame.function for frame in holder.inside[:FRAMES_SHOWN]),
    ]
    if len(queue.holders) > 1:
        words.append(f"{len(queue.holders) - 1} others could hold it too")
    return [*words, _FLOWS[queue.flow]] if queue.flow in _FLOWS else words


_FLOWS = {
    "hang": "it does not move: its holder has waited elsewhere since the oldest waiter came",
    "moving": "it moves: its holder runs",
}


def _chains(graph: WaitGraph) -> list[Row]:
    """One row for each end of chains: what it is, how many depend on it, and the longest way there."""
    chains: dict[str, list[tuple[Edge, ...]]] = defaultdict(list)
    for group in dict.fromkeys(edge.waiter for edge in graph.edges):
        chain = graph.chain(group)
        if chain:
            chains[_end_key(chain[-1].target)].append(chain)
    rows: list[tuple[int, Row]] = []
    for same in chains.values():
        waiters = {id(edge.waiter): edge.waiter for chain in same for edge in chain}
        count = sum(group.count for group in waiters.values())
        longest = max(same, key=len)
        noun = "goroutine waits" if count == 1 else "goroutines wait"
        says = f"{count} {noun}, in the end, for {_in_words(longest[-1].target)}"
        rows.append((count, Row((says,), _target_place(longest[-1].target), tuple(_steps(longest)))))
    return [row for _, row in sorted(rows, key=lambda item: -item[0])]


def _end_key(target: Target) -> str:
    return f"group {id(target)}" if isinstance(target, GoroutineGroup) else f"outside {target}"


def _in_words(target: Target) -> str:
    if not isinstance(target, GoroutineGroup):
        return str(target)
    return f"{target.dump.program or 'unknown'}, {_who(target)}"


def _target_place(target: Target) -> str:
    return place(target.at) if isinstance(target, GoroutineGroup) else ""


def _steps(chain: Sequence[Edge]) -> list[str]:
    lines = [f"{_in_words(chain[0].waiter)}  {place(chain[0].waiter.at)}"]
    for edge in chain[:STEPS_SHOWN]:
        sure = "" if edge.sure is Sure.PROVEN else f" ({edge.sure.name.lower()})"
        where = f"  {_target_place(edge.target)}" if _target_place(edge.target) else ""
        far = f": {_in_words(edge.target)}{where}" if isinstance(edge.target, GoroutineGroup) else ""
        lines.append(f"→ waits for {edge.wait.on}{far} — it {edge.because}{sure}")
    if len(chain) > STEPS_SHOWN:
        lines.append(f"… {len(chain) - STEPS_SHOWN} more steps")
    return lines
