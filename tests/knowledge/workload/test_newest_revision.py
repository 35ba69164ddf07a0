"""Revisions that fail beside a former one that works: recorded, as it is and with one thing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

CASE = "workload/newest_revision_fails"
REVIEWS = [("workload.newest-revision-fails", "Deployment/reviews/reviews")]
PODS, SETS = "objects/pods.json", "objects/replicasets.json"


def _with_pods(edit: Any) -> Files:
    files = objects_and_logs(recorded(CASE))
    change(files, PODS, lambda items: [edit(pod) for pod in items if pod["metadata"]["name"].startswith("reviews-")])
    return files


def _is_ready(pod: dict[str, Any]) -> bool:
    return bool(pod["status"]["containerStatuses"][0]["ready"])


def test_what_the_revision_changed_is_named_without_its_values(tmp_path: Path) -> None:
    diagnosis = diagnosed(objects_and_logs(recorded(CASE)), tmp_path)
    assert roots(diagnosis) == REVIEWS
    title = diagnosis.root_causes[0].finding.title
    assert "READY_AFTER" in title
    assert "recommendation model" not in title
    assert any(
        "--to-revision={former}" in (s.command or "") for r in diagnosis.root_causes[0].remedies for s in r.steps
    )


def test_pods_that_were_started_this_minute_have_not_failed_yet(tmp_path: Path) -> None:
    def just_started(pod: dict[str, Any]) -> None:
        if not _is_ready(pod):
            pod["status"]["startTime"] = "2026-11-22T02:25:20Z"

    assert "workload.newest-revision-fails" not in found(diagnosed(_with_pods(just_started), tmp_path))


def test_former_pods_on_another_node_prove_nothing(tmp_path: Path) -> None:
    def elsewhere(pod: dict[str, Any]) -> None:
        if _is_ready(pod):
            pod["spec"]["nodeName"] = "node-b"

    assert "workload.newest-revision-fails" not in found(diagnosed(_with_pods(elsewhere), tmp_path))


def test_former_pods_that_fail_as_well_acquit_the_revision(tmp_path: Path) -> None:
    def failing(pod: dict[str, Any]) -> None:
        pod["status"]["containerStatuses"][0]["ready"] = False

    assert "workload.newest-revision-fails" not in found(diagnosed(_with_pods(failing), tmp_path))


def test_equal_templates_acquit_the_revision(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(CASE))

    def same(items: list[Any]) -> None:
        for item in items:
            item["spec"]["template"]["spec"]["containers"][0].pop("env", None)

    change(files, SETS, same)
    assert "workload.newest-revision-fails" not in found(diagnosed(files, tmp_path))
