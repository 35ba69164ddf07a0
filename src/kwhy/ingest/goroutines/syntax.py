"""The lines of a stack trace as the Go runtime prints them.

Sources: runtime/traceback.go (``goroutineheader``, ``traceback2``, ``printcreatedby1``, ``printFuncName``) of Go 1.9 to
1.26; runtime/pprof/pprof.go (``printStackRecord``) for ``debug=1`` profiles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from kwhy.facts.goroutines import Frame, certain_word
from kwhy.model.expressions import expression

#: ``goroutine 67570 [syscall, 1595 minutes, locked to thread]:``
#: ``goroutine 1 gp=0xc000002380 m=0 mp=0x1a2b3c0 [running]:`` (fatal errors and GOTRACEBACK=system, Go 1.22 and later)
HEADER = expression(
    r"goroutine (?P<id>\d{1,19})(?P<runtime> gp=\S{1,40} m=\S{1,40}(?: mp=\S{1,40})?)?"
    r" \[(?P<bracket>[^\n]{1,4096})\]:?$"
)
#: ``created by k8s.io/kubernetes/pkg/kubelet/pleg.(*GenericPLEG).Start in goroutine 362`` (Go 1.21 names the parent)
CREATED_BY = expression(r"created by (?P<function>\S+?)(?: in goroutine (?P<parent>\d{1,19}))?$")
#: ``...additional frames elided...`` (up to Go 1.20), ``...23 frames elided...``
ELIDED = expression(r"\.\.\.(?P<count>\d{1,9}|additional) frames elided\.\.\.$")
#: ``[originating from goroutine 12]:`` (GODEBUG=tracebackancestors)
ANCESTOR = expression(r"\[originating from goroutine \d{1,19}\]:$")
#: ``12 minutes`` inside a header's brackets
MINUTES = expression(r"(?P<minutes>\d{1,9}) minutes$")
#: The arguments of a call: ``0xc000308800?, 0x4?, {0x90a810, ...}, _``; nothing in reports that were cleaned of them.
ARGUMENTS = expression(r"[0-9a-fA-Fx?{}_,.+ \-]*$")
#: A printable function name: ``google.golang.org/grpc.(*Server).serveStreams.func1.1``
FUNCTION = expression(r"[A-Za-z_~][^\s\"'=;,<>|&]*$")
#: What may follow a position: the offset in the function and, in fatal errors, the frame's registers:
#: ``/usr/local/go/src/net/rpc/server.go:383 +0x1f4``, ``runtime/netpoll.go:305 +0x89 fp=0xc1 sp=0xc2 pc=0x43b6e5``
OFFSETS = expression(r"(?: \+0x[0-9a-f]{1,16})?(?: fp=\S{1,20} sp=\S{1,20}(?: pc=\S{1,20})?)?$")
#: States with a suffix that is a marker, not a reason: ``chan receive (durable)``, ``select (scan)``, ``… (leaked)``
MARKERS = ("scan", "durable", "leaked")


@dataclass(slots=True)
class Header:
    """What stands between the brackets of a goroutine's header."""

    state: str
    minutes: int | None = None
    locked: bool = False
    markers: tuple[str, ...] = ()


@dataclass(slots=True)
class Call:
    """One frame as printed: function, raw arguments, position (None where the dump leaves it out)."""

    function: str
    arguments: str
    file: str | None = None
    line: int | None = None


@dataclass(slots=True)
class Stack:
    """One goroutine as read, before grouping. ``header`` None: a stack without its header line."""

    at_line: int
    id: int | None = None
    header: Header | None = None
    calls: list[Call] = field(default_factory=list)
    created_by: Call | None = None
    created_in: int | None = None
    elided: int = 0
    header_text: str = ""
    excerpt: str = ""
    count: int = 1
    runtime_details: bool = False


def read_bracket(bracket: str) -> Header:
    """``sync.Mutex.Lock, 12 minutes, locked to thread`` → its parts."""
    text = bracket.partition(" labels:{")[0]
    first, *rest = text.split(", ")
    markers = []
    for marker in MARKERS:
        stripped = first.replace(f" ({marker})", "")
        if stripped != first:
            markers.append(marker)
            first = stripped
    header = Header(first.strip(), markers=tuple(markers))
    for part in rest:
        if found := MINUTES.match(part):
            header.minutes = int(found["minutes"])
        elif part == "locked to thread":
            header.locked = True
    return header


@lru_cache(maxsize=8192)
def read_function(function: str) -> tuple[str, str]:
    """Package path (without its vendor prefix) and name of a printed function.

    ``k8s.io/kubernetes/vendor/google.golang.org/grpc.(*Server).handleStream`` → ``google.golang.org/grpc``,
    ``(*Server).handleStream``. Go writes a dot in the last path element as ``%2e`` (gopkg.in/yaml%2ev2).
    """
    bare = len(function)
    for opening in "([":
        at = function.find(opening)
        if 0 <= at < bare:
            bare = at
    slash = function.rfind("/", 0, bare) + 1
    dot = function.find(".", slash)
    if dot < 0:
        return "", function
    package, name = function[:dot], function[dot + 1 :]
    vendor = package.rfind("/vendor/")
    if vendor >= 0:
        package = package[vendor + len("/vendor/") :]
    package = package.removeprefix("vendor/").replace("%2e", ".")
    if name.endswith("-fm") and ").(" in name:
        # Go 1.9 wrote method values as pleg.(*GenericPLEG).(k8s.io/kubernetes/pkg/kubelet/pleg.relist)-fm.
        receiver, _, rest = name.partition(").(")
        name = f"{receiver}).{rest.removesuffix('-fm').rstrip(')').rpartition('.')[2]}-fm"
    return package, name


@lru_cache(maxsize=8192)
def project_of(function: str) -> str | None:
    """The repository whose vendor directory a function comes from: ``github.com/AliyunContainerService/terway``."""
    project, vendored, _ = function.rpartition("/vendor/")
    return project if vendored else None


def frame_of(call: Call) -> Frame:
    """The call without its arguments."""
    package, name = read_function(call.function)
    return Frame(package, name, call.file, call.line, call.arguments == "...")


def read_position(text: str) -> tuple[str, int] | None:
    """File and line of a position line (already without its tab)."""
    blank = text.find(" +0x")
    if blank < 0:
        blank = text.find(" fp=")
    place = text if blank < 0 else text[:blank]
    file, colon, line = place.rpartition(":")
    if not colon or not (line.isascii() and line.isdigit()) or not _is_file(file):
        return None
    return (file, int(line)) if len(line) < 10 and (blank < 0 or OFFSETS.match(text, blank)) else None


def _is_file(file: str) -> bool:
    """Whether it can be a source file as Go names them: main.go, asm_amd64.s, <autogenerated>, ? (cgo)."""
    return "." in file[-5:] or file in {"<autogenerated>", "?", "??"}


def first_argument(arguments: str) -> int | None:
    """The first argument's value if printed and certain: a receiver that is a pointer."""
    return certain_word(arguments.partition(",")[0])


def words(arguments: str) -> tuple[int | None, ...]:
    """All arguments of a call that takes plain words (a system call's)."""
    return tuple(certain_word(part.strip()) for part in arguments.split(",")) if arguments.startswith("0x") else ()


def read_calls(text: str) -> list[Call] | None:
    """The calls on a line: usually one, more where line ends got lost; None if the line holds anything else.

    ``os/exec.(*Cmd).Wait()kubelet: os/exec.(*Cmd).Run()`` → two calls.
    """
    calls: list[Call] = []
    position = 0
    while position < len(text):
        end = _end_of_call(text, position)
        if end is None:
            return None
        opening, closing = end
        function = text[position:opening]
        if "." not in function or not FUNCTION.match(function):
            return None
        calls.append(Call(function, text[opening + 1 : closing]))
        position = closing + 1
        if position < len(text) and text[position] in " \t":
            rest = text[position:].strip()
            if rest:
                place = read_position(rest)
                if place is None:
                    return None
                calls[-1].file, calls[-1].line = place
            break
        position += _glue(text, position)
    return calls


#: What a journal puts between two frames that it glued: ``kubelet: ``, ``dockerd[812]: ``
GLUE = expression(r"[A-Za-z][\w.\-@]{0,63}(?:\[\d{1,10}\])?: ")


def _glue(text: str, position: int) -> int:
    found = GLUE.match(text, position)
    return found.end() - position if found else 0


def _end_of_call(text: str, start: int) -> tuple[int, int] | None:
    """Where the arguments of the call at ``start`` open and close; receivers in parentheses are part of its name."""
    position = start
    while True:
        opening = text.find("(", position)
        closing = text.find(")", opening + 1) if opening >= 0 else -1
        if opening < 0 or closing < 0:
            return None
        is_receiver = text.startswith((".", "-fm("), closing + 1)
        if not is_receiver and ARGUMENTS.match(text[opening + 1 : closing]):
            return opening, closing
        position = closing + 1
