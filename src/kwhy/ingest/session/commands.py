"""A session as a sequence of commands with their output."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from kwhy.ingest.session.prompts import Prompt, prompt_of
from kwhy.ingest.session.unprompted import bare_commands, is_ruler
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.time import UNKNOWN_MOMENT, Moment

#: A zone abbreviation that is no UTC may mean any offset on Earth.
_ANY_ZONE_SECONDS: Final = 14 * 3600.0
_ABORTED: Final = expression(r"\^[CD]$")
#: > --grace-period=0     the shell's second prompt (PS2)
_CONTINUED: Final = expression(r"^(?:>|\.\.\.|>>|dquote>|quote>|pipe>|cmdand>) ?(?P<rest>.*)$")
_HEREDOC: Final = expression(r"<<-?\s*[\"']?(?P<end>\w+)[\"']?")
#: Connection to n1 closed.     ssh(1)
_CLOSED: Final = expression(r"^Connection to \S+ closed(?: by remote host)?\.$")
_SSH: Final = expression(
    r"^(?:sudo )?ssh(?:\s+-(?:[1246AaCfGgKkMNnqsTtVvXxYy]+|[BbcDEeFIiJLlmOoPpQRSWw]\s*\S+))*"
    r"\s+(?:[\w.-]+@)?(?P<host>[\w.-]+)"
    r"(?P<command>\s+\S.*)?$"
)
_ENTERS: Final = expression(r"\b(?:exec|attach|debug|run)\b.*(?:\s-\w*[it]\w*\b|--stdin|--tty)")
_LEAVES: Final = frozenset({"exit", "logout", "^D"})

#: Mon Jul 29 17:11:43 CST 2019     date(1) in the C locale;  Mon 29 Jul 2019 05:11:43 PM CST   in en_US.UTF-8
_DATES: Final = (
    (
        expression(
            r"^[A-Z][a-z]{2} (?P<text>[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d)"
            r" (?P<zone>[A-Z]{1,5}|[+-]\d{2,4}) (?P<year>\d{4})$"
        ),
        "%b %d %H:%M:%S %Y",
    ),
    (
        expression(
            r"^[A-Z][a-z]{2} (?P<text>\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [AP]M)"
            r" (?P<zone>[A-Z]{1,5}|[+-]\d{2,4})$"
        ),
        "%d %b %Y %I:%M:%S %p",
    ),
)
_EPOCH: Final = expression(r"^1\d{9}(?:\.\d+)?$")


class Command(msgspec.Struct):
    """One command. ``begin`` and ``end`` are byte offsets of its output, ``line`` is the line on which that begins."""

    text: str | None
    host: str | None
    style: str
    begin: int
    end: int
    line: int
    captured: Moment = UNKNOWN_MOMENT
    inside: int | None = None


class Line(msgspec.Struct, frozen=True):
    """A line of the session with its place."""

    text: str
    number: int
    begin: int
    end: int


def commands_of(document: Document) -> list[Command]:
    """Every command of a session, in order; text before the first prompt is a command without text."""
    lines = _lines(document)
    prompts = prompts_in([line.text for line in lines])
    commands: list[Command] = []
    hosts = _Hosts()
    number = 0
    while number < len(lines):
        line = lines[number]
        prompt = prompts.get(number)
        if prompt is None:
            if not commands:
                commands.append(Command(None, document.host, "", line.begin, line.end, line.number))
            if _CLOSED.match(line.text):
                hosts.left()
            commands[-1].end = line.end
            number += 1
            continue
        if prompt.start and commands:
            commands[-1].end = line.begin + len(line.text[: prompt.start].encode())
        text, number = _whole_command(prompt, lines, number)
        if number < len(lines) and is_ruler(lines[number].text):
            number += 1
        begin = lines[number - 1].end
        if text and not _ABORTED.search(text):
            host, inside = hosts.entered(text, prompt.host, len(commands))
            at = lines[number].number if number < len(lines) else lines[number - 1].number + 1
            commands.append(Command(text, host or document.host, prompt.style, begin, begin, at, inside=inside))
        elif commands and commands[-1].text is None and commands[-1].begin == commands[-1].end:
            commands.pop()
        else:
            at = lines[number - 1].number + 1
            commands.append(
                Command(None, prompt.host or hosts.current or document.host, prompt.style, begin, begin, at)
            )
    _date(commands, document)
    return commands


def prompts_in(lines: Sequence[str]) -> dict[int, Prompt]:
    """The prompts by the index of their line; in a text without any, the lines that are commands all the same."""
    prompts = {index: prompt for index, line in enumerate(lines) if (prompt := prompt_of(line)) is not None}
    return prompts if any(prompt.command for prompt in prompts.values()) else bare_commands(lines)


def _lines(document: Document) -> list[Line]:
    lines: list[Line] = []
    begin = 0
    data = bytes(document.data)
    for number, raw in enumerate(data.split(b"\n"), document.first_line):
        end = min(begin + len(raw) + 1, len(data))
        if raw or end > begin:
            lines.append(Line(raw.decode("utf-8", "replace"), number, begin, end))
        begin += len(raw) + 1
    return lines


def _whole_command(prompt: Prompt, lines: list[Line], number: int) -> tuple[str, int]:
    """The command with its continuation lines, and the number of the first line of output."""
    text = prompt.command
    number += 1
    while number < len(lines) and text.endswith("\\"):
        following = lines[number].text
        continued = _CONTINUED.match(following)
        text = text[:-1].rstrip() + " " + (continued["rest"] if continued else following).strip()
        number += 1
    heredoc = _HEREDOC.search(text)
    if heredoc is not None:
        closing = {heredoc["end"], f"> {heredoc['end']}"}
        for end in range(number, min(number + 500, len(lines))):
            if lines[end].text.strip() in closing:
                return text, end + 1
    return text, number


class _Hosts:
    """Which host commands run on where the prompt does not say: after `ssh n1` and inside `kubectl exec`."""

    def __init__(self) -> None:
        self._stack: list[tuple[str | None, int | None]] = []

    @property
    def current(self) -> str | None:
        return self._stack[-1][0] if self._stack else None

    def left(self) -> None:
        if self._stack:
            self._stack.pop()

    def entered(self, text: str, stated: str | None, position: int) -> tuple[str | None, int | None]:
        """The host of this command, and the command inside whose interactive shell it runs."""
        host, inside = self._stack[-1] if self._stack else (None, None)
        if stated is not None:
            host = stated
        ssh = _SSH.match(text)
        if ssh is not None and ssh["command"]:
            return ssh["host"], inside
        if ssh is not None:
            self._stack.append((ssh["host"], position))
        elif _ENTERS.search(text):
            # A container's own host name is not the node's: unknown unless its prompt says it.
            self._stack.append((None, position))
        elif text in _LEAVES:
            self.left()
        return host, inside


def _date(commands: list[Command], document: Document) -> None:
    """Outputs between two `date` commands lie between the two times."""
    since: float | None = None
    dated: list[tuple[int, Moment]] = []
    for position, command in enumerate(commands):
        if command.text is not None and re.match(r"(?:sudo )?date\b(?! -[ds])", command.text):
            moment = _printed_date(bytes(document.data[command.begin : command.begin + 200]))
            if moment is not None:
                dated.append((position, moment))
    if not dated:
        for command in commands:
            command.captured = document.captured
        return
    dated_at = dict(dated)
    for position, command in enumerate(commands):
        if position in dated_at:
            command.captured = dated_at[position]
            since = dated_at[position].earliest
            continue
        until = next((moment.latest for place, moment in dated if place > position), None)
        command.captured = Moment(since, until)


def _printed_date(output: bytes) -> Moment | None:
    text = output.decode("utf-8", "replace").strip().partition("\n")[0].strip()
    if _EPOCH.match(text):
        return Moment(float(text), float(text) + 1.0)
    for pattern, form in _DATES:
        match = pattern.match(text)
        if match is None:
            continue
        groups = match.groupdict()
        written = re.sub(" +", " ", groups["text"]) + (f" {groups['year']}" if "year" in groups else "")
        try:
            moment = datetime.strptime(written, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return None
        return _zoned(moment, groups["zone"])
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    if parsed.tzinfo is None:
        return None
    return Moment(parsed.timestamp(), parsed.timestamp() + 1.0)


def _zoned(moment: float, zone: str) -> Moment:
    if zone in ("UTC", "GMT", "Z"):
        return Moment(moment, moment + 1.0)
    if zone[0] in "+-":
        hours, minutes = int(zone[1:3]), int(zone[3:5] or 0)
        offset = (hours * 60 + minutes) * 60.0 * (-1 if zone[0] == "-" else 1)
        return Moment(moment - offset, moment - offset + 1.0)
    return Moment(moment - _ANY_ZONE_SECONDS, moment + _ANY_ZONE_SECONDS)


def documents_of(document: Document) -> Iterator[Document]:
    """One nested document per command, empty output included. The output of an interactive shell's commands has the
    command that opened it as its parent."""
    made: dict[int, Document] = {}
    for position, command in enumerate(commands_of(document)):
        data = document.data[command.begin : command.end]
        if command.text is None and not data.strip():
            continue
        parent = made.get(command.inside, document) if command.inside is not None else document
        nested = Document(
            document.source,
            bytes(data),
            first_line=command.line,
            command=command.text if command.text is not None else document.command,
            host=command.host,
            captured=command.captured,
            parent=parent,
        )
        made[position] = nested
        yield nested
