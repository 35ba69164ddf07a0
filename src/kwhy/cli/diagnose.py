"""``kwhy diagnose``."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from kwhy.cli.output import coloured, complain, progress, width, write_report
from kwhy.model.diagnosis import Diagnosis

#: --fail-on likely: more likely than not.
LIKELY = 0.5


def run(options: Namespace) -> int:
    sources: list[str] = options.sources or ["cluster"]
    clusters = [source for source in sources if source == "cluster" or source.startswith("cluster:")]
    if len(clusters) > 1:
        complain(f"{', '.join(clusters)}: one cluster at a time; objects of several would be taken for one another's")
        return 2
    if options.expect is not None and not (Path(options.expect).is_file() and os.access(options.expect, os.R_OK)):
        complain(f"--expect {options.expect}: there is no such file, or it may not be read")
        return 2
    return report(sources, options, about=True)


def report(sources: list[str], options: Namespace, *, about: bool) -> int:
    """Diagnose, print, and say by the exit status what was asked."""
    from kwhy.cli.collect import live_options
    from kwhy.ingest.reading import NothingReadable
    from kwhy.pipeline import diagnose

    show = progress(options.quiet)
    try:
        diagnosis = diagnose(
            sources,
            as_of=options.as_of,
            about=options.about if about else None,
            symptom=options.symptom if about else None,
            progress=show,
            live=live_options(options) if about else None,
            expect=Path(options.expect) if about and options.expect is not None else None,
        )
    except NothingReadable as nothing:
        complain(str(nothing))
        return 2
    finally:
        if show:
            show("")
    text = rendered(diagnosis, options)
    try:
        write_report(text, options.output)
    except OSError as error:
        complain(f"the report could not be written to {options.output}: {error.strerror}")
        return 2
    return status(diagnosis, options.fail_on)


def rendered(diagnosis: Diagnosis, options: Namespace) -> str:
    """Only the chosen format is imported."""
    match options.format:
        case "json":
            from kwhy.reports import json

            return json.render(diagnosis, top=options.top)
        case "markdown":
            from kwhy.reports import markdown

            return markdown.render(diagnosis, top=options.top)
        case "html":
            from kwhy.reports import html

            return html.render(diagnosis, top=options.top)
        case "sarif":
            from kwhy.reports import sarif

            return sarif.render(diagnosis, top=options.top)
        case _:
            import sys

            from kwhy.reports import text

            colour = options.output is None and coloured(sys.stdout)
            return text.render(diagnosis, width=width(), colour=colour, top=options.top, why_not=options.why_not)


def status(diagnosis: Diagnosis, fail_on: str) -> int:
    """The exit status by contract; a defect of kwhy outranks what it found."""
    if diagnosis.coverage.failed_rules:
        return 3
    likely = any(cause.role == "root-cause" and cause.confidence > LIKELY for cause in diagnosis.root_causes)
    anything = bool(diagnosis.root_causes or diagnosis.unexplained)
    return int((fail_on == "likely" and likely) or (fail_on == "any" and anything))
