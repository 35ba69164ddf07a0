"""Goroutine dumps: stacks grouped by shape.

A dump of a stuck daemon holds thousands of goroutines in a handful of stacks, so the fact is the group of equal stacks
(same state, same code positions; arguments do not count), with a few of its goroutines as examples.

**Minutes are a lower bound.** The runtime stamps a goroutine's waiting time while a garbage collection marks it
(``waitsince``, printed by ``goroutineheader`` in runtime/traceback.go, Go 1.9 … 1.26), so ``1595 minutes`` means
"found waiting by a collection 1595 minutes ago"; it may have begun earlier, thousands of waiters may share the figure,
and where no collection ran since, nothing is printed. ``minutes`` None is therefore "not printed", never zero.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kwhy.model.document import Locator
from kwhy.model.time import UNKNOWN_MOMENT, Moment

#: How the dump's program name was found, surest first.
ProgramFrom: TypeAlias = Literal["known package", "main file", "command package", "log prefix", "project"]


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One call of a stack, without its arguments.

    ``package`` is the import path without the part up to ``/vendor/``; ``name`` is what follows it:
    ``(*PluginManager).GetPodNetworkStatus``, ``instrumentedRuntimeService.PodSandboxStatus``, ``main.func1``.
    ``file`` and ``line`` are None where the dump does not print them.
    """

    package: str
    name: str
    file: str | None = None
    line: int | None = None
    inlined: bool = False

    @property
    def function(self) -> str:
        return f"{self.package}.{self.name}"

    @property
    def receiver_type(self) -> str | None:
        """The type whose method runs (``PluginManager``), None for plain functions and their closures."""
        if self.name.startswith("(*"):
            return self.name[2:].partition(")")[0].removesuffix("[...]")
        head, dot, rest = self.name.partition(".")
        return head.removesuffix("[...]") if dot and not _is_closure(rest) else None

    @property
    def method(self) -> str:
        """The function's or method's bare name, closures included: ``Lock``, ``serveStreams.func1.1``."""
        if self.name.startswith("(*"):
            return self.name.partition(").")[2].removesuffix("-fm")
        _, dot, rest = self.name.partition(".")
        return (rest if dot and not _is_closure(rest) else self.name).removesuffix("-fm")

    def __str__(self) -> str:
        return self.function


def _is_closure(rest: str) -> bool:
    """Whether what follows a name's first dot is a closure of that function (``func1``, ``gowrap2``, ``1``)."""
    head = rest.partition(".")[0]
    return head.isdigit() or head.rstrip("0123456789") in {"func", "gowrap", "deferwrap", "init"}


class Goroutine(msgspec.Struct, frozen=True, gc=False):
    """One goroutine of a group, as an example.

    ``id`` is None where the dump gives none. ``arguments`` holds for each frame of the group its arguments as printed:
    ``0xc000308800, 0x4?, {0x90a810, ...}``; "..." for inlined calls, "" where there are none or the dump was cleaned
    of them. ``syscall`` holds the words of the system call that the goroutine is in (number, then arguments; None for
    an uncertain word): they equal those in ``/proc/PID/task/TID/syscall``.
    """

    id: int | None
    minutes: int | None
    line: int
    arguments: tuple[str, ...] = ()
    created_in: int | None = None
    syscall: tuple[int | None, ...] = ()

    def receiver(self, index: int) -> int | None:
        """The first argument of frame ``index``, for methods with pointer receivers the object; None if not certain."""
        return certain_word(self.arguments[index].partition(",")[0]) if index < len(self.arguments) else None

    def pointers(self, index: int) -> tuple[int, ...]:
        """All values printed for frame ``index`` that may be addresses, uncertain ones included.

        An uncertain value once stood in that place: it may have gone out of use, but it is no accident where it equals
        an address found elsewhere.
        """
        if index >= len(self.arguments):
            return ()
        words = (certain_word(word.strip(" {}?")) for word in self.arguments[index].split(","))
        return tuple(word for word in words if word is not None and word > LARGEST_SMALL_NUMBER)


#: What is not above this is a count or a flag, never the address of an object.
LARGEST_SMALL_NUMBER = 0xFFFF


def certain_word(word: str) -> int | None:
    """The value of a printed argument; None for none and for "0x4?", which may be stale (Go 1.18 and later)."""
    if not word.startswith("0x"):
        return None
    try:
        return int(word, 16)
    except ValueError:
        return None


class LockWait(msgspec.Struct, frozen=True, gc=False):
    """The goroutines of a group that wait for one lock.

    ``lock`` is the address of the sync.Mutex or sync.RWMutex, ``owner`` the argument of the function that locks of
    which the lock is a field (the nearest below it), else its receiver; None where the dump does not print them.
    """

    lock: int | None
    owner: int | None
    count: int
    longest_minutes: int | None
    longest_id: int | None
    line: int


class GoroutineDump(msgspec.Struct, frozen=True, gc=False):
    """All goroutines of one process at one moment, or the part of them that was captured.

    ``program`` is the best guess at the process's name and ``program_from`` what it rests on. ``components`` are the
    known programs whose code runs in it (several in all-in-one binaries). ``project`` is the repository whose vendor
    directory the packages come from. ``logged_by`` (the program before every line), ``host`` and ``pid`` come from a
    log prefix; a plugin's trace comes out in its parent's journal, so the prefix names the process only for want of
    better. ``trigger`` is what made the process dump ("pprof", "SIGUSR1", "SIGQUIT", "SIGABRT", "panic", "fatal
    error"), None where it is not shown. ``go_at_least`` is the oldest Go 1.x that prints dumps this way. ``whole`` is
    false for scraps: stacks without their headers. ``fingerprint`` is equal for copies of the same dump in other
    documents. ``taken`` is when it was made, if known.
    """

    at: Locator
    goroutines: int
    program: str | None = None
    program_from: ProgramFrom | None = None
    components: tuple[str, ...] = ()
    project: str | None = None
    logged_by: str | None = None
    host: str | None = None
    pid: int | None = None
    trigger: str | None = None
    go_at_least: int | None = None
    whole: bool = True
    fingerprint: str = ""
    taken: Moment = UNKNOWN_MOMENT

    def __hash__(self) -> int:
        return hash((self.fingerprint, self.goroutines))


class GoroutineGroup(msgspec.Struct, frozen=True, gc=False):
    """Goroutines of one dump with equal stacks.

    ``shape`` names the state and code positions: equal in every dump of the same binary. ``state`` is the runtime's
    word (``waitReasonStrings`` in runtime/runtime2.go) without minutes and markers; ``state_inferred`` says that no
    header was printed and the top frame told it ("unknown" where it does not). ``frames`` run from the innermost call
    outwards; ``elided`` counts the frames that the runtime left out. ``created_by`` is the ``go`` statement.
    ``longest_minutes`` belongs to goroutine ``longest_id``; ``without_minutes`` counts goroutines without a figure.
    ``markers``: "leaked", "durable", "scan". ``locks`` is filled for groups that wait for a mutex.
    """

    dump: GoroutineDump
    shape: str
    state: str
    count: int
    frames: tuple[Frame, ...]
    at: Locator
    created_by: Frame | None = None
    longest_minutes: int | None = None
    longest_id: int | None = None
    shortest_minutes: int | None = None
    without_minutes: int = 0
    locked_to_thread: bool = False
    state_inferred: bool = False
    elided: int = 0
    markers: tuple[str, ...] = ()
    examples: tuple[Goroutine, ...] = ()
    locks: tuple[LockWait, ...] = ()

    @property
    def longest(self) -> Goroutine | None:
        """The example that has waited longest, as far as the dump says."""
        return self.examples[0] if self.examples else None

    def receivers_at(self, index: int) -> frozenset[int]:
        """The distinct receiver pointers that the examples show for frame ``index``."""
        found = (example.receiver(index) for example in self.examples)
        return frozenset(pointer for pointer in found if pointer is not None)

    def __hash__(self) -> int:
        return hash((self.shape, self.count, self.dump.fingerprint))
