"""From templates and evidence to words that are safe to print.

Evidence is written by strangers: it may hold terminal escapes, direction overrides and characters that forge lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

import msgspec

from kwhy.model.condition import Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.time import Moment, iso
from kwhy.model.wording import Names, names_of, shell_plain

# "\x1b[31mError\x1b[0m", "\x1b]0;title\x07" (ECMA-48 control sequences, as terminals and loggers print them)
_ESCAPE_SEQUENCE = expression(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
# C0 and C1 controls but tab and newline; zero-width and direction marks, which make text look like other text.
_INVISIBLE = expression(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_LONE_SURROGATE = expression("[\ud800-\udfff]")


def printable(text: str) -> str:
    """``text`` without anything that acts on a terminal or hides; line breaks and tabs stay."""
    return _LONE_SURROGATE.sub("\ufffd", _INVISIBLE.sub("", _ESCAPE_SEQUENCE.sub("", text)))


def one_line(text: str) -> str:
    """:func:`printable` on a single line."""
    return " ⏎ ".join(part for part in (" ".join(line.split()) for line in printable(text).split("\n")) if part)


def fill(template: str, values: Mapping[str, object], subject: Subject) -> str:
    """A sentence from a template over a finding's values and its subject's names."""
    return one_line(template.format_map(names_of(subject, values)))


def fill_command(template: str, values: Mapping[str, object], subject: Subject) -> str:
    """A command from a template. A value that a shell would not take literally is never put in: its name is."""
    names = names_of(subject, values)
    plain = Names({key: value for key, value in names.items() if shell_plain(value)})
    return printable(template.format_map(plain))


class Do(msgspec.Struct, frozen=True):
    """A step with its names filled in; ``command`` is None where there is nothing to type."""

    say: str
    command: str | None


class Mend(msgspec.Struct, frozen=True):
    """A remedy with its names filled in."""

    remedy: Remedy
    title: str
    steps: tuple[Do, ...]
    verify: tuple[Do, ...]
    undo: tuple[Do, ...]


def mend(remedy: Remedy, values: Mapping[str, object], subject: Subject) -> Mend:
    def filled(steps: tuple[Step, ...]) -> tuple[Do, ...]:
        return tuple(
            Do(
                fill(step.say, values, subject),
                None if step.command is None else fill_command(step.command, values, subject),
            )
            for step in steps
        )

    return Mend(
        remedy,
        fill(remedy.title, values, subject),
        filled(remedy.steps),
        filled(remedy.verify),
        filled(remedy.undo),
    )


def place(at: Locator) -> str:
    """``source:line`` or ``source#path``, as a person would look it up: a path says more than its line."""
    if at.path:
        return one_line(f"{at.source}#{at.path}")
    return one_line(at.source if at.line is None else f"{at.source}:{at.line}")


def since(moment: Moment) -> str | None:
    """When it began, in words; None where nothing is known."""
    earliest, latest = moment.earliest, moment.latest
    if earliest is not None and latest is not None:
        return iso(latest) if iso(earliest) == iso(latest) else f"between {iso(earliest)} and {iso(latest)}"
    if latest is not None:
        return f"{iso(latest)} or earlier"
    return None if earliest is None else f"after {iso(earliest)}"


def size(count: int) -> str:
    """Bytes for people: decimal units, two significant digits."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{value:.1f} {unit}" if value < 9.95 and unit != "B" else f"{value:.0f} {unit}"


def counted(count: int, noun: str) -> str:
    """ "1 file", "2 files", "41 000 lines"."""
    number = f"{count:,}".replace(",", " ")
    return f"{number} {noun}" if count == 1 else f"{number} {noun}s"


def unfilled(template: str) -> str:
    """A template as documentation shows it: every placeholder as its name in capitals, apart from words before it."""
    shown = ""
    for literal, name, _, _ in Formatter().parse(template):
        shown += literal
        if name:
            shown += f" {name.upper()}" if shown[-1:].isalnum() else name.upper()
    return one_line(shown)
