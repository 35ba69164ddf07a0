"""A diagnosis without the secrets that its evidence may hold: excerpts and sentences made from them are masked."""

from __future__ import annotations

import msgspec

from kwhy.ingest.redact import redacted
from kwhy.model.diagnosis import Coverage, Diagnosis, Finding
from kwhy.model.document import Locator
from kwhy.model.verdict import Evidence, Gap


def masked(diagnosis: Diagnosis) -> Diagnosis:
    """The same diagnosis with secrets masked in excerpts, titles, values and problems of parsing."""
    findings = {finding.id: _finding(finding) for finding in diagnosis.findings}
    return msgspec.structs.replace(
        diagnosis,
        findings=tuple(findings.values()),
        root_causes=tuple(
            msgspec.structs.replace(cause, finding=findings.get(cause.finding.id) or _finding(cause.finding))
            for cause in diagnosis.root_causes
        ),
        contributing=tuple(findings.get(finding.id) or _finding(finding) for finding in diagnosis.contributing),
        links=tuple(msgspec.structs.replace(link, because=_all(link.because)) for link in diagnosis.links),
        ruled_out=tuple(msgspec.structs.replace(item, because=_all(item.because)) for item in diagnosis.ruled_out),
        undetermined=tuple(
            msgspec.structs.replace(item, gaps=tuple(_gap(gap) for gap in item.gaps)) for item in diagnosis.undetermined
        ),
        coverage=_coverage(diagnosis.coverage),
    )


def _finding(finding: Finding) -> Finding:
    return msgspec.structs.replace(
        finding,
        title=redacted(finding.title),
        evidence=_all(finding.evidence),
        values={key: redacted(value) for key, value in finding.values.items()},
    )


def _all(because: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    return tuple(Evidence(_place(evidence.at), redacted(evidence.says)) for evidence in because)


def _place(at: Locator) -> Locator:
    return Locator(at.document, at.line, at.path, redacted(at.excerpt))


def _gap(gap: Gap) -> Gap:
    return msgspec.structs.replace(gap, what=redacted(gap.what))


def _coverage(coverage: Coverage) -> Coverage:
    documents = tuple(
        msgspec.structs.replace(document, problems=tuple(redacted(problem) for problem in document.problems))
        for document in coverage.documents
    )
    return msgspec.structs.replace(coverage, documents=documents)
