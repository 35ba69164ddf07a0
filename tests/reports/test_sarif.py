from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from kwhy.model.diagnosis import Diagnosis
from kwhy.reports import sarif


def run(diagnosis: Diagnosis) -> Any:
    log = json.loads(sarif.render(diagnosis))
    assert log["version"] == "2.1.0"
    return log["runs"][0]


def test_a_root_cause_is_an_error_at_its_proof_lines(explained: Diagnosis) -> None:
    (result,) = run(explained)["results"]
    assert result["ruleId"] == "cni.daemon-stuck-in-netlink"
    assert result["level"] == "error"
    assert result["rank"] == 96
    first = result["locations"][0]["physicalLocation"]
    assert first["artifactLocation"]["uri"] == "4-terwayd-goroutine.txt"
    assert first["region"]["startLine"] == 1
    assert [each["physicalLocation"]["artifactLocation"]["uri"] for each in result["relatedLocations"]] == [
        "3-terway-sigabrt.txt",
        "1-kubelet.log",
    ]


def test_an_unexplained_symptom_is_a_warning(unexplained: Diagnosis) -> None:
    assert [(each["ruleId"], each["level"]) for each in run(unexplained)["results"]] == [("node.pleg-stuck", "warning")]


def test_healthy_has_no_results(healthy: Diagnosis) -> None:
    assert run(healthy)["results"] == []


@pytest.mark.parametrize("name", ["explained", "unexplained", "hostile"])
def test_every_result_refers_to_a_described_rule(name: str, request: pytest.FixtureRequest) -> None:
    described = run(request.getfixturevalue(name))
    rules = described["tool"]["driver"]["rules"]
    assert [rules[each["ruleIndex"]]["id"] for each in described["results"]] == [
        each["ruleId"] for each in described["results"]
    ]


def test_a_source_with_unusual_characters_becomes_a_valid_uri(explained: Diagnosis) -> None:
    cause = explained.root_causes[0]
    at = cause.finding.evidence[0].at
    odd = type(at.document)("node n1/журнал#1.txt", b"")
    evidence = msgspec.structs.replace(cause.finding.evidence[0], at=odd.at(line=1))
    finding = msgspec.structs.replace(cause.finding, evidence=(evidence,))
    changed = msgspec.structs.replace(explained, root_causes=(msgspec.structs.replace(cause, finding=finding),))
    uri = run(changed)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "node%20n1/%D0%B6%D1%83%D1%80%D0%BD%D0%B0%D0%BB%231.txt"
