"""Any text of kubectl to facts: finds tables, described objects, event blocks, errors and empty answers one by one.

A document may hold several of them, with or without the commands that made them.
"""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.facts.kubectl import KubectlError, NotFound
from kwhy.facts.objects import Listing
from kwhy.ingest.kubectl.columns import read_header
from kwhy.ingest.kubectl.command import echoed_command, parse_command
from kwhy.ingest.kubectl.describe import read_described
from kwhy.ingest.kubectl.drain import begins_drain, is_drain_line, read_drain
from kwhy.ingest.kubectl.kinds import is_known, is_namespaced, kind_of
from kwhy.ingest.kubectl.scraps import read_scrap, starts_scrap
from kwhy.ingest.kubectl.tables import read_table, starts_table
from kwhy.ingest.net.output import place_of_command
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Parsed
from kwhy.model.subject import Subject

Lines = list[tuple[int, str]]

#: "Name:               node-a", which begins every object of describe.
_NAME = expression(r"Name:\s+\S+\s*")
#: The same behind another object: its value is aligned with that of "Namespace:" or "Annotations:".
_NEXT_NAME = expression(r"Name:(?:\s{3,}|\t+)\S+\s*")
#: The same in a paste whose gaps were collapsed to single blanks; then the next line must be a key that follows a name.
_BARE_NAME = expression(r"Name: [^\s:]+\s*")
_SECOND_KEY = expression(r"(?:Namespace|Labels|Roles|Role|IsDefaultClass|API Version):(?:\s.*)?")
#: get.go, describe.go: nothing matched. Of get it goes to standard error.
_NOTHING = expression(r"No (?:resources|events) found(?: in (?P<namespace>\S+) namespace)?\.?")
#: cmdutil.CheckErr: "Error from server (NotFound): pods "web" not found", "error: the server doesn't have …".
FAILED = expression(r"(?:Error from server(?: \((?P<reason>\w+)\))?|error|Error): (?P<message>\S.*)")
# "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
#: What the API server says of the version of an object and kubectl prints above its answer; it is about no object
#: (k8s.io/apiserver v0.34 pkg/endpoints/deprecation/deprecation.go, WarningMessage; client-go rest/warnings.go).
_DEPRECATED = expression(r"Warning: \S{1,253} \S{1,253} is deprecated in v\d{1,3}\.\d{1,3}\+.*")
_UNREACHABLE = expression(
    r"The connection to the server .* was refused.*|Unable to connect to the server: .*|E\d{4} \S+ +\d+ memcache\.go.*"
)
#: NewNotFound (k8s.io/apimachinery v0.34.4 pkg/api/errors/errors.go): 'pods "web-0" not found',
#: 'deployments.apps "web" not found'.
_NO_SUCH = expression(r'(?P<resource>[a-z]+)(?:\.[\w.-]+)? "(?P<name>[^"\s]{1,253})" not found')
#: A prompt at which nothing was typed: "[root@n1 ~]#", "user@host:~$".
_PROMPT = expression(r"\[?[\w.-]{1,60}@[\w.-]{1,100}[: ][^\s\]]{0,200}\]?[#$]\s*")
#: So many lines together may be another program's output, unless they are nearly all of the document.
_OUTPUT_LINES = 2
_OUTPUT_SHARE = 0.95
#: A line longer than this is no text of kubectl (characters).
_LONGEST_LINE = 1_000_000


def parse(document: Document) -> Iterator[Parsed]:
    """All facts of a document that holds kubectl's text."""
    yield from _Reader(document).read()


class _Reader:
    """Reads a document once, line by line, and remembers the command whose output it is in."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.command = parse_command(document.command)
        self.command_line = document.command or ""
        self.line_of_command = place_of_command(document).line or document.first_line
        self.shown = False  # whether the command answered, with rows or by saying that there are none
        self.failed = False
        self.following = ""  # the line behind the one that is looked at

    def read(self) -> Iterator[Parsed]:
        segment: Lines = []
        kind = ""
        blanks = 0
        lines = self.document.lines()
        following = next(lines, None)
        while following is not None:
            (number, line), following = following, next(lines, None)
            self.following = following[1] if following is not None else ""
            if len(line) > _LONGEST_LINE:
                yield Unparsed(self.document.at(number, excerpt=line[:100]), "a line too long to be kubectl's")
                continue
            line = line.rstrip("\r").replace("\u00a0", " ")  # web pages paste no-break spaces
            if not line.strip() or line.strip() == "```":
                blanks += 1
                if segment:
                    segment.append((number, ""))
                continue
            if _DEPRECATED.fullmatch(line) is not None:
                continue
            begins = self._begins(line, kind, blanks, segment)
            if begins is not None:
                yield from self._finish(kind, segment)
                segment, kind = [], begins
                if begins == "command":
                    yield from self._listings()
                    self._take(echoed_command(line) or "", number)
                    kind = ""
                    blanks = 0
                    continue
            segment.append((number, line))
            blanks = 0
        yield from self._finish(kind, segment)
        yield from self._listings()

    def _take(self, command: str, number: int) -> None:
        self.command = parse_command(command)
        self.command_line = command
        self.line_of_command = number
        self.shown = self.failed = False

    def _begins(self, line: str, kind: str, blanks: int, segment: Lines) -> str | None:
        """What begins at ``line``; None where it goes on with the segment before."""
        column_zero = not line[0].isspace()
        if column_zero and (echoed_command(line) is not None or _PROMPT.fullmatch(line)):
            return "command"
        if kind == "table" and not blanks and not line[0].isupper():
            return None
        if column_zero and self._begins_object(line, kind, blanks, segment):
            return "described"
        if kind == "described" and (blanks == 0 or not self._ends_described(line)):
            return None
        if self.command is not None and self.command.verb == "drain":
            return None if kind == "drain" else "drain"
        if column_zero and (_NOTHING.fullmatch(line) or FAILED.fullmatch(line) or _UNREACHABLE.fullmatch(line)):
            return "drain" if begins_drain(line) else "message"
        if starts_table(line, self.command):
            return "table"
        if kind == "drain" or begins_drain(line):
            return None if kind == "drain" and is_drain_line(line) else "drain" if is_drain_line(line) else "other"
        if kind == "scrap" and blanks < 2:
            return None
        if starts_scrap(line):
            return "scrap"
        if kind in ("", "message") or (kind == "table" and blanks) or (kind == "scrap" and blanks >= 2):
            return "table" if self._rows_without_header() else "other"
        return None

    def _rows_without_header(self) -> bool:
        return self.command is not None and self.command.verb in ("get", "events") and self.command.prints_text

    def _begins_object(self, line: str, kind: str, blanks: int, segment: Lines) -> bool:
        """Two blank lines stand between objects; they may be lost where no free text can hold such a line."""
        if kind != "described":
            return _NAME.fullmatch(line) is not None
        data = any(text in ("====", "----") for _, text in segment)
        if _BARE_NAME.fullmatch(line) is not None and _SECOND_KEY.fullmatch(self.following) is not None:
            return blanks >= (2 if data else 0)
        return _NEXT_NAME.fullmatch(line) is not None and blanks >= (2 if data else 0)

    def _ends_described(self, line: str) -> bool:
        """Whether ``line``, behind a blank one, cannot belong to the described object above."""
        if line[0].isspace():
            return False
        return bool(FAILED.fullmatch(line) or _NOTHING.fullmatch(line) or read_header(line) is not None)

    def _finish(self, kind: str, segment: Lines) -> Iterator[Parsed]:
        while segment and not segment[-1][1].strip():
            segment.pop()
        if not segment:
            return
        number, first = segment[0]
        if kind == "described":
            self.shown = True
            yield from read_described(_expanded(segment), self.document, self.command)
        elif kind == "table":
            self.shown = True
            yield from read_table([line for line in segment if line[1].strip()], self.document, self.command)
        elif kind == "scrap":
            yield from read_scrap(_expanded(segment), self.document)
        elif kind == "drain":
            yield from read_drain(segment, self.document)
        elif kind == "message":
            yield from self._message(number, first)
            if len(segment) > 1:
                yield self._unknown(segment[1:])
        else:
            yield self._unknown(segment)

    def _unknown(self, segment: Lines) -> Parsed:
        """What is no text of kubectl may be another program's output: it is looked at by itself."""
        number, first = next(((at, line) for at, line in segment if line.strip()), segment[0])
        count = sum(bool(line.strip()) for _, line in segment)
        data = "".join(f"{line}\n" for _, line in segment).encode()
        if count >= _OUTPUT_LINES and len(data) < len(self.document.data) * _OUTPUT_SHARE:
            return Document(self.document.source, data, number, host=self.document.host, parent=self.document)
        return Unparsed(
            self.document.at(number, excerpt=first.strip()),
            f"expected text of kubectl here; {count} line(s) are something else",
        )

    def _message(self, number: int, line: str) -> Iterator[Parsed]:
        nothing = _NOTHING.fullmatch(line)
        if nothing is not None:
            self.shown = True
            yield from self._nothing(nothing["namespace"], number, line)
            return
        self.failed = True
        matched = FAILED.fullmatch(line)
        command = self.command_line or None
        at = self.document.at(number, excerpt=line)
        if matched is None:
            yield KubectlError("", line, command, at)
        else:
            yield KubectlError(matched["reason"] or "", matched["message"], command, at)
            yield from self._not_found(matched["reason"] or "", matched["message"], at)

    def _not_found(self, reason: str, message: str, at: Locator) -> Iterator[NotFound]:
        named = _NO_SUCH.fullmatch(message) if reason == "NotFound" else None
        if named is not None and is_known(kind := kind_of(named["resource"])):
            namespace = self.command.namespace_of(kind) if self.command is not None else ""
            yield NotFound(Subject(kind, named["name"], namespace or None), at)

    def _nothing(self, namespace: str | None, number: int, line: str) -> Iterator[Parsed]:
        """Nothing was found in a namespace that the command does not name: the answer does."""
        if self.command is None:
            why = "the answer is that there is nothing, but not of what: the command is not shown"
            yield Unparsed(self.document.at(number, excerpt=line), why)
            return
        if namespace is None or self.command.namespace is not None or self.command.names or self.command.filtered:
            return
        for kind in self.command.kinds:
            if is_namespaced(kind):
                yield Listing(kind, namespace, self.document.at(number, excerpt=line), self.document.captured)

    def _listings(self) -> Iterator[Listing]:
        """What the command shows all of, if it answered and nothing failed."""
        if self.command is None or not self.shown or self.failed:
            return
        at = self.document.at(self.line_of_command, excerpt=self.command_line)
        for kind, namespace in self.command.lists():
            yield Listing(kind, namespace, at, self.document.captured)


def _expanded(segment: Lines) -> Lines:
    """kubectl before v1.8 aligned describe with tabs."""
    return [(number, line.expandtabs(8)) for number, line in segment]
