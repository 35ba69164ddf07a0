"""Reading the output of one command line by line: where it stands, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kwhy.ingest.net.noise import EXIT_CODE, is_noise
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.parsing import Head

#: Lines of a document that are looked at to recognise it.
HEAD_LINES: Final = 60
#: No program read here prints longer lines; what is longer is not its output.
LONGEST_LINE: Final = 8192


def content_lines(document: Document) -> Iterator[tuple[int, str]]:
    """The lines that the command itself printed."""
    for number, line in document.lines():
        if not is_noise(line):
            yield number, line


def failed(document: Document) -> bool:
    """Whether a wrapper says that the command ended with an error."""
    tail = bytes(document.data[-512:]).decode("utf-8", "replace")
    return any((match := EXIT_CODE.match(line)) and match["code"] != "0" for line in tail.splitlines())


def place_of_command(document: Document) -> Locator:
    """Where the command of an output stands that may be empty: its prompt line, else the output's first line."""
    command = document.command or ""
    parent = document.parent
    if parent is not None:
        for number, line in parent.lines():
            if number > document.first_line:
                break
            if number >= document.first_line - 1 and command and command in line:
                return document.at(number, excerpt=line)
    return document.at(document.first_line if len(document.data) else None, excerpt=command)


def not_understood(document: Document, number: int, line: str, expected: str) -> Unparsed:
    return Unparsed(document.at(number, excerpt=line), f"this line is not {expected}")


def share(lines: Iterable[str], fits: Iterable[bool]) -> float:
    """How much of a head fits: 0.0 to 1.0 over its lines that are no noise."""
    every = list(fits)
    if not any(every):  # the usual answer: most formats are not this one
        return 0.0
    verdicts = [fit for line, fit in zip(lines, every, strict=True) if not is_noise(line)]
    return sum(verdicts) / len(verdicts) if verdicts else 0.0


def head_lines(head: Head) -> list[str]:
    """The complete first lines of a head that are not blank."""
    return head.whole_lines[:HEAD_LINES]
