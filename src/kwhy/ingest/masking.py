"""A diagnosis as it may be shown: secrets that its evidence may hold are masked in excerpts and sentences made from
them, and places inside JSON documents have their lines.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from kwhy.ingest.api.json_lines import Lines
from kwhy.ingest.redact import redacted as _redacted
from kwhy.model.diagnosis import Coverage, Diagnosis, Finding
from kwhy.model.document import Locator
from kwhy.model.trace import Trace, TraceStep
from kwhy.model.verdict import Evidence, Gap

#: A proof stands in several findings, and its sentence is the same in all of them.
redacted = lru_cache(maxsize=1024)(_redacted)
#: The format whose places are paths.
JSON = "api-objects-json"


def masked(diagnosis: Diagnosis) -> Diagnosis:
    """The same diagnosis with secrets masked in excerpts, titles, values and problems, and with lines."""
    lines = Lines()
    findings = {finding.id: _finding(finding, lines) for finding in diagnosis.findings}
    return msgspec.structs.replace(
        diagnosis,
        findings=tuple(findings.values()),
        root_causes=tuple(
            msgspec.structs.replace(
                cause,
                finding=findings.get(cause.finding.id) or _finding(cause.finding, lines),
                solved=cause.solved
                and msgspec.structs.replace(cause.solved, because=_all(cause.solved.because, lines)),
            )
            for cause in diagnosis.root_causes
        ),
        contributing=tuple(findings.get(finding.id) or _finding(finding, lines) for finding in diagnosis.contributing),
        links=tuple(msgspec.structs.replace(link, because=_all(link.because, lines)) for link in diagnosis.links),
        ruled_out=tuple(
            msgspec.structs.replace(item, because=_all(item.because, lines)) for item in diagnosis.ruled_out
        ),
        undetermined=tuple(
            msgspec.structs.replace(item, gaps=tuple(_gap(gap) for gap in item.gaps)) for item in diagnosis.undetermined
        ),
        coverage=_coverage(diagnosis.coverage),
        notes=tuple(redacted(note) for note in diagnosis.notes),
    )


def masked_trace(trace: Trace) -> Trace:
    """The same answer with secrets masked in sentences and excerpts, and with lines."""
    lines = Lines()

    def by(at: Locator | None) -> Locator | None:
        return None if at is None else _place(at, lines)

    def steps(given: tuple[TraceStep, ...]) -> tuple[TraceStep, ...]:
        return tuple(TraceStep(each.where, each.stage, redacted(each.says), by(each.at)) for each in given)

    ways = tuple(
        msgspec.structs.replace(way, why=redacted(way.why), by=by(way.by), there=steps(way.there), back=steps(way.back))
        for way in trace.ways
    )
    return msgspec.structs.replace(
        trace, says=redacted(trace.says), by=by(trace.by), checks=steps(trace.checks), ways=ways
    )


def _finding(finding: Finding, lines: Lines) -> Finding:
    return msgspec.structs.replace(
        finding,
        title=redacted(finding.title),
        evidence=_all(finding.evidence, lines),
        values={key: redacted(value) for key, value in finding.values.items()},
    )


def _all(because: tuple[Evidence, ...], lines: Lines) -> tuple[Evidence, ...]:
    return tuple(Evidence(_place(evidence.at, lines), redacted(evidence.says)) for evidence in because)


def _place(at: Locator, lines: Lines) -> Locator:
    line = at.line
    if line is None and at.path is not None and at.document.format == JSON:
        line = lines.of(at.document, at.path)
    return Locator(at.document, line, at.path, redacted(at.excerpt))


def _gap(gap: Gap) -> Gap:
    return msgspec.structs.replace(gap, what=redacted(gap.what))


def _coverage(coverage: Coverage) -> Coverage:
    documents = tuple(
        msgspec.structs.replace(document, problems=tuple(redacted(problem) for problem in document.problems))
        for document in coverage.documents
    )
    return msgspec.structs.replace(coverage, documents=documents)
