"""Servers that take no writes: by their own setting, or as replicas that nobody should write to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

REFUSED = "dependency.writes-refused"
READ_ONLY = "dependency/writes_refused/mysql_read_only"
REPLICA = "dependency/writes_refused/mysql_replica"


@pytest.mark.parametrize(
    ("case", "subject"),
    [
        ("mysql_read_only", "Deployment/db-readonly/mysql"),
        ("postgresql", "Deployment/pg-readonly/postgres"),
        ("mysql_replica", "Deployment/db-replica/orders-go"),
        ("redis_replica", "Deployment/cache-replica/orders-go"),
    ],
)
def test_the_server_is_to_blame_unless_it_is_a_replica(case: str, subject: str, tmp_path: Path) -> None:
    files = objects_and_logs(recorded(f"dependency/writes_refused/{case}"))
    found_roots = roots(diagnosed(files, tmp_path))
    assert (REFUSED, subject) in found_roots
    assert {code for code, _ in found_roots} == {REFUSED}


def without_flag(files: Files) -> Files:
    def edit(items: list[Any]) -> None:
        for pod in items:
            container = pod["spec"]["containers"][0]
            container["args"] = [word for word in container.get("args", ()) if "read-only" not in word]

    change(files, "objects/pods.json", edit)
    return files


def test_a_server_that_became_read_only_by_itself_is_not_explained(tmp_path: Path) -> None:
    diagnosis = diagnosed(without_flag(objects_and_logs(recorded(READ_ONLY))), tmp_path)
    assert REFUSED not in found(diagnosis)
    assert any("df -h" in step.command for step in diagnosis.next_steps)


def test_read_only_switched_off_is_no_read_only(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(READ_ONLY))
    files["objects/pods.json"] = files["objects/pods.json"].replace(b"--read-only=1", b"--read-only=0")
    assert REFUSED not in found(diagnosed(files, tmp_path))


def test_without_the_other_workloads_a_replica_is_known_by_what_it_follows(tmp_path: Path) -> None:
    name = "dependency/writes_refused/redis_replica"
    files = objects_and_logs(recorded(name))
    change(files, "objects/pods.json", lambda items: items.remove(_pod(items, "sessions")))
    assert {subject for _, subject in roots(diagnosed(files, tmp_path))} >= {"Deployment/cache-replica/orders-go"}


def _pod(items: list[Any], prefix: str) -> Any:
    return next(pod for pod in items if pod["metadata"]["name"].startswith(prefix))
