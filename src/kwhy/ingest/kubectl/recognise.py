"""How sure it is that a document is kubectl's text, and which of its forms comes first."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice

from kwhy.ingest.kubectl.columns import read_header
from kwhy.ingest.kubectl.command import KubectlCommand, parse_command
from kwhy.ingest.kubectl.drain import begins_drain
from kwhy.ingest.kubectl.events import is_event_header
from kwhy.ingest.kubectl.rows import kind_by_columns
from kwhy.ingest.kubectl.scraps import starts_scrap
from kwhy.ingest.kubectl.tables import starts_table
from kwhy.model.expressions import expression
from kwhy.model.parsing import Head

STATED = 0.97  # the command is known, and its output looks like it
EVIDENT = 0.9  # the text has a form that nothing else prints
LIKELY = 0.7  # the form is common, the place where it stands is right
POSSIBLE = 0.4  # only the command says so

#: "Name:         web-0": a described object begins. In YAML keys begin in lower case.
_NAME = expression(r"Name:[ \t]+\S+\s*")
_DESCRIBED_KEY = expression(
    r"(?:Namespace|Labels|Annotations|Roles|Role|Selector|Status|StorageClass|API Version|IsDefaultClass):"
)
_EVENT_TITLES = expression(r"\s+Type\s+Reason\s+(?:Age|FirstSeen)\s+.*")
_MESSAGE = expression(
    r"(?:No resources found.*|Error from server(?: \(\w+\))?: .*|error: .*|Unable to connect to the server: .*)"
)


@lru_cache(maxsize=1)  # four forms are asked about each head
def _lines(head: Head) -> list[str]:
    """The lines that are not blank, the first 400 of them."""
    whole = islice((line for line in head.text.split("\n", 2000) if line.strip()), 400)
    return [line.rstrip("\r").replace("\u00a0", " ") for line in whole]


def _stated(head: Head, *verbs: str) -> KubectlCommand | None:
    command = parse_command(head.command)
    return command if command is not None and command.verb in verbs and command.prints_text else None


def _answers(lines: list[str]) -> bool:
    """Whether kubectl said nothing but that there is nothing, or that it failed."""
    return bool(lines) and all(_MESSAGE.fullmatch(line) for line in lines[:3])


def looks_like_table(head: Head) -> float:
    lines = _lines(head)
    command = _stated(head, "get", "top")
    if not lines or _structured(lines[0]):
        return 0.0
    if command is not None and command.kinds != ("Event",):
        return STATED if any(starts_table(line, command) for line in lines[:20]) or _answers(lines) else POSSIBLE
    header = read_header(lines[0])
    if header is not None:
        if is_event_header(header) or not starts_table(lines[0], None):
            return 0.0
        return EVIDENT if kind_by_columns(header.names, ()) is not None else POSSIBLE
    return LIKELY if any(starts_table(line, None) for line in lines[:40]) else 0.0


def looks_like_events(head: Head) -> float:
    lines = _lines(head)
    if not lines or _structured(lines[0]):
        return 0.0
    header = read_header(lines[0])
    command = _stated(head, "get", "events")
    if command is not None and command.kinds == ("Event",):
        return STATED if (header is not None and is_event_header(header)) or _answers(lines) else POSSIBLE
    if header is not None:
        return EVIDENT if is_event_header(header) else 0.0
    if _block_of_events(lines):
        return EVIDENT
    return 0.0


def _block_of_events(lines: list[str]) -> bool:
    first = lines[0].strip()
    return bool(_EVENT_TITLES.fullmatch(f" {first}")) or (
        first.startswith("Events:") and len(lines) > 1 and _EVENT_TITLES.fullmatch(lines[1]) is not None
    )


def looks_like_describe(head: Head) -> float:
    lines = _lines(head)
    if not lines or _structured(lines[0]):
        return 0.0
    named = [index for index, line in enumerate(lines) if _NAME.fullmatch(line)]
    evident = any(_DESCRIBED_KEY.match(line) for index in named[:5] for line in lines[index + 1 : index + 40])
    if _stated(head, "describe") is not None:
        return STATED if evident or _answers(lines) else LIKELY if named else POSSIBLE
    if evident:
        return EVIDENT if named[0] == 0 else LIKELY
    if _block_of_events(lines):
        return LIKELY
    return LIKELY if any(starts_scrap(line) for line in lines[:5]) else 0.0


def looks_like_drain(head: Head) -> float:
    lines = _lines(head)
    if _stated(head, "drain") is not None and lines:
        return STATED
    return EVIDENT if any(begins_drain(line) for line in lines[:20]) else 0.0


def _structured(line: str) -> bool:
    """Whether the document is JSON or YAML."""
    return line[0] in "{[" or line.startswith(("apiVersion:", "kind:", "---"))
