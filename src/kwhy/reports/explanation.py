"""A condition explained from its own code: what `kwhy explain` prints is what docs/rules holds."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from kwhy.model.condition import Condition, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import Given, Rule
from kwhy.reports.json import Json
from kwhy.reports.wording import unfilled

AnyRule: TypeAlias = Rule[Any]

# "How it shows:", "Source: kubelet, pkg/kubelet/pleg/generic.go, v1.34": the headings of a rule's docstring
_HEADING = expression(r"^(What it means|How it shows|What looks like it|How to fix|Source)s?:?[ \t]*(.*)$")
_BLANKS = expression(r"\n{3,}")
_ROW = expression(r"([A-Z]+)(\d+)")


def conditions_of(rules: Iterable[AnyRule]) -> dict[str, Condition]:
    """Every condition that a rule judges or leads to, by code, in order of codes."""
    found = {rule.condition.code: rule.condition for rule in rules}
    return dict(sorted(found.items()))


def needs_of(rule: AnyRule) -> list[str]:
    """What a rule looks at, in words: its inputs' own first lines."""
    subject, *inputs = inspect.signature(rule.judge).parameters.values()
    needs = [each.default.needs for each in inputs if isinstance(each.default, Given)]
    if str(subject.annotation) != "Subject":
        needs.insert(0, f"the {rule.condition.kind}, as any document shows it")
    return list(dict.fromkeys(needs))


def row_order(row: str) -> tuple[str, int]:
    """Rows as people count: N2 before N10."""
    match = _ROW.fullmatch(row)
    return (match[1], int(match[2])) if match else (row, 0)


def rows_of(rules: Iterable[AnyRule]) -> list[str]:
    """The field rows that the rules implement, in order."""
    return sorted({row for rule in rules for row in rule.rows}, key=row_order)


def catalogue_entries(rules: Sequence[AnyRule]) -> list[Json]:
    """`kwhy explain --list --format json`."""
    return [
        {
            "condition": code,
            "title": unfilled(condition.title),
            "layer": condition.layer,
            "nature": condition.nature.value,
            "rows": rows_of(_judging(code, rules)),
            "needs": list(dict.fromkeys(need for rule in _judging(code, rules) for need in needs_of(rule))),
            "remedies": [remedy.id for remedy in condition.remedies],
        }
        for code, condition in conditions_of(rules).items()
    ]


def page(code: str, rules: Sequence[AnyRule]) -> str | None:
    """The page of one condition as Markdown; None where no rule judges it."""
    condition = conditions_of(rules).get(code)
    return None if condition is None else _BLANKS.sub("\n\n", "\n".join(_page(condition, rules))) + "\n"


def _judging(code: str, rules: Iterable[AnyRule]) -> list[AnyRule]:
    return [rule for rule in rules if rule.condition.code == code]


def _page(condition: Condition, rules: Sequence[AnyRule]) -> Iterator[str]:
    judging = _judging(condition.code, rules)
    rows = rows_of(judging)
    yield f"# {condition.code}"
    yield from ("", unfilled(condition.title), "", unfilled(condition.summary), "")
    yield f"- Judged for: {condition.kind}"
    yield f"- Nature: {condition.nature.value}"
    if any(rule.symptom for rule in judging):
        yield "- Symptom: found without being asked for"
    if rows:
        yield f"- Field rows: {', '.join(rows)}"
    for rule in judging:
        yield from _rule(rule, several=len(judging) > 1)
    yield from _links(condition, rules)
    for remedy in condition.remedies:
        yield from _remedy(remedy)


def _rule(rule: AnyRule, *, several: bool) -> Iterator[str]:
    level = "##"
    if several:
        yield from ("", f"## Judged by {rule.judge.__name__.replace('_', ' ')}")
        level = "###"
    yield ""
    for line in inspect.cleandoc(rule.judge.__doc__ or "").splitlines():
        heading = _HEADING.match(line)
        if heading is None:
            yield line
        else:
            yield from ("", f"{level} {heading[1]}", "")
            yield from [heading[2]] if heading[2] else []
    needs = needs_of(rule)
    if needs:
        yield from ("", f"{level} What it needs", "")
        yield from (f"- {need}" for need in needs)


def _links(condition: Condition, rules: Sequence[AnyRule]) -> Iterator[str]:
    effects = {
        (lead.effect.code, lead.via.name, lead.worsens)
        for rule in _judging(condition.code, rules)
        for lead in rule.leads
    }
    causes = {
        (rule.condition.code, lead.via.name, lead.worsens)
        for rule in rules
        for lead in rule.leads
        if lead.effect.code == condition.code
    }
    for heading, links in (("Leads to", effects), ("May come from", causes)):
        if links:
            yield from ("", f"## {heading}", "")
            yield from (
                f"- {code} (by {via}{', makes it worse' if worsens else ''})" for code, via, worsens in sorted(links)
            )


def _remedy(remedy: Remedy) -> Iterator[str]:
    when = "Fix now" if remedy.when == "now" else "For good"
    yield from ("", f"## {when}: {unfilled(remedy.title)}", "", f"Risk: {remedy.risk}", "")
    for number, step in enumerate(remedy.steps, 1):
        yield from _step(f"{number}.", step)
    for word, steps in (("Verify", remedy.verify), ("Undo", remedy.undo)):
        for step in steps:
            yield from _step(f"- {word}:", step)


def _step(mark: str, step: Step) -> Iterator[str]:
    yield f"{mark} {unfilled(step.say)}"
    if step.command is not None:
        yield from ("", *(f"       {line}" for line in unfilled_command(step.command)), "")


def unfilled_command(template: str) -> list[str]:
    return [unfilled(line) for line in template.split("\n")]
