"""The causes as SARIF 2.1.0 (OASIS standard), for code hosts and viewers that show findings beside files."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from kwhy import __version__
from kwhy.model.condition import Condition
from kwhy.model.diagnosis import Diagnosis, Finding, RootCause
from kwhy.model.verdict import Evidence
from kwhy.reports.json import Json
from kwhy.reports.wording import one_line, printable, unfilled

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"root-cause": "error", "deepest-known": "warning"}


def render(diagnosis: Diagnosis, *, top: int | None = None) -> str:
    """``top`` limits the causes; unexplained symptoms and contributing weaknesses always follow."""
    causes = diagnosis.root_causes[: top or None]
    findings = {finding.id: finding for finding in diagnosis.findings}
    unexplained = [findings[name] for name in diagnosis.unexplained if name in findings]
    rules: dict[str, Condition] = {
        finding.condition.code: finding.condition
        for finding in (*(cause.finding for cause in causes), *unexplained, *diagnosis.contributing)
    }
    index = {name: number for number, name in enumerate(rules)}
    results = [_cause(cause, findings, index) for cause in causes]
    results += [_result(finding, "warning", index) for finding in unexplained]
    results += [_result(finding, "note", index) for finding in diagnosis.contributing]
    log: Json = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "kwhy",
                        "semanticVersion": __version__,
                        "rules": [
                            {"id": name, "shortDescription": {"text": unfilled(rule.summary)}}
                            for name, rule in rules.items()
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
                "properties": {"verdict": diagnosis.outcome},
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def _result(finding: Finding, level: str, index: dict[str, int]) -> dict[str, Json]:
    return {
        "ruleId": finding.condition.code,
        "ruleIndex": index[finding.condition.code],
        "level": level,
        "message": {"text": one_line(finding.title)},
        "locations": _locations(finding.evidence),
        "properties": {"subject": one_line(str(finding.subject))},
    }


def _cause(cause: RootCause, findings: dict[str, Finding], index: dict[str, int]) -> Json:
    result = _result(cause.finding, _LEVELS[cause.role], index)
    chain = [findings[name] for name in cause.chain if name in findings and name != cause.finding.id]
    related = [location for finding in chain for location in _locations(finding.evidence[:1], finding.title)]
    return {
        **result,
        "rank": round(cause.confidence * 100, 2),
        "relatedLocations": [{"id": number, **location} for number, location in enumerate(related)],
    }


def _locations(evidence: Iterable[Evidence], says: str | None = None) -> list[dict[str, Json]]:
    return [_location(each, says) for each in evidence]


def _location(evidence: Evidence, says: str | None) -> dict[str, Json]:
    at = evidence.at
    physical: dict[str, Json] = {"artifactLocation": {"uri": quote(printable(at.source))}}
    if at.line is not None:
        region: dict[str, Json] = {"startLine": at.line}
        if at.excerpt and at.path is None:  # of a structured document the excerpt is in our words
            region["snippet"] = {"text": printable(at.excerpt)}
        physical["region"] = region
    location: dict[str, Json] = {
        "physicalLocation": physical,
        "message": {"text": one_line(says or evidence.says or at.excerpt)},
    }
    if at.path:
        location["logicalLocations"] = [{"fullyQualifiedName": printable(at.path)}]
    return location
