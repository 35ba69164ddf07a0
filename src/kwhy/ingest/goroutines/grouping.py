"""Stacks to groups: what is kept of a dump while it streams by."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator

from kwhy.facts.goroutines import Frame, Goroutine, GoroutineDump, GoroutineGroup, LockWait
from kwhy.ingest.goroutines.assembling import read_piece
from kwhy.ingest.goroutines.inferring import infer_state, is_lock_wait, lock_place, locking_depth
from kwhy.ingest.goroutines.naming import components_of, go_at_least, name_program
from kwhy.ingest.goroutines.syntax import Call, Header, Stack, first_argument, frame_of, project_of, words
from kwhy.model.document import Document, Locator
from kwhy.model.expressions import expression
from kwhy.model.time import UNKNOWN_MOMENT, Moment

#: Goroutines kept of each group besides the one that waited longest: the first ones of the dump.
EXAMPLES = 4
#: From this many groups on, only one example each is kept: such a dump tells by its shapes.
MANY_GROUPS = 2000
#: Distinct locks counted per group; the rest is counted without its address.
LOCKS = 256
#: Functions that enter the kernel with plain words (syscall, golang.org/x/sys/unix).
_SYSCALLS = ("Syscall", "Syscall6", "RawSyscall", "RawSyscall6", "rawSyscallNoError")


class Accumulator:
    """One group under construction."""

    __slots__ = (
        "count",
        "created_by",
        "elided",
        "examples",
        "excerpt",
        "frames",
        "inferred",
        "line",
        "lock_index",
        "lock_offset",
        "locked",
        "locks",
        "longest",
        "longest_excerpt",
        "longest_goroutine",
        "longest_raw",
        "markers",
        "owner_index",
        "seen_locks",
        "shape",
        "shortest",
        "state",
        "without",
    )

    def __init__(
        self, shape: str, state: str, stack: Stack, frames: tuple[Frame, ...], created_by: Frame | None
    ) -> None:
        self.shape = shape
        self.state = state
        self.inferred = stack.header is None
        self.locked = stack.header.locked if stack.header else False
        self.markers = stack.header.markers if stack.header else ()
        self.frames = frames
        self.created_by = created_by
        self.elided = stack.elided
        self.line = stack.at_line
        self.excerpt = stack.excerpt
        self.count = 0
        self.without = 0
        self.longest: int | None = None
        self.shortest: int | None = None
        self.longest_goroutine: Goroutine | None = None
        self.longest_raw: tuple[int, int, bytes] | None = None
        self.longest_excerpt = ""
        self.examples: list[Goroutine] = []
        self.locks: dict[tuple[int | None, int | None], Waiting] = {}
        self.seen_locks: dict[int, Waiting] = {}
        self.lock_index: int | None = None
        self.lock_offset = 0
        self.owner_index: int | None = None
        if is_lock_wait(state, frames):
            depth = locking_depth(frames)
            self.owner_index = depth if depth < len(frames) else None
            place = lock_place(stack.calls, frames)
            if place is not None:
                self.lock_index, self.lock_offset = place
            else:
                self.lock_index = -1

    def count_in(self, minutes: int | None, many: int = 1) -> None:
        self.count += many
        if minutes is None:
            self.without += many
            return
        if self.longest is None or minutes > self.longest:
            self.longest = minutes
        if self.shortest is None or minutes < self.shortest:
            self.shortest = minutes

    def wait_for_lock(
        self, place: int | None, arguments: str, minutes: int | None, id_: int | None, line: int, many: int = 1
    ) -> None:
        """Count waiters of the lock at or behind ``place``; ``arguments`` are those of the function that locks."""
        lock = place - self.lock_offset if place is not None else None
        owner = owner_of(arguments, lock)
        waiting = self.locks.get((lock, owner))
        if waiting is None:
            key = (lock, owner) if len(self.locks) < LOCKS else (None, None)
            waiting = self.locks.setdefault(key, Waiting(line))
            if place is not None and owner is not None and key == (lock, owner):
                self.seen_locks[place] = waiting
        waiting.add(minutes, id_, line, many)


class Waiting:
    """The waiters of one lock in one group: how many, and which since when."""

    __slots__ = ("count", "id", "line", "minutes")

    def __init__(self, line: int) -> None:
        self.count = 0
        self.minutes: int | None = None
        self.id: int | None = None
        self.line = line

    def add(self, minutes: int | None, id_: int | None, line: int, many: int = 1) -> None:
        first = self.count == 0
        self.count += many
        if first or (minutes is not None and (self.minutes is None or minutes > self.minutes)):
            self.minutes, self.id, self.line = minutes, id_, line


class Collector:
    """Collects the stacks of one dump, the same for the fast and the careful path."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.groups: dict[tuple[object, ...], Accumulator] = {}
        self.goroutines = 0
        self.headers = 0
        self.fingerprint = 0
        self.trigger: str | None = None
        self.host: str | None = None
        self.pid: int | None = None
        self.prefix_program: str | None = None
        self.taken: Moment = document.captured
        self.go_minor = 0
        self.projects: Counter[str] = Counter()
        self.first_line: int | None = None
        self.first_excerpt = ""
        self._frames: dict[tuple[str, str | None, int | None, bool], Frame] = {}

    def group_of(self, stack: Stack) -> Accumulator:
        """The group that the stack belongs to, made if there is none yet."""
        stack.calls = shown(stack.calls)
        frames = tuple(self._frame(call) for call in stack.calls)
        created_by = self._frame(stack.created_by) if stack.created_by else None
        header = stack.header if stack.header is not None else Header(infer_state(frames))
        state, locked, markers = header.state, header.locked, header.markers
        code = _positions(frames, created_by) or (frames, created_by)
        key = (state, locked, markers, stack.header is None, bool(stack.elided), code)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Accumulator(_shape(key), state, stack, frames, created_by)
            self._learn(stack)
        return group

    def add(self, stack: Stack) -> Accumulator:
        """Count a stack that was read carefully."""
        group = self.group_of(stack)
        minutes = stack.header.minutes if stack.header else None
        self.goroutines += stack.count
        if stack.header is not None:
            self.headers += stack.count
            self.fingerprint += zlib.crc32(stack.header_text.encode())
        if self.first_line is None:
            self.first_line, self.first_excerpt = stack.at_line, stack.excerpt
        longer = minutes is not None and (group.longest is None or minutes > group.longest)
        group.count_in(minutes, stack.count)
        if stack.id is not None or stack.header is None:
            if len(group.examples) < self.wanted_examples:
                group.examples.append(example_of(stack))
            if longer:
                group.longest_goroutine, group.longest_raw = example_of(stack), None
                group.longest_excerpt = stack.excerpt
        if group.lock_index is not None:
            group.wait_for_lock(*_lock_of(stack, group), minutes, stack.id, stack.at_line, stack.count)
        return group

    @property
    def wanted_examples(self) -> int:
        return EXAMPLES if len(self.groups) <= MANY_GROUPS else 1

    def facts(self) -> Iterator[GoroutineDump | GoroutineGroup]:
        """The dump, then its groups, the largest and longest first."""
        if not self.groups:
            return
        ordered = sorted(self.groups.values(), key=lambda group: (-group.count, -(group.longest or 0), group.line))
        frames = [group.frames for group in ordered]
        program, source = name_program(frames, self.projects, self.prefix_program)
        dump = GoroutineDump(
            at=self._at(self.first_line, self.first_excerpt),
            goroutines=self.goroutines,
            program=program,
            program_from=source,
            components=components_of(frames),
            project=self.projects.most_common(1)[0][0] if self.projects else None,
            logged_by=self.prefix_program,
            host=self.host or self.document.host,
            pid=self.pid,
            trigger=self.trigger,
            go_at_least=self.go_minor or None,
            whole=self.headers > 0,
            fingerprint=f"{self.goroutines}-{self.fingerprint:x}" if self.headers else self._text_fingerprint(ordered),
            taken=self.taken if self.taken.known else UNKNOWN_MOMENT,
        )
        yield dump
        for group in ordered:
            yield self._fact(dump, group)

    def _fact(self, dump: GoroutineDump, group: Accumulator) -> GoroutineGroup:
        if group.longest_raw is not None:
            identity, line, piece = group.longest_raw
            stack = read_piece(piece, line)
            group.longest_goroutine = (
                example_of(stack) if stack is not None else Goroutine(identity, group.longest, line)
            )
            group.longest_excerpt = piece.partition(b"\n")[0].decode("utf-8", "replace")
        examples = group.examples
        longest = group.longest_goroutine
        if longest is not None:
            examples = [longest, *(example for example in examples if example.id != longest.id)]
        locks = (
            LockWait(lock, owner, waiting.count, waiting.minutes, waiting.id, waiting.line)
            for (lock, owner), waiting in group.locks.items()
        )
        return GoroutineGroup(
            dump=dump,
            shape=group.shape,
            state=group.state,
            count=group.count,
            frames=group.frames,
            at=self._at(longest.line, group.longest_excerpt) if longest else self._at(group.line, group.excerpt),
            created_by=group.created_by,
            longest_minutes=group.longest,
            longest_id=examples[0].id if examples else None,
            shortest_minutes=group.shortest,
            without_minutes=group.without,
            locked_to_thread=group.locked,
            state_inferred=group.inferred,
            elided=group.elided,
            markers=group.markers,
            examples=tuple(examples),
            locks=tuple(sorted(locks, key=lambda wait: (-wait.count, wait.line))),
        )

    def _at(self, line: int | None, excerpt: str) -> Locator:
        return self.document.at(line=line, excerpt=excerpt)

    def _frame(self, call: Call) -> Frame:
        key = (call.function, call.file, call.line, call.arguments == "...")
        frame = self._frames.get(key)
        if frame is None:
            frame = self._frames[key] = frame_of(call)
        return frame

    def _learn(self, stack: Stack) -> None:
        self.go_minor = max(self.go_minor, go_at_least(stack))
        for call in stack.calls:
            project = project_of(call.function)
            if project:
                self.projects[project] += 1

    @staticmethod
    def _text_fingerprint(ordered: list[Accumulator]) -> str:
        from hashlib import blake2b  # loads OpenSSL

        return blake2b("".join(group.shape for group in ordered).encode(), digest_size=8).hexdigest()


def _positions(frames: tuple[Frame, ...], created_by: Frame | None) -> tuple[object, ...] | None:
    """The code positions, if all are printed and real; functions inlined into several callers have one position."""
    every = (*frames, created_by) if created_by is not None else frames
    if any(frame.file is None or frame.file.startswith("<") for frame in every):
        return None
    return (created_by is not None, *((frame.file, frame.line) for frame in every))


def _shape(key: tuple[object, ...]) -> str:
    from hashlib import blake2b

    return blake2b(repr(key).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _lock_of(stack: Stack, group: Accumulator) -> tuple[int | None, str]:
    calls = stack.calls
    index, owner = group.lock_index, group.owner_index
    lock = first_argument(calls[index].arguments) if index is not None and 0 <= index < len(calls) else None
    return lock, calls[owner].arguments if owner is not None and owner < len(calls) else ""


#: A lock this many bytes or less behind an object's address is taken for a field of it.
LARGEST_OWNER = 4096
_WORD = expression(r"(?<![0-9a-zA-Z])0x[0-9a-f]{5,16}(?![0-9a-f])")


def owner_of(arguments: str, lock: int | None) -> int | None:
    """Of a locking function's arguments the object whose field the lock is: the nearest below it, else the receiver.

    Uncertain values count for the former: a stale one would not happen to lie right below the lock.
    """
    if lock is not None:
        near = [word for text in _WORD.findall(arguments) if 0 <= lock - (word := int(text, 16)) < LARGEST_OWNER]
        if near:
            return max(near)
    return first_argument(arguments)


#: Wrappers that the compiler makes for go and defer statements: ``main.main.gowrap1``, ``f.deferwrap2``
_WRAPPER = expression(r"\.(?:gowrap|deferwrap)\d+$")


def is_hidden(function: str) -> bool:
    """Whether Go leaves the function out of stacks unless it is asked for all (showfuncinfo, runtime/traceback.go).

    SIGQUIT, fatal errors and GOTRACEBACK=system show ``runtime.gopark`` and the like; without them all dumps of a
    program have the same shapes.
    """
    if _WRAPPER.search(function):
        return True
    if not function.startswith("runtime.") or function == "runtime.gopanic":
        return False
    name = function.rpartition(".")[2]
    return not name[:1].isupper()


def shown(calls: list[Call]) -> list[Call]:
    """The calls that every kind of dump shows; all of them where that would be none."""
    return [call for call in calls if not is_hidden(call.function)] or calls


def example_of(stack: Stack) -> Goroutine:
    """What is kept of one goroutine."""
    calls = shown(stack.calls)
    call_words: tuple[int | None, ...] = ()
    for call in calls[:2]:
        if call.function.rpartition(".")[2] in _SYSCALLS:
            call_words = words(call.arguments)
            break
    return Goroutine(
        id=stack.id,
        minutes=stack.header.minutes if stack.header else None,
        line=stack.at_line,
        arguments=tuple(call.arguments for call in calls),
        created_in=stack.created_in,
        syscall=call_words,
    )
