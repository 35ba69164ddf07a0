"""A workload at zero replicas answers a question, and is no failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, named, objects_and_logs, recorded, roots
from tests.harness.evidence import read_files

from kwhy.model.diagnosis import Diagnosis
from kwhy.model.subject import Subject
from kwhy.pipeline import diagnose_evidence

WEB = Subject("Deployment", "web", "homepage")


def at_zero() -> Files:
    files = objects_and_logs(recorded("healthy/nothing_wrong/single_node"))
    files = {name: data for name, data in files.items() if not name.startswith("logs/homepage")}

    def scale(items: list[Any]) -> None:
        web = named(items, "web")
        web["spec"]["replicas"] = 0
        web["status"] = {"observedGeneration": web["status"]["observedGeneration"], "conditions": []}

    change(files, "objects/deployments.json", scale)
    for name in ("objects/pods.json", "objects/endpointslices.discovery.k8s.io.json"):
        change(files, name, lambda items: items.__setitem__(slice(None), _others(items)))
    return files


def _others(items: list[Any]) -> list[Any]:
    return [item for item in items if item["metadata"]["namespace"] != WEB.namespace]


def asked(folder: Path, symptom: str | None = None, about: Subject | None = None) -> Diagnosis:
    return diagnose_evidence(read_files(at_zero(), folder), symptom=symptom, about=about)


def test_without_a_question_nothing_fails(tmp_path: Path) -> None:
    diagnosis = asked(tmp_path)
    assert roots(diagnosis) == []
    assert "workload.scaled-to-zero" in {finding.condition.code for finding in diagnosis.findings}


@pytest.mark.parametrize("words", ["web is unreachable", "homepage 的 web 无法访问", "web has no replicas"])
def test_a_question_in_words_is_answered(words: str, tmp_path: Path) -> None:
    assert roots(asked(tmp_path, words)) == [("workload.scaled-to-zero", "Deployment/homepage/web")]


def test_a_question_about_the_workload_is_answered(tmp_path: Path) -> None:
    assert roots(asked(tmp_path, about=WEB)) == [("workload.scaled-to-zero", "Deployment/homepage/web")]


def test_another_question_is_not(tmp_path: Path) -> None:
    assert roots(asked(tmp_path, "the certificate of web has expired")) == []
