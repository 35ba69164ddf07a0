"""Process and thread lists: `ps` of procps and busybox in any form, process rows of `top -b`, crash's `ps`.

Columns are read off the header, so every order of `-o` is understood; without a header the command line or the shape of
`ps -ef` and `ps aux` rows tells. Checked on procps-ng 4.0.2, busybox 1.35, top of both.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kwhy.facts.processes import ProcessListing, ProcessSearch, ProcessSeen, masked, program_of
from kwhy.ingest.host.ps_columns import (
    AUX_COLUMNS,
    AUX_ROW,
    EF_COLUMNS,
    EF_ROW,
    Column,
    What,
    cut_row,
    elapsed_seconds,
    header_columns,
    tree_depth,
)
from kwhy.ingest.host.ps_scope import Scope, scope_of, searched_word
from kwhy.ingest.host.top_summary import summary_facts
from kwhy.ingest.invocation import runs
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.time import UNKNOWN_MOMENT, Moment

#: `Tasks:  81 total,   1 running,  80 sleeping,   0 stopped,   0 zombie` (top, procps-ng 4.0.2)
_TOP_TASKS = expression(r"Tasks:\s*(\d+) total")
#: The summary that top prints above the rows (procps-ng and busybox).
_TOP_SUMMARY = expression(r"top - |Tasks:|%?Cpu|[KMGT]iB (?:Mem|Swap)|Mem:|CPU:|Load average:|Swap:")
#: Not a row: `ps: …`, `error: …`, and what follows a usage error.
_COMPLAINT = expression(r"(?:ps|error|Usage|usage|Try|For more details)\b.{0,200}")

#: Programs that a pipeline behind ps drops rows with, and how far their pids lie from that of ps.
_LINE_DROPPERS = frozenset({"grep", "egrep", "fgrep", "rg", "ag", "awk", "gawk", "mawk", "sed", "head", "tail", "uniq"})
_PIPELINE_PIDS = 16

#: Where `-o args` is not the last column it is cut at its width (procps-ng ps/output.c, format_array "args").
_ARGS_WIDTH = 27

#: Rows that could not be read are listed one by one up to this number.
_LISTED_PROBLEMS = 20

#: The task states of crash's `ps` (crash 7–8, task.c task_state_string) in ps's letters.
_CRASH_STATES = {"RU": "R", "IN": "S", "UN": "D", "ZO": "Z", "ST": "T", "ID": "I", "DE": "X", "TR": "t"}


def _recognise(head: Head) -> float:
    line = runs(head.command, "ps", "top", "pgrep", "pidof")
    lines = [text for text in head.text.split("\n", 40)[:40] if text.strip()]
    for text in lines[:12]:
        columns = header_columns(text)
        if columns is not None:
            kinds = {column.what for column in columns}
            return 0.95 if What.TEXT in kinds and What.PID in kinds else 0.8
    if line is not None:
        return 0.85
    rows = sum(bool(EF_ROW.match(text) or AUX_ROW.match(text)) for text in lines)
    return 0.7 if lines and rows * 2 > len(lines) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    """Rows become ProcessSeen; a list of all processes also gives one ProcessListing."""
    if runs(document.command, "pgrep", "pidof"):
        yield from _parse_pids(document)
        return
    scope = scope_of(document.command)
    rows: list[ProcessSeen] = []
    widths: list[int] = []
    unread = 0
    top_total: int | None = None
    table = _Table(scope.columns if scope else None, document)
    for number, line in document.lines():
        if line.startswith("Threads:"):
            yield Unparsed(document.at(number, excerpt=line), "top -H: thread ids without the ids of their processes")
            return
        if not line.strip() or _TOP_SUMMARY.match(line):
            tasks = _TOP_TASKS.match(line)
            top_total = int(tasks[1]) if tasks else top_total
            yield from summary_facts(document, number, line)
            continue
        if table.takes_header(line):
            continue
        row = table.row(number, line)
        if row is not None:
            rows.append(row)
            widths.append(len(line))
            continue
        unread += 1
        if unread <= _LISTED_PROBLEMS:
            what = "message instead of a row" if _COMPLAINT.match(line) else "row that does not fit the columns"
            yield Unparsed(document.at(number, excerpt=masked(line)), f"process list: {what}")
    if unread > _LISTED_PROBLEMS:
        more = unread - _LISTED_PROBLEMS
        yield Unparsed(document.at(document.first_line), f"process list: {more} more lines do not fit the columns")
    yield from _with_cuts(rows, widths) if table.text_is_last else rows
    whole = not unread and (scope is None or scope.whole_output)
    if because := _complete_because(scope, rows, top_total, table.busybox) if whole else None:
        place, count = rows[0].at, len({row.pid for row in rows})
        yield ProcessListing(count, because, place, document.captured)
    yield from _search(document, rows)


def _parse_pids(document: Document) -> Iterator[Parsed]:
    """`4552`, `4552 kubelet` (pgrep -l), `4552 /usr/bin/kubelet --config=…` (pgrep -a), `4552 4601` (pidof)."""
    rows: list[ProcessSeen] = []
    for number, line in document.lines():
        place = document.at(number, excerpt=masked(line.strip()))
        words = line.split(maxsplit=1)
        pids = [_number(word) for word in line.split()]
        if words and all(pid is not None for pid in pids):
            rows += [ProcessSeen(pid, place, observed=document.captured) for pid in pids if pid is not None]
        elif words and pids[0] is not None:
            program = program_of(words[1])
            rows.append(ProcessSeen(pids[0], place, command=masked(words[1]), program=program))
        elif words:
            yield Unparsed(place, "list of process ids: message instead of a number")
            return
    yield from rows
    word = searched_word(document.command)
    if word is not None:
        place = rows[0].at if rows else document.at(document.first_line)
        yield ProcessSearch(word, len(rows), place, document.captured)


class _Table:
    """The state of reading one table: its columns, and the ancestors of the row before."""

    def __init__(self, columns: tuple[Column, ...] | None, document: Document) -> None:
        self.columns = columns
        self.document = document
        self.ancestors: list[int] = []
        self.process: int | None = None
        self.busybox = False

    @property
    def text_is_last(self) -> bool:
        return not self.columns or self.columns[-1].what is What.TEXT

    def takes_header(self, line: str) -> bool:
        columns = header_columns(line)
        if columns is None:
            return False
        self.columns, self.ancestors, self.process = columns, [], None
        self.busybox = line.startswith("PID ")  # procps right-aligns the number and its header
        return True

    def row(self, number: int, line: str) -> ProcessSeen | None:
        columns = self.columns or _guessed(line)
        if columns is None:
            return None
        text = line[1:] if line.startswith(">") else line  # crash marks the active task of a CPU
        values = cut_row(text, columns)
        if values is None:
            return None
        pid, tid = _number(values.get(What.PID)), _number(values.get(What.TID))
        if pid is None and values.get(What.PID) in (None, "-"):
            pid = self.process if tid is not None else None  # the thread rows of `ps m`
        if pid is None:
            return None
        depth, command = tree_depth(values.get(What.TEXT, ""))
        command = "" if command == "-" else command
        ppid = _number(values.get(What.PPID))
        if What.PPID not in values and depth:
            ppid = self.ancestors[depth - 1] if depth <= len(self.ancestors) else None
        self.ancestors[depth:] = [pid]
        self.process = pid
        return self._process(number, line, pid, ppid, tid, command, values)

    def _process(
        self, number: int, line: str, pid: int, ppid: int | None, tid: int | None, command: str, values: dict[What, str]
    ) -> ProcessSeen:
        state = values.get(What.STATE, "").replace(" ", "")
        wchan = values.get(What.WCHAN, "")
        elapsed = elapsed_seconds(values.get(What.ELAPSED, ""))
        program = program_of(command)
        state = _CRASH_STATES.get(state, state)
        if state == "Z":
            program = program.strip("[]")  # busybox brackets whatever has no command line
        marked = command.endswith("+") and " " not in command  # top's mark of a name cut short
        return ProcessSeen(
            pid=pid,
            at=self.document.at(number, excerpt=masked(line.strip())),
            ppid=ppid,
            tid=tid,
            user=values.get(What.USER),
            state=state,
            wchan="" if wchan in ("-", "0") else wchan,
            command=masked(command),
            program=program.rstrip("+") if marked else program,
            elapsed=elapsed,
            started=_started(self.document.captured, elapsed),
            started_printed=values.get(What.STARTED, ""),
            observed=self.document.captured,
            cut=marked or (not self.text_is_last and len(command) >= _ARGS_WIDTH),
        )


def _guessed(line: str) -> tuple[Column, ...] | None:
    if EF_ROW.match(line):
        return EF_COLUMNS
    return AUX_COLUMNS if AUX_ROW.match(line) else None


def _number(word: str | None) -> int | None:
    return int(word) if word and word.isascii() and word.isdigit() and len(word) < 11 else None


def _started(captured: Moment, elapsed: float | None) -> Moment:
    if elapsed is None or not captured.known:
        return UNKNOWN_MOMENT
    return Moment(
        None if captured.earliest is None else captured.earliest - elapsed - 1,
        None if captured.latest is None else captured.latest - elapsed,
    )


def _with_cuts(rows: list[ProcessSeen], widths: list[int]) -> Iterator[ProcessSeen]:
    """Mark rows that end where rows of other programs end too: at the width of the terminal."""
    edge = max(widths, default=0)
    at_edge = {row.program for row, width in zip(rows, widths, strict=True) if width == edge}
    for row, width in zip(rows, widths, strict=True):
        is_cut = width == edge and len(at_edge) > 1 and " " in row.command
        yield msgspec.structs.replace(row, cut=True) if is_cut else row


def _search(document: Document, rows: list[ProcessSeen]) -> Iterator[Parsed]:
    word = searched_word(document.command)
    if word is not None:
        place = rows[0].at if rows else document.at(document.first_line)
        found = sum(word in row.command and not _is_search(row) for row in rows)
        yield ProcessSearch(word, found, place, document.captured)


def _complete_because(scope: Scope | None, rows: list[ProcessSeen], top_total: int | None, busybox: bool) -> str | None:
    """How it is known that the rows are all processes; None where it is not."""
    if rows and scope is not None and scope.all_processes:
        return "the command lists all processes"
    if not any(row.pid == 1 for row in rows):
        return None
    if top_total is not None and top_total == len(rows):
        return f"top counts {top_total} tasks, as many as there are rows"
    for row in rows:
        if _lists_all(row, busybox) and not _filtered_beside(row, rows):
            return f"the list holds pid 1 and the process that made it, `{row.command}`"
    return None


def _lists_all(row: ProcessSeen, busybox: bool) -> bool:
    """Whether the row is a `ps` that shows all processes, as busybox's always does."""
    command = row.command.removeprefix("busybox ")
    scope = scope_of(command)
    return scope is not None and (scope.all_processes or busybox)


def _filtered_beside(ps: ProcessSeen, rows: list[ProcessSeen]) -> bool:
    """Whether ps ran in a pipeline with a program that drops lines: started beside it, hence a near pid."""
    return any(row.program in _LINE_DROPPERS and abs(row.pid - ps.pid) <= _PIPELINE_PIDS for row in rows)


def _is_search(row: ProcessSeen) -> bool:
    return row.program in ("grep", "egrep", "fgrep", "pgrep", "rg", "ag")


FORMAT = Format("ps", _recognise, parse)
