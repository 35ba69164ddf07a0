"""CronJobs that start no runs: recorded ones, as they are and with one thing changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, recorded, roots

FORBID = "workload/cronjob_run_never_ends"
LATE = "workload/cronjob_start_missed"
CRONJOBS = "objects/cronjobs.json"
CLOSE_DAY = "CronJob/invoices/close-day"
PULL_PRICES = "CronJob/imports/pull-prices"


def _objects(name: str, edit: Any) -> Files:
    files = {n: data for n, data in recorded(name).items() if n.startswith("objects/")}
    change(files, CRONJOBS, edit)
    return files


def _spec(**fields: object) -> Any:
    return lambda items: items[0]["spec"].update(fields)


def test_a_suspended_cronjob_is_no_failure_and_is_mentioned(tmp_path: Path) -> None:
    diagnosis = diagnosed(_objects(LATE, _spec(suspend=True)), tmp_path)
    assert roots(diagnosis) == []
    assert "workload.cronjob-not-running" not in found(diagnosis)
    (title,) = [f.title for f in diagnosis.findings if f.condition.code == "workload.cronjob-suspended"]
    assert "2026-11-21T23:23:59Z" in title


def test_a_run_that_was_due_and_never_came_is_seen_without_any_event(tmp_path: Path) -> None:
    diagnosis = diagnosed(_objects(LATE, lambda items: None), tmp_path)
    assert roots(diagnosis) == [("workload.cronjob-start-missed", CLOSE_DAY)]


def test_without_a_deadline_nobody_knows_why_the_run_did_not_come(tmp_path: Path) -> None:
    diagnosis = diagnosed(_objects(LATE, lambda items: items[0]["spec"].pop("startingDeadlineSeconds")), tmp_path)
    assert roots(diagnosis) == []
    assert "workload.cronjob-not-running" in found(diagnosis)


@pytest.mark.parametrize("schedule", ["0 3 * * *", "30 4 1 * *", "@daily", "0 0 29 2 *"])
def test_a_run_that_may_not_be_due_yet_in_some_zone_is_not_missed(schedule: str, tmp_path: Path) -> None:
    assert found(diagnosed(_objects(LATE, _spec(schedule=schedule)), tmp_path)) == set()


def test_the_zone_that_is_stated_decides(tmp_path: Path) -> None:
    """The last run began at 23:23 UTC; evidence is of 02:25 UTC."""
    due = _spec(schedule="10 3 * * *", timeZone="Europe/Rome")
    assert roots(diagnosed(_objects(LATE, due), tmp_path / "rome")) == [("workload.cronjob-start-missed", CLOSE_DAY)]
    not_yet = _spec(schedule="10 3 * * *", timeZone="UTC")
    assert found(diagnosed(_objects(LATE, not_yet), tmp_path / "utc")) == set()


def test_a_run_that_never_ends_keeps_the_next_ones_waiting(tmp_path: Path) -> None:
    diagnosis = diagnosed(_objects(FORBID, lambda items: None), tmp_path)
    assert roots(diagnosis) == [("workload.cronjob-run-never-ends", PULL_PRICES)]


def test_a_run_whose_pod_has_no_image_is_blamed_on_the_image(tmp_path: Path) -> None:
    files = _objects(FORBID, lambda items: None)

    def waiting(items: list[Any]) -> None:
        status = items[0]["status"]
        status["phase"] = "Pending"
        message = 'failed to pull image "x": registry.lab.example/x:1: not found'
        state = {"waiting": {"reason": "ImagePullBackOff", "message": message}}
        status["containerStatuses"][0].update({"state": state, "ready": False, "started": False})

    change(files, "objects/pods.json", waiting)
    diagnosis = diagnosed(files, tmp_path)
    assert "workload.cronjob-run-never-ends" not in {code for code, _ in roots(diagnosis)}
    assert "image.not-pulled" in found(diagnosis)


def test_one_run_that_is_left_out_is_what_forbid_is_for(tmp_path: Path) -> None:
    files = _objects(FORBID, lambda items: None)

    def once(items: list[Any]) -> None:
        for event in items:
            if event["reason"] == "JobAlreadyActive":
                event["count"] = 1

    change(files, "objects/events.json", once)
    assert roots(diagnosed(files, tmp_path)) == []


@pytest.mark.parametrize(
    ("reason", "message", "expected"),
    [
        (
            "UnknownTimeZone",
            'invalid timeZone: "Europe/Rom": unknown time zone Europe/Rom',
            "workload.cronjob-schedule-invalid",
        ),
        (
            "FailedNeedsStart",
            "Cannot determine if job needs to be started: too many missed start time (> 100). Set or decrease "
            ".spec.startingDeadlineSeconds or check clock skew",
            "workload.cronjob-start-missed",
        ),
    ],
)
def test_the_controllers_own_words_name_the_cause(reason: str, message: str, expected: str, tmp_path: Path) -> None:
    """Texts: Kubernetes v1.34 pkg/controller/cronjob/cronjob_controllerv2.go, v1.18 cronjob_controller.go."""
    files = _objects(FORBID, lambda items: items[0]["status"].pop("active"))

    def say(items: list[Any]) -> None:
        for event in items:
            if event["reason"] == "JobAlreadyActive":
                event.update({"reason": reason, "message": message, "type": "Warning"})

    change(files, "objects/events.json", say)
    for name in ("objects/pods.json", "objects/jobs.json"):
        files.pop(name)
    assert roots(diagnosed(files, tmp_path)) == [(expected, PULL_PRICES)]


def test_a_described_cronjob_says_enough(tmp_path: Path) -> None:
    files = {n: d for n, d in recorded(FORBID).items() if n.startswith("describe/cronjobs")}
    assert roots(diagnosed(files, tmp_path)) == [("workload.cronjob-run-never-ends", PULL_PRICES)]


def test_a_cronjob_of_another_group_is_something_else(tmp_path: Path) -> None:
    files = recorded(LATE)
    listing = json.loads(files[CRONJOBS])
    for item in listing["items"]:
        item["apiVersion"] = "example.com/v1"
    files = {CRONJOBS: json.dumps(listing).encode()}
    assert found(diagnosed(files, tmp_path)) == set()
