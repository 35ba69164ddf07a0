"""The answer of `kwhy trace` for a terminal or a pipe: the answer first, then every hop with the place that decided."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from kwhy.model.document import Locator
from kwhy.model.trace import Trace, TraceNeed, TraceStep, TraceWay
from kwhy.reports.wording import one_line, place, printable

#: Width of the column of labels.
MARGIN = 12
NARROWEST = 60
#: Ways shown; more endpoints of one Service say nothing new. JSON lists all.
WAYS_SHOWN = 5
VERDICTS = {
    "delivered": "DELIVERED",
    "dropped": "DROPPED",
    "refused": "REFUSED",
    "left": "LEAVES",
    "unknown": "NOT KNOWN",
}
#: Terminal colours (ECMA-48 SGR): bold green, bold red, bold yellow.
_COLOURS = {"delivered": "1;32", "dropped": "1;31", "refused": "1;31", "left": "1;33", "unknown": "1;33"}


def render(trace: Trace, *, width: int = 80, colour: bool = False) -> str:
    """``width`` of the lines; proof places are never cut."""
    page = _Page(max(width, NARROWEST), colour)
    page.row(VERDICTS[trace.verdict], str(trace.question), style=_COLOURS[trace.verdict])
    page.row("", trace.says, _at(trace.by))
    for index, step in enumerate(trace.checks):
        page.row("" if index else "OBJECTS", step.says, _at(step.at))
    told: set[str] = set()
    for number, way in enumerate(trace.ways[:WAYS_SHOWN], start=1):
        _way(page, way, number, alone=len(trace.ways) == 1, hops=way.verdict not in told)
        told.add(way.verdict)
    if len(trace.ways) > WAYS_SHOWN:
        page.row("", f"… and {len(trace.ways) - WAYS_SHOWN} more ways; --format json lists them")
    _needs(page, "DEPENDS ON", trace.depends_on)
    _needs(page, "NOT CHECKED", [need for need in trace.not_checked if need not in trace.depends_on])
    return "".join(f"{line}\n" for line in page.lines)


def _way(page: _Page, way: TraceWay, number: int, *, alone: bool, hops: bool) -> None:
    """``hops``: whether to list them; ways of one verdict mostly differ in their last hop alone."""
    share = "" if alone else f", {way.share:.0%} of connections"
    page.row("WAY" if alone else f"WAY {number}", f"to {way.to}{share}: {VERDICTS[way.verdict].lower()}")
    if not alone or way.depends_on:
        page.row("", way.why, _at(way.by))
    if not hops:
        return
    if way.sent:
        seen = f"; arrives as {way.seen}" if way.seen and way.seen != way.sent else ""
        page.row("", f"sent as {way.sent}{seen}")
    if way.fits:
        page.row("  size", way.fits)
    for label, steps in (("  there", way.there), ("  back", way.back)):
        where = ""
        for step in steps:
            if step.where != where:
                page.row(label, step.where)
                label, where = "", step.where
            page.row("", step.says, _at(step.at), indent=2, mark=_mark(step))


def _mark(step: TraceStep) -> str:
    return "(assumed) " if step.stage == "assumed" else ""


def _needs(page: _Page, label: str, needs: Sequence[TraceNeed]) -> None:
    for index, need in enumerate(needs):
        page.row("" if index else label, need.what)
        page.row("", f"$ {need.command}   ({need.where})", indent=2)


def _at(at: Locator | None) -> str:
    return place(at) if at is not None and (at.line is not None or at.path) else ""


class _Page:
    """Rows of a label, wrapped text, and its place at the right edge."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width = width
        self.colour = colour
        self.lines: list[str] = []

    def row(self, label: str, text: str, at: str = "", *, style: str = "", indent: int = 0, mark: str = "") -> None:
        start = MARGIN + indent
        wrapped = textwrap.wrap(mark + one_line(text), self.width - start, break_long_words=False) or [""]
        head = label.ljust(MARGIN)
        if style and self.colour:
            head = f"\x1b[{style}m{head}\x1b[0m"
        for number, line in enumerate(wrapped):
            self.lines.append(((head if number == 0 else " " * MARGIN) + " " * indent + line).rstrip())
        if at:
            self._beside(printable(at), start + len(wrapped[-1]))

    def _beside(self, at: str, used: int) -> None:
        """On the last line if there is room, else on a line of its own, at the right edge."""
        room = self.width - used - 2
        shown = f"\x1b[36m{at}\x1b[0m" if self.colour else at
        if len(at) <= room:
            self.lines[-1] += " " * (self.width - used - len(at)) + shown
        else:
            self.lines.append(" " * max(self.width - len(at), 0) + shown)


def where_of(steps: Iterable[TraceStep]) -> Iterator[str]:
    """The namespaces that steps pass, each once in a row."""
    last = ""
    for step in steps:
        if step.where != last:
            last = step.where
            yield last
