"""Making parts: places in words, and lists cut to what a reader takes in."""

from __future__ import annotations

from collections.abc import Sequence

from kwhy.model.document import Locator
from kwhy.model.inspection import Part, Row
from kwhy.model.time import Moment, iso


def shortened(title: str, header: tuple[str, ...], rows: Sequence[Row], most: int | None) -> Part:
    """A part with at most ``most`` of the rows; None: all."""
    shown = tuple(rows if most is None else rows[:most])
    return Part(title, header, shown, len(rows) - len(shown))


def place(at: Locator) -> str:
    if at.line is not None:
        return f"{at.source}:{at.line}"
    return f"{at.source}#{at.path}" if at.path else at.source


def moment(time: Moment) -> str:
    """The time in words; empty where nothing bounds it."""
    if time.earliest is not None and time.latest is not None:
        first, last = iso(time.earliest), iso(time.latest)
        return first if first == last else f"{first} … {last}"
    if time.latest is not None:
        return f"by {iso(time.latest)}"
    return f"after {iso(time.earliest)}" if time.earliest is not None else ""


def minutes(count: int | None) -> str:
    """A goroutine's wait: the figure is a lower bound, and not printed is not zero."""
    return f"{count} min" if count is not None else "no figure"
