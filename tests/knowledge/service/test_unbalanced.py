"""States that somebody chose answer a question about balance, and are no failures without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, named, recorded, roots
from tests.harness.evidence import read_files

from kwhy.model.diagnosis import Diagnosis
from kwhy.model.subject import Subject
from kwhy.pipeline import diagnose_evidence

SERVICES = "objects/services.json"
QUOTES = "Service/quotes/quotes"


def headless() -> Files:
    files = recorded("service/headless/one_client_one_pod")
    return {name: data for name, data in files.items() if name.startswith(("objects/", "logs/"))}


def asked(files: Files, folder: Path, symptom: str | None = None, about: Subject | None = None) -> Diagnosis:
    return diagnose_evidence(read_files(files, folder), symptom=symptom, about=about)


@pytest.mark.parametrize("words", ["quotes does not balance its load", "负载不均衡", "requests all go to the same pod"])
def test_a_headless_service_answers_a_question_about_balance(words: str, tmp_path: Path) -> None:
    diagnosis = asked(headless(), tmp_path, words)
    assert roots(diagnosis) == [("service.headless", QUOTES)]
    assert diagnosis.outcome == "explained"


def test_a_question_about_the_object_itself_is_answered_too(tmp_path: Path) -> None:
    diagnosis = asked(headless(), tmp_path, about=Subject("Service", "quotes", "quotes"))
    assert roots(diagnosis) == [("service.headless", QUOTES)]


@pytest.mark.parametrize("words", [None, "quotes is not reachable", "no balance in service ledger of namespace bank"])
def test_it_is_no_cause_of_anything_else(words: str | None, tmp_path: Path) -> None:
    files = headless()

    def another(items: list[Any]) -> None:
        twin = {**named(items, "quotes"), "metadata": {"name": "ledger", "namespace": "bank", "uid": "b"}}
        items.append({**twin, "spec": {**twin["spec"], "clusterIP": "10.96.0.77"}})

    change(files, SERVICES, another)
    assert [root for root in roots(asked(files, tmp_path, words)) if words is None or "ledger" not in words] == []


def test_session_affinity_answers_where_the_service_has_an_address(tmp_path: Path) -> None:
    files = headless()

    def sticky(items: list[Any]) -> None:
        named(items, "quotes")["spec"].update(clusterIP="10.96.0.78", sessionAffinity="ClientIP")

    change(files, SERVICES, sticky)
    diagnosis = asked(files, tmp_path, "quotes does not balance its load")
    assert roots(diagnosis) == [("service.session-affinity", QUOTES)]


def test_one_pod_leaves_nothing_to_balance(tmp_path: Path) -> None:
    files = headless()

    def one(items: list[Any]) -> None:
        items[:] = [pod for pod in items if not pod["metadata"]["name"].startswith("quotes-")] + [
            next(pod for pod in items if pod["metadata"]["name"].startswith("quotes-"))
        ]

    change(files, "objects/pods.json", one)
    assert roots(asked(files, tmp_path, "quotes does not balance its load")) == []


def test_without_the_pods_it_stays_open_and_names_what_to_ask(tmp_path: Path) -> None:
    files = {SERVICES: headless()[SERVICES]}
    diagnosis = asked(files, tmp_path, "quotes does not balance its load")
    assert roots(diagnosis) == []
    assert "service.headless" in {item.condition.code for item in diagnosis.undetermined}
