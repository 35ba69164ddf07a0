"""Whether a program of a node runs, as units, process lists and logs show it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kwhy.facts.log_patterns.systemd import MAIN_PROCESS_EXITED, START_LIMIT, UNIT_STARTED, UNIT_STOPPED
from kwhy.facts.logs import LogHit, LogPattern, LogSample
from kwhy.facts.processes import ProcessListing, ProcessSearch, ProcessSeen, same_program
from kwhy.facts.systemd import UnitState
from kwhy.model.document import Document
from kwhy.model.subject import Subject
from kwhy.model.verdict import Basis, Evidence
from kwhy.scene.scene import Scene

#: Programs that carry the kubelet, and a container runtime, inside themselves (k3s, microk8s).
ALL_IN_ONE = ("k3s", "k3s-server", "k3s-agent", "kubelite")
#: What runs on a host that runs pods, not inside a pod's own pid namespace: a list with one of them is the host's.
_OF_A_HOST = ("containerd", "dockerd", "crio", "containerd-shim", "conmon", "systemd-journald")
#: A list of fewer processes than this is no list of a host.
_FEW = 12


_ENDS = (MAIN_PROCESS_EXITED, START_LIMIT, UNIT_STOPPED)


class Life(msgspec.Struct, frozen=True):
    """What shows that a program runs, and what shows that it does not; ``certain``: not merely by what looks whole."""

    runs: tuple[Evidence, ...]
    stopped: tuple[Evidence, ...]
    restarting: bool = False
    certain: bool = True

    @property
    def basis(self) -> Basis:
        return Basis.STATED if self.certain else Basis.INFERRED


def life_of(scene: Scene, node: Subject, names: Sequence[str], units: Sequence[str]) -> Life:
    """Whether any of the programs runs on the node. A unit decides over a process list where both are shown."""
    states = [state for state in scene.facts_on(node, UnitState) if state.name in units and state.load != "not-found"]
    running = [Evidence(s.at, f"systemd says that {s.name} is {s.active}") for s in states if s.running]
    down = [state for state in states if state.active in ("inactive", "failed", "activating", "deactivating")]
    stopped = [Evidence(s.at, _unit_words(s)) for s in down]
    restarting = any(state.sub.startswith("auto-restart") for state in down)
    if not running:
        rows = _rows(scene, node, names)
        running += [Evidence(row.at, f"{row.program} runs as process {row.pid}") for row in rows[:1]]
        stopped += _missing(scene, node, names) if not rows else []
    stopped += _journal(scene, node, units)
    likely = _seems_missing(scene, node, names) if not running and not stopped else []
    return Life(tuple(running), tuple(stopped or likely), restarting, certain=not likely)


def _unit_words(state: UnitState) -> str:
    how = f" ({state.result})" if state.result not in ("", "success") else ""
    again = f"; systemd has restarted it {state.restarts} times" if state.restarts else ""
    return f"systemd says that {state.name} is {state.active}{how}{again}"


def _rows(scene: Scene, node: Subject, names: Sequence[str]) -> list[ProcessSeen]:
    """Living processes of the programs, those that carry them inside included."""

    def fits(row: ProcessSeen) -> bool:
        named = any(same_program(row.program, name) for name in names)
        inside = row.program in ALL_IN_ONE or (row.program == "hyperkube" and any(n in row.command for n in names))
        return (named or inside) and not row.zombie

    return [row for row in scene.facts_on(node, ProcessSeen) if fits(row)]


def _missing(scene: Scene, node: Subject, names: Sequence[str]) -> list[Evidence]:
    """Lists that would show the programs and do not."""
    found = [
        Evidence(listing.at, f"none of the {listing.count} processes of the host is {_one_of(names)}")
        for listing in scene.facts_on(node, ProcessListing)
        if _of_a_host(scene, node, listing.at.document)
    ]
    found += [
        Evidence(search.at, f"no process is called {_one_of(names)}")
        for search in scene.facts_on(node, ProcessSearch)
        if search.found == 0 and len(names) == 1 and search.word in names[0] and len(search.word) > 2
    ]
    return found


def _seems_missing(scene: Scene, node: Subject, names: Sequence[str]) -> list[Evidence]:
    """Lists that look whole, though nothing says that they are, and do not show the programs."""
    by_document: dict[int, list[ProcessSeen]] = {}
    for row in scene.facts_on(node, ProcessSeen):
        by_document.setdefault(id(row.at.document), []).append(row)
    return [
        Evidence(rows[0].at, f"the list of {len(rows)} processes, which looks whole, holds no {_one_of(names)}")
        for rows in by_document.values()
        if _looks_whole(rows) and _of_a_host(scene, node, rows[0].at.document)
    ]


def _looks_whole(rows: list[ProcessSeen]) -> bool:
    """Whether a list begins with pid 1, holds every parent that it names, and is not cut after a round number of lines.

    A list that was filtered has parents that it does not hold; one that was cut (head) has a round number of lines.
    """
    if rows[0].pid != 1 or any(row.tid is not None or row.ppid is None for row in rows):
        return False
    known = {row.pid for row in rows} | {0}
    cut = len(rows) % 10 in (0, 9)  # without or with the header
    return len(rows) >= _FEW and not cut and all(row.ppid in known for row in rows)


def _of_a_host(scene: Scene, node: Subject, document: Document) -> bool:
    return any(
        row.at.document is document and (row.kernel_thread or row.program.startswith(_OF_A_HOST))
        for row in scene.facts_on(node, ProcessSeen)
    )


def _one_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _journal(scene: Scene, node: Subject, units: Sequence[str]) -> list[Evidence]:
    """Journals in which systemd stopped the unit, or its process exited, and nothing started it again."""
    hits = [hit for hit in scene.facts_on(node, LogHit) if hit.pattern.component in ("systemd", "kubelet")]
    found = []
    for document in {id(hit.document): hit.document for hit in hits}.values():
        here = [hit for hit in hits if hit.document is document]
        end = _last(here, _ENDS, units)
        start = _last(here, (UNIT_STARTED,), units)
        begun = [start[1].line] if start is not None else []
        if "kubelet.service" in units:
            begun += [hit.last.line for hit in here if hit.pattern.component == "kubelet"]
        if end is not None and end[1].line > max(begun, default=0):
            place = end[0].locate(end[1])
            found.append(Evidence(place, "its unit ended, and the journal shows no start after it"))
    return found


def _last(
    hits: Sequence[LogHit], patterns: Sequence[LogPattern], units: Sequence[str]
) -> tuple[LogHit, LogSample] | None:
    """The last line of the patterns that names one of the units."""
    found = [(hit, s) for hit in hits if hit.pattern in patterns for s in hit.samples if _names_unit(s, units)]
    return max(found, key=lambda item: item[1].line, default=None)


def _names_unit(sample: LogSample, units: Sequence[str]) -> bool:
    named = sample.fields.get("unit") or sample.fields.get("ended") or sample.excerpt
    return any(unit in named or f" {unit.removesuffix('.service')}" in named for unit in units)
