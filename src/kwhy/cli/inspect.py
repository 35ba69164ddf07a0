"""``kwhy inspect``."""

from __future__ import annotations

from argparse import Namespace

from kwhy.cli.output import complain, width, write_report
from kwhy.ingest.reading import NothingReadable, read
from kwhy.ingest.redact import redacted
from kwhy.inspecting.parts import SHOWN
from kwhy.model.inspection import Part, RouteQuestion
from kwhy.pipeline import inspect_evidence, routes_to
from kwhy.reports.inspection import render_json, render_text

#: Rows of each part, unless all are asked for.
ROWS_SHOWN = 8


def run(options: Namespace) -> int:
    question = _question(options)
    if question is None and (options.route_from or options.iif or options.mark is not None):
        complain("--from, --iif and --mark say more about --route-to ADDRESS, which is missing")
        return 2
    try:
        evidence = read(options.files)
    except NothingReadable as nothing:
        complain(str(nothing))
        return 2
    answers: list[Part] = []
    if question is not None:
        try:
            answers = routes_to(evidence, question)
        except ValueError as error:
            complain(f"--route-to: {error}")
            return 2
        if not answers:
            complain(f"--route-to {question.destination}: no document holds rules or routes (`ip rule`, `ip route`)")
            return 2
    parts = [*answers, *inspect_evidence(evidence, None if options.all else ROWS_SHOWN)]
    coverage = evidence.coverage()
    if options.format == "json":
        text = render_json(coverage, parts, evidence.facts, evidence.unparsed, hide=redacted)
    else:
        rest = {kind: facts for kind, facts in evidence.facts.items() if options.all or kind not in SHOWN}
        text = render_text(coverage, parts, rest, evidence.unparsed, every=options.all, hide=redacted, width=width())
    write_report(text, None)
    return 3 if evidence.failed else 0


def _question(options: Namespace) -> RouteQuestion | None:
    if options.route_to is None:
        return None
    return RouteQuestion(options.route_to, options.route_from, options.iif, options.mark or 0)
