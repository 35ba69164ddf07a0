"""The report as one HTML file: no scripts, nothing loaded from elsewhere, readable without colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from kwhy.model.diagnosis import Diagnosis
from kwhy.reports.outline import Cause, Line, Outline, outline
from kwhy.reports.wording import Do, Mend

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1, h2 { line-height: 1.25 } h1 small, h2 small { font-weight: normal; opacity: .7 }
section { border-top: 1px solid; padding-top: .5rem; margin-top: 2rem }
pre, code { font: 14px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap }
pre { border-left: 3px solid; padding-left: .75rem; margin: .25rem 0 }
.place { opacity: .75 } .excerpt { display: block; opacity: .75 }
"""
#: Even a viewer that is talked into running something finds nothing allowed.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(diagnosis: Diagnosis, *, top: int | None = None) -> str:
    """``top`` limits the causes shown; None and 0 show all."""
    return "\n".join(_page(outline(diagnosis, top or None))) + "\n"


def _page(shown: Outline) -> Iterator[str]:
    title = shown.causes[0].title if shown.causes else shown.sentence
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>kwhy: {escape(title)}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{escape(shown.verdict.capitalize())} <small>{escape(shown.sentence)}</small></h1>"
    for cause in shown.causes:
        yield from _cause(cause)
    if shown.causes_left_out:
        yield f"<p>{shown.causes_left_out} more causes are not shown.</p>"
    yield from _section("Unexplained", _items(shown.unexplained))
    yield from _section("Contributing", _items(shown.contributing))
    excluded = [
        f"<li><code>{escape(each.code)}</code> of {escape(each.subject)}<ul>{''.join(_items(each.because))}</ul></li>"
        for each in shown.ruled_out
    ]
    if excluded:
        yield f"<section><details><summary>Ruled out: {len(excluded)}</summary>"
        yield f"<ul>{''.join(excluded)}</ul></details></section>"
    still_open = (
        f"<li><code>{escape(each.code)}</code> of {escape(each.subject)}: {escape(each.missing)}</li>"
        for each in shown.open
    )
    yield from _section("Not known", still_open)
    yield from _section("May be", _items(shown.may_be))
    following = (
        f"<li>On {escape(step.where)}: {escape(step.why)}<pre>{escape(step.command)}</pre></li>" for step in shown.next
    )
    yield from _section("Next", following)
    yield from _section("Notes", (f"<li>{escape(note)}</li>" for note in shown.notes))
    yield from _section("Failed inside kwhy", (f"<li>{escape(failure)}</li>" for failure in shown.failed))
    yield f"<section><h2>Read</h2><p>{escape(shown.read)}</p>"
    yield f"<ul>{''.join(_items(shown.not_understood))}</ul></section>"
    yield "</body></html>"


def _section(heading: str, items: Iterable[str]) -> Iterator[str]:
    listed = "\n".join(items)
    if listed:
        yield f"<section><h2>{escape(heading)}</h2><ul>\n{listed}\n</ul></section>"


def _cause(cause: Cause) -> Iterator[str]:
    heading = f"{cause.heading.capitalize()} {cause.percent} %"
    yield f"<section><h2><small>{escape(heading)}</small><br>{escape(cause.title)}</h2>"
    since = f", since {escape(cause.since)}" if cause.since else ""
    yield f"<p><code>{escape(cause.code)}</code> of {escape(cause.subject)}{since}</p>"
    yield from _part("Proof", _items(cause.proof))
    yield from _part("Assumed", (f"<li>{escape(assumption)}</li>" for assumption in cause.assumed))
    yield from _part("Solved", _items(cause.solved))
    yield from _part("Leads to", _items((*cause.chain, *cause.also)))
    yield from _part("Affected", (f"<li>{escape(subject)}</li>" for subject in cause.affected))
    for mend in cause.mends:
        yield from _mend(mend)
    yield "</section>"


def _part(heading: str, items: Iterable[str]) -> Iterator[str]:
    listed = "\n".join(items)
    if listed:
        yield f"<h3>{escape(heading)}</h3><ul>\n{listed}\n</ul>"


def _items(lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        place = f' <code class="place">{escape(line.place)}</code>' if line.place else ""
        excerpt = f'<code class="excerpt">{escape(line.excerpt)}</code>' if line.excerpt else ""
        yield f"<li>{escape(line.text)}{place}{excerpt}</li>"


def _mend(mend: Mend) -> Iterator[str]:
    when = "Fix now" if mend.remedy.when == "now" else "For good"
    yield f"<h3>{when}: {escape(mend.title)} <small>(risk: {escape(mend.remedy.risk)})</small></h3>"
    yield f"<ol>{''.join(_step('', step) for step in mend.steps)}</ol>"
    checks = [_step("Verify: ", step) for step in mend.verify] + [_step("Undo: ", step) for step in mend.undo]
    if checks:
        yield f"<ul>{''.join(checks)}</ul>"


def _step(word: str, step: Do) -> str:
    command = "" if step.command is None else f"<pre>{escape(step.command)}</pre>"
    return f"<li>{word}{escape(step.say)}{command}</li>"
