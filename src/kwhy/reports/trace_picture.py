"""One traced packet as a picture (SVG): a box for each node and pod, with what decided there, and the way between."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from html import escape

import msgspec

from kwhy.model.document import Locator
from kwhy.model.trace import Trace, TraceStep, TraceWay
from kwhy.reports.trace import VERDICTS
from kwhy.reports.wording import one_line, place

WIDTH = 860
#: Characters of a step's sentence, and of its place beside it, at the sizes below.
SENTENCE, PLACE = 76, 34
LINE, PAD = 18, 12
_COLOURS = {"delivered": "#1a7f37", "dropped": "#cf222e", "refused": "#cf222e", "left": "#9a6700", "unknown": "#9a6700"}
_STYLE = (
    "text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:12px;fill:#1f2328}"
    ".title{font-size:15px;font-weight:bold}.where{font-weight:bold}.at{fill:#57606a;font-size:11px}"
    ".box{fill:#f6f8fa;stroke:#d0d7de}.way{stroke:#57606a;stroke-width:1.5;fill:none}"
)


class _Box(msgspec.Struct):
    """Consecutive steps in one namespace: its name, and lines of sentence and place."""

    where: str
    lines: list[tuple[str, str]]


def render(trace: Trace) -> str:
    """The first way, there and back; the answer stands on top."""
    way = _telling(trace)
    parts: list[str] = []
    y = 30
    colour = _COLOURS[trace.verdict]
    parts.append(_text(20, y, f"{VERDICTS[trace.verdict]}  {trace.question}", "title", colour))
    for line in textwrap.wrap(one_line(trace.says), 110):
        y += LINE
        parts.append(_text(20, y, line))
    y += PAD
    if way is not None:
        for label, steps in (("there", (*trace.checks, *way.there)), ("back", way.back)):
            drawn, y = _column(label, steps, y, colour if way.verdict != "delivered" else _COLOURS["delivered"])
            parts += drawn
    height = y + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(str(trace.question), quote=True)}">\n<style>{_STYLE}</style>\n'
        '<defs><marker id="arrow" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#57606a"/></marker></defs>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _telling(trace: Trace) -> TraceWay | None:
    """The way that decides the answer: the first of its verdict."""
    return next((way for way in trace.ways if way.verdict == trace.verdict), next(iter(trace.ways), None))


def _column(label: str, steps: Sequence[TraceStep], y: int, colour: str) -> tuple[list[str], int]:
    boxes = list(_boxes(steps))
    if not boxes:
        return [], y
    y += LINE
    parts = [_text(20, y, label, "where", colour)]
    y += PAD // 2
    for index, box in enumerate(boxes):
        if index:
            parts.append(f'<path class="way" marker-end="url(#arrow)" d="M40,{y} L40,{y + 16}"/>')
            y += 20
        height = LINE * (1 + len(box.lines)) + PAD
        parts.append(f'<rect class="box" x="20" y="{y}" width="{WIDTH - 40}" height="{height}" rx="6"/>')
        parts.append(_text(32, y + LINE, box.where, "where"))
        for number, (sentence, at) in enumerate(box.lines, start=2):
            parts.append(_text(44, y + LINE * number, sentence))
            if at:
                parts.append(_text(WIDTH - 32, y + LINE * number, at, "at", anchor="end"))
        y += height
    return parts, y


def _boxes(steps: Sequence[TraceStep]) -> Iterator[_Box]:
    box: _Box | None = None
    for step in steps:
        if box is None or box.where != step.where:
            if box is not None:
                yield box
            box = _Box(one_line(step.where), [])
        at = _at(step.at)
        room = SENTENCE if at else SENTENCE + PLACE
        wrapped = textwrap.wrap(one_line(step.says), room) or [""]
        box.lines += [(line, at if index == 0 else "") for index, line in enumerate(wrapped)]
    if box is not None:
        yield box


def _at(at: Locator | None) -> str:
    if at is None or (at.line is None and not at.path):
        return ""
    shown = place(at)
    return shown if len(shown) <= PLACE else "…" + shown[-PLACE + 1 :]


def _text(x: int, y: int, words: str, kind: str = "", colour: str = "", anchor: str = "") -> str:
    attributes = (f' class="{kind}"' if kind else "") + (f' style="fill:{colour}"' if colour else "")
    attributes += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x}" y="{y}"{attributes}>{escape(words)}</text>'
