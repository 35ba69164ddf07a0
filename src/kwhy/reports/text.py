"""The report for a terminal, or for whatever reads a pipe: 80 columns suffice, proof places are never cut."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kwhy.model.diagnosis import Diagnosis
from kwhy.reports.outline import Cause, Excluded, Line, Open, Outline, outline
from kwhy.reports.wording import Do, Mend

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

#: Width of the column of labels ("ROOT CAUSE", "leads to").
MARGIN = 12
#: Below this, text beside a label is no longer readable; narrower terminals wrap by themselves.
NARROWEST = 40
#: What a screen holds; JSON lists everything.
CAUSES_SHOWN = 5
PROOFS_SHOWN = 6
LINES_SHOWN = 8
#: Groups of subjects with what was ruled out for them; of 200 causes there would be three screens.
GROUPS_SHOWN = 12
#: Open questions named where everything that fails is explained: the next below the root, which stands first.
OPEN_SHOWN = 1
EXCERPT_LINES = 2

HEADING = "bold red"
LABEL = "bold"
PLACE = "cyan"
QUIET = "dim"
COMMAND = "green"


def render(
    diagnosis: Diagnosis, *, width: int = 80, colour: bool = False, top: int | None = None, why_not: bool = False
) -> str:
    """``top`` limits the causes shown (0: all), ``why_not`` adds the proof for each cause that was ruled out."""
    # rich takes 50 ms to import: only this format pays for it.
    from rich.console import Console

    console = Console(
        file=io.StringIO(),
        width=max(width, NARROWEST),
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=not colour,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    shown = outline(diagnosis, CAUSES_SHOWN if top is None else top or None)
    with console.capture() as capture:
        for line in _report(_Page(console), shown, why_not):
            line.rstrip()
            console.print(line, soft_wrap=True)
    return capture.get()


class _Page:
    """Lays out rows: a label, wrapped text, and its place at the right edge."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = console.width

    def row(
        self, label: str, text: str, place: str = "", *, label_style: str = LABEL, style: str = "", indent: int = 0
    ) -> Iterator[Text]:
        from rich.text import Text

        start = MARGIN + indent
        lines = list(Text(text, style).wrap(self.console, max(self.width - start, NARROWEST // 2), overflow="fold"))
        head = f"{label} " if len(label) >= MARGIN else label.ljust(MARGIN)
        for number, line in enumerate(lines or [Text("")]):
            line.rstrip()
            left = Text(head if number == 0 else " " * MARGIN, label_style)
            left.append(" " * indent)
            left.append_text(line)
            if place and number == max(len(lines) - 1, 0):
                room = self.width - left.cell_len - Text(place).cell_len
                if room < 2:
                    yield left
                    left = Text(" " * max(start, self.width - Text(place).cell_len))
                    room = 0
                left.append(" " * room).append(place, PLACE)
            yield left

    def command(self, command: str, *, indent: int = 2) -> Iterator[Text]:
        """Never wrapped: it is there to be copied."""
        from rich.text import Text

        for number, line in enumerate(command.split("\n")):
            text = Text(" " * (MARGIN + indent) + ("$ " if number == 0 else "  "), QUIET)
            yield text.append(line, COMMAND)

    def excerpt(self, excerpt: str) -> Iterator[Text]:
        from rich.text import Text

        if not excerpt:
            return
        lines = list(Text(excerpt).wrap(self.console, max(self.width - MARGIN - 4, NARROWEST // 2), overflow="fold"))
        for number, line in enumerate(lines[:EXCERPT_LINES]):
            line.rstrip()
            cut = number == EXCERPT_LINES - 1 and len(lines) > EXCERPT_LINES
            yield Text(" " * MARGIN + "│ ", QUIET).append(line.plain + (" …" if cut else ""))

    def blank(self) -> Iterator[Text]:
        from rich.text import Text

        yield Text("")


def _report(page: _Page, shown: Outline, why_not: bool) -> Iterator[Text]:
    for cause in shown.causes:
        yield from _cause(page, cause)
        yield from page.blank()
    if shown.causes_left_out:
        yield from page.row("", f"{shown.causes_left_out} more causes: --top 0 shows all")
    if not shown.causes or shown.verdict != "EXPLAINED":
        style = "bold green" if shown.verdict == "HEALTHY" else "bold yellow"
        yield from page.row(shown.verdict, shown.sentence, label_style=style)
    yield from _lines(page, "UNEXPLAINED" if shown.verdict != "UNEXPLAINED" else "seen", shown.unexplained)
    yield from _lines(page, "CONTRIBUTING", shown.contributing)
    yield from _ruled_out(page, shown.ruled_out, why_not)
    most = LINES_SHOWN if shown.next else OPEN_SHOWN
    yield from _not_known(page, shown.open, most, offer_commands=not shown.next)
    if shown.unexplained:
        yield from _lines(page, "MAY BE", shown.may_be)
    for number, step in enumerate(shown.next[:LINES_SHOWN]):
        yield from page.row("NEXT" if number == 0 else "", f"{_at(step.where)}: {step.why}")
        yield from page.command(step.command, indent=0)
    for number, note in enumerate(shown.notes):
        yield from page.row("NOTE" if number == 0 else "", note)
    yield from page.row("READ", shown.read)
    yield from _lines(page, "", shown.not_understood, style=QUIET)
    for failure in shown.failed:
        yield from page.row("FAILED", f"inside kwhy: {failure}", label_style=HEADING)


def _cause(page: _Page, cause: Cause) -> Iterator[Text]:
    yield from page.row(
        cause.heading, f"{cause.percent} %  {cause.title}", cause.code, label_style=HEADING, style=LABEL
    )
    label = "  proof"
    for line in cause.proof[:PROOFS_SHOWN]:
        yield from page.row(label, line.text, line.place)
        yield from page.excerpt(line.excerpt)
        label = ""
    yield from _more(page, len(cause.proof) - PROOFS_SHOWN, "proof")
    if cause.since:
        yield from page.row("  since", cause.since)
    for number, line in enumerate(cause.solved):
        yield from page.row("  solved" if number == 0 else "", line.text, line.place)
    for number, assumption in enumerate(cause.assumed):
        yield from page.row("  assumed" if number == 0 else "", assumption)
    for number, line in enumerate(cause.chain):
        yield from page.row(
            "  leads to" if number == 0 else "", line.text if number == 0 else f"→ {line.text}", line.place
        )
    yield from _lines(page, "  and to" if cause.chain else "  leads to", cause.also)
    if cause.affected:
        listed = ", ".join(cause.affected[:LINES_SHOWN])
        rest = len(cause.affected) - LINES_SHOWN
        yield from page.row("  affected", f"{listed} and {rest} more" if rest > 0 else listed)
    labels = {"now": "  fix now", "lasting": "  for good"}
    for mend in cause.mends:
        yield from _mend(page, mend, labels[mend.remedy.when])
        labels[mend.remedy.when] = "  or"


def _mend(page: _Page, mend: Mend, label: str) -> Iterator[Text]:
    yield from page.row(label, f"{mend.title}  (risk: {mend.remedy.risk})")
    numbered = len(mend.steps) > 1
    for number, step in enumerate(mend.steps, 1):
        yield from _step(page, f"{number}. {step.say}" if numbered else step.say, step)
    for word, steps in (("verify", mend.verify), ("undo", mend.undo)):
        for step in steps:
            yield from _step(page, f"{word}: {step.say}", step)


def _step(page: _Page, words: str, step: Do) -> Iterator[Text]:
    yield from page.row("", words, indent=2)
    if step.command is not None:
        yield from page.command(step.command, indent=4)


def _lines(page: _Page, label: str, lines: Sequence[Line], style: str = "") -> Iterator[Text]:
    for number, line in enumerate(lines[:LINES_SHOWN]):
        yield from page.row(label if number == 0 else "", line.text, line.place, style=style)
    yield from _more(page, len(lines) - LINES_SHOWN, "line")


def _more(page: _Page, count: int, noun: str) -> Iterator[Text]:
    if count > 0:
        yield from page.row(
            "", f"and {count} more {noun}{'s' if count > 1 else ''} (--format json lists all)", style=QUIET
        )


def _ruled_out(page: _Page, excluded: Sequence[Excluded], why_not: bool) -> Iterator[Text]:
    if not excluded:
        return
    if not why_not:
        groups = list(_grouped(excluded))
        shown = " · ".join(groups[:GROUPS_SHOWN])
        more = f" · and {len(groups) - GROUPS_SHOWN} more groups" if len(groups) > GROUPS_SHOWN else ""
        yield from page.row("RULED OUT", f"{shown}{more}  (--why-not shows the proof)")
        return
    for number, each in enumerate(excluded):
        yield from page.row("RULED OUT" if number == 0 else "", f"{each.code} of {each.subject}", style=LABEL)
        for line in each.because:
            yield from page.row("", line.text, line.place, indent=2)
            yield from page.excerpt(line.excerpt)


def _grouped(excluded: Iterable[Excluded]) -> Iterator[str]:
    """ "a, b of Node n1": conditions of the same subjects together."""
    subjects: dict[str, list[str]] = {}
    for each in excluded:
        subjects.setdefault(each.code, []).append(each.subject)
    codes: dict[str, list[str]] = {}
    for code, listed in subjects.items():
        codes.setdefault(listed[0] if len(listed) == 1 else f"{len(listed)} subjects", []).append(code)
    return (f"{', '.join(listed)} of {whom}" for whom, listed in codes.items())


def _at(where: str) -> str:
    """ "on node n1", "anywhere with kubectl"."""
    return where if where.startswith("anywhere") else f"on {where}"


def _not_known(page: _Page, still_open: Iterable[Open], most: int, *, offer_commands: bool) -> Iterator[Text]:
    listed = tuple(still_open)
    for number, each in enumerate(listed[:most]):
        label = "NOT KNOWN" if number == 0 else ""
        yield from page.row(label, f"{each.code} of {each.subject}: {each.missing}")
        if offer_commands and each.commands:
            yield from page.command(each.commands[0], indent=2)
    yield from _more(page, len(listed) - most, "open question")
