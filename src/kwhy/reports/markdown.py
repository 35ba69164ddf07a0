"""The report as Markdown, for tickets and chats. Evidence is quoted as code, so that nothing in it is markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kwhy.model.diagnosis import Diagnosis
from kwhy.model.expressions import expression
from kwhy.reports.outline import Cause, Line, Outline, outline
from kwhy.reports.wording import Do, Mend

# CommonMark punctuation that may begin markup anywhere in a line; "<" and "&" begin HTML.
_MARKUP = expression(r"([\\`*_{}\[\]<>()#+!|~&$])")
# "1. first", "- item", "=== ", "> quote" at the start of a line begin blocks; "@name" notifies people on forges.
_BLOCK = expression(r"^(\d+)([.)])|^([-=])")
_AT = expression(r"@(?=\w)")
_TICKS = expression(r"`+")


def render(diagnosis: Diagnosis, *, top: int | None = None) -> str:
    """``top`` limits the causes shown; None and 0 show all."""
    return "\n".join(_report(outline(diagnosis, top or None))) + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    plain = _MARKUP.sub(r"\\\1", text)
    return _AT.sub(
        "@\u2060", _BLOCK.sub(lambda match: f"\\{match[3]}" if match[3] else f"{match[1]}\\{match[2]}", plain)
    )


def code(text: str) -> str:
    """An inline code span whose fence is longer than any run of backticks inside."""
    fence = "`" * (max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _fenced(text: str, indent: str) -> Iterator[str]:
    fence = "`" * max(3, max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    yield f"{indent}{fence}sh"
    yield from (f"{indent}{line}" for line in text.split("\n"))
    yield f"{indent}{fence}"


def _report(shown: Outline) -> Iterator[str]:
    yield f"# kwhy: {shown.verdict.lower()}"
    yield ""
    yield escaped(shown.sentence)
    for cause in shown.causes:
        yield from _cause(cause)
    if shown.causes_left_out:
        yield ""
        yield f"{shown.causes_left_out} more causes are not shown."
    yield from _section("Unexplained", (_proof(line) for line in shown.unexplained))
    yield from _section("Contributing", (_proof(line) for line in shown.contributing))
    excluded = (
        f"- {code(each.code)} of {escaped(each.subject)}: " + "; ".join(_place(line) for line in each.because)
        for each in shown.ruled_out
    )
    yield from _section("Ruled out", excluded)
    still_open = (f"- {code(each.code)} of {escaped(each.subject)}: {escaped(each.missing)}" for each in shown.open)
    yield from _section("Not known", still_open)
    yield from _section("May be", (_proof(line) for line in shown.may_be))
    for number, step in enumerate(shown.next):
        yield from () if number else ("", "## Next", "")
        yield f"- On {escaped(step.where)}: {escaped(step.why)}"
        yield ""
        yield from _fenced(step.command, "  ")
    yield from _section("Notes", (f"- {escaped(note)}" for note in shown.notes))
    yield from ("", "## Read", "", escaped(shown.read))
    yield from _section("", (_proof(line) for line in shown.not_understood))
    yield from _section("Failed inside kwhy", (f"- {escaped(failure)}" for failure in shown.failed))


def _section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == 0:
            yield from ("", f"## {heading}", "") if heading else ("",)
        yield line


def _cause(cause: Cause) -> Iterator[str]:
    yield from ("", f"## {cause.heading.capitalize()} ({cause.percent} %): {escaped(cause.title)}", "")
    yield f"{code(cause.code)} of {escaped(cause.subject)}" + (f", since {cause.since}" if cause.since else "")
    yield from _part("Proof", (_proof(line) for line in cause.proof))
    yield from _part("Assumed", (f"- {escaped(assumption)}" for assumption in cause.assumed))
    yield from _part("Solved", (_proof(line) for line in cause.solved))
    yield from _part("Leads to", (_proof(line) for line in (*cause.chain, *cause.also)))
    yield from _part("Affected", (f"- {escaped(subject)}" for subject in cause.affected))
    for mend in cause.mends:
        yield from _mend(mend)


def _part(heading: str, lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == 0:
            yield from ("", f"**{heading}**", "")
        yield line


def _mend(mend: Mend) -> Iterator[str]:
    when = "Fix now" if mend.remedy.when == "now" else "For good"
    yield from ("", f"**{when}: {escaped(mend.title)}** (risk: {mend.remedy.risk})", "")
    for number, step in enumerate(mend.steps, 1):
        yield from _step(f"{number}.", step)
    for word, steps in (("Verify", mend.verify), ("Undo", mend.undo)):
        for step in steps:
            yield from _step(f"- {word}:", step)


def _step(mark: str, step: Do) -> Iterator[str]:
    yield f"{mark} {escaped(step.say)}"
    if step.command is not None:
        yield ""
        yield from _fenced(step.command, "   ")


def _proof(line: Line) -> str:
    excerpt = f"<br>{code(line.excerpt)}" if line.excerpt else ""
    return f"- {escaped(line.text)}{f' ({code(line.place)})' if line.place else ''}{excerpt}"


def _place(line: Line) -> str:
    return f"{escaped(line.text)} ({code(line.place)})"
