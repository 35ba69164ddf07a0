"""The report for programs: the contract ``kwhy/diagnosis/v1``, described by ``diagnosis.schema.json``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from kwhy import __version__
from kwhy.model.condition import Condition
from kwhy.model.diagnosis import Diagnosis, DocumentCoverage, Finding, RootCause
from kwhy.model.subject import Subject
from kwhy.model.time import Moment, iso
from kwhy.model.verdict import Evidence
from kwhy.reports.wording import Do, mend, printable

Json: TypeAlias = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None

SCHEMA = "kwhy/diagnosis/v1"


def render(diagnosis: Diagnosis, *, top: int | None = None) -> str:
    """``top`` limits ``root_causes``; None and 0 give all."""
    return msgspec.json.format(msgspec.json.encode(_diagnosis(diagnosis, top or None)), indent=2).decode() + "\n"


def _diagnosis(diagnosis: Diagnosis, top: int | None) -> Json:
    coverage = diagnosis.coverage
    return {
        "schema": SCHEMA,
        "kwhy": __version__,
        "as_of": None if diagnosis.as_of is None else iso(diagnosis.as_of),
        "verdict": diagnosis.outcome,
        "root_causes": [_root(cause) for cause in diagnosis.root_causes[:top]],
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "contributing": [_finding(finding) for finding in diagnosis.contributing],
        "links": [
            {"cause": link.cause, "effect": link.effect, "via": link.via, "because": _evidence(link.because)}
            for link in diagnosis.links
        ],
        "ruled_out": [
            {**_judged(each.condition, each.subject), "because": _evidence(each.because)}
            for each in diagnosis.ruled_out
        ],
        "undetermined": [
            {
                **_judged(each.condition, each.subject),
                "missing": [printable(gap.what) for gap in each.gaps],
                "probe": list(dict.fromkeys(printable(call.command) for gap in each.gaps for call in gap.probes)),
            }
            for each in diagnosis.undetermined
        ],
        "unexplained": list(diagnosis.unexplained),
        "hypotheses": [
            {
                "conditions": [_judged(condition, subject) for condition, subject in each.conditions],
                "accounts_for": list(each.accounts_for),
            }
            for each in diagnosis.hypotheses
        ],
        "next_steps": [
            {
                "command": printable(step.command),
                "where": printable(step.where),
                "why": printable(step.why),
                "separates": list(step.separates),
                "cost": step.cost,
                "risk": step.risk,
            }
            for step in diagnosis.next_steps
        ],
        "coverage": {
            "documents": [_document(document) for document in coverage.documents],
            "unrecognised": [printable(source) for source in coverage.unrecognised],
            "failed_rules": [printable(failure) for failure in coverage.failed_rules],
            "bytes_read": coverage.bytes_read,
        },
        "notes": [printable(note) for note in diagnosis.notes],
    }


def _root(cause: RootCause) -> Json:
    finding = cause.finding
    remedies = [mend(remedy, finding.values, finding.subject) for remedy in cause.remedies]
    return {
        "id": finding.id,
        "rank": cause.rank,
        "role": cause.role,
        **_judged(finding.condition, finding.subject),
        "title": printable(finding.title),
        "confidence": round(cause.confidence, 4),
        "basis": finding.basis.value,
        "since": _since(finding.since),
        "since_between": _bounds(finding.since),
        "evidence": _evidence(finding.evidence),
        "explains": list(cause.explains),
        "chain": list(cause.chain),
        "affected": [_subject(subject) for subject in finding.affected],
        "assumed": [printable(assumption) for assumption in cause.assumed],
        "solved": None
        if cause.solved is None
        else {"at": printable(cause.solved.at), "evidence": _evidence(cause.solved.because)},
        "remedies": [
            {
                "id": each.remedy.id,
                "title": each.title,
                "when": each.remedy.when,
                "risk": each.remedy.risk,
                "steps": _steps(each.steps),
                "verify": _steps(each.verify),
                "undo": _steps(each.undo),
            }
            for each in remedies
        ],
        "docs": finding.condition.code,
    }


def _finding(finding: Finding) -> Json:
    return {
        "id": finding.id,
        **_judged(finding.condition, finding.subject),
        "title": printable(finding.title),
        "evidence": _evidence(finding.evidence),
        "symptom": finding.symptom,
        "basis": finding.basis.value,
        "since": _since(finding.since),
        "since_between": _bounds(finding.since),
        "affected": [_subject(subject) for subject in finding.affected],
    }


def _judged(condition: Condition, subject: Subject) -> dict[str, Json]:
    return {"condition": condition.code, "subject": _subject(subject)}


def _subject(subject: Subject) -> Json:
    return {
        "kind": printable(subject.kind),
        "namespace": None if subject.namespace is None else printable(subject.namespace),
        "name": printable(subject.name),
        "node": None if subject.node is None else printable(subject.node),
    }


def _evidence(evidence: Iterable[Evidence]) -> list[Json]:
    return [
        {
            "source": printable(each.at.source),
            "line": each.at.line,
            "path": None if each.at.path is None else printable(each.at.path),
            "excerpt": printable(each.at.excerpt),
            "says": printable(each.says),
        }
        for each in evidence
    ]


def _steps(steps: Iterable[Do]) -> list[Json]:
    return [{"say": step.say, "command": [] if step.command is None else [step.command]} for step in steps]


def _since(moment: Moment) -> str | None:
    """The latest moment at which it can have begun; None where only an earlier bound is known, or nothing."""
    return None if moment.latest is None else iso(moment.latest)


def _bounds(moment: Moment) -> Json:
    return [None if bound is None else iso(bound) for bound in (moment.earliest, moment.latest)]


def _document(document: DocumentCoverage) -> Json:
    return {
        "source": printable(document.source),
        "format": document.format,
        "facts": document.facts,
        "unparsed": document.unparsed,
        "problems": [printable(problem) for problem in document.problems],
    }
