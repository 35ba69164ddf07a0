"""``kwhy inspect``."""

from __future__ import annotations

from argparse import Namespace

from kwhy.cli.output import complain, write_report
from kwhy.ingest.reading import NothingReadable, read
from kwhy.ingest.redact import redacted
from kwhy.reports.inspection import render_json, render_text


def run(options: Namespace) -> int:
    try:
        evidence = read([options.file])
    except NothingReadable as nothing:
        complain(str(nothing))
        return 2
    coverage = evidence.coverage()
    if options.format == "json":
        text = render_json(coverage, evidence.facts, evidence.unparsed, hide=redacted)
    else:
        text = render_text(coverage, evidence.facts, evidence.unparsed, every=options.all, hide=redacted)
    write_report(text, None)
    return 3 if evidence.failed else 0
