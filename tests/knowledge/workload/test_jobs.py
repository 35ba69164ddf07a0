"""Jobs that failed: recorded ones, as they are and with one thing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

DEADLINE = "workload/job_deadline_passed"
RETRIES = "workload/job_failed/migration"
DUMP = "Job/exports/dump"


def _changed(name: str, document: str, edit: Any) -> Files:
    files = objects_and_logs(recorded(name))
    change(files, document, edit)
    return files


def test_a_job_that_was_stopped_while_it_ran_needed_more_time(tmp_path: Path) -> None:
    assert roots(diagnosed(objects_and_logs(recorded(DEADLINE)), tmp_path)) == [("workload.job-deadline-passed", DUMP)]


def test_a_job_whose_pod_had_no_image_did_not_need_more_time(tmp_path: Path) -> None:
    def not_pulled(items: list[Any]) -> None:
        for event in items:
            if event["reason"] == "Started":
                event.update({"reason": "Failed", "type": "Warning", "message": "Error: ImagePullBackOff"})

    diagnosis = diagnosed(_changed(DEADLINE, "objects/events.json", not_pulled), tmp_path)
    assert roots(diagnosis) == []
    assert "workload.job-failed" in found(diagnosis)


def test_without_the_events_of_its_pods_nobody_knows_whether_it_ran(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(DEADLINE))
    files.pop("objects/events.json")
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert any("events" in step.command for step in diagnosis.next_steps)


def test_a_described_job_is_enough(tmp_path: Path) -> None:
    files = {n: d for n, d in recorded(DEADLINE).items() if n.startswith("describe/")}
    assert roots(diagnosed(files, tmp_path)) == [("workload.job-deadline-passed", DUMP)]


def test_each_attempt_of_a_job_that_retries_is_traced_to_how_its_program_ended(tmp_path: Path) -> None:
    diagnosis = diagnosed(objects_and_logs(recorded(RETRIES)), tmp_path)
    (first, *_) = [c for c in diagnosis.root_causes if c.finding.condition.code == "container.exits-with-error"]
    assert "workload.job-failed" in {f.condition.code for f in diagnosis.findings if f.id in first.explains}


def test_an_attempt_that_ran_out_of_memory_is_blamed_on_its_limit(tmp_path: Path) -> None:
    def killed(items: list[Any]) -> None:
        for pod in items:
            terminated = pod["status"]["containerStatuses"][0]["state"]["terminated"]
            terminated.update({"reason": "OOMKilled", "exitCode": 137})
            pod["spec"]["containers"][0]["resources"]["limits"] = {"memory": "16Mi"}

    files = {n: d for n, d in _changed(RETRIES, "objects/pods.json", killed).items() if n.startswith("objects/")}
    assert roots(diagnosed(files, tmp_path)) == [("container.out-of-memory", "Job/schema/migrate")]


def test_a_job_that_completes_after_failed_attempts_is_well(tmp_path: Path) -> None:
    def completed(items: list[Any]) -> None:
        items[0]["status"]["conditions"] = [{"type": "Complete", "status": "True"}]

    diagnosis = diagnosed(_changed(RETRIES, "objects/jobs.json", completed), tmp_path)
    assert "workload.job-failed" not in found(diagnosis)
