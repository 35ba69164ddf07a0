"""Servers without a connection left: the one client that may take them all, or nobody that is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.harness.changed import diagnosed, found, objects_and_logs, recorded, roots

HOLDS = "dependency.holds-connections"
FULL = "dependency.connections-exhausted"


@pytest.mark.parametrize(
    ("case", "subject"),
    [
        ("mysql", "Deployment/db-full/batch"),
        ("postgresql", "Deployment/pg-full/batch"),
        ("redis", "Deployment/cache-full/batch"),
    ],
)
def test_the_client_that_may_take_them_all_is_to_blame(case: str, subject: str, tmp_path: Path) -> None:
    files = objects_and_logs(recorded(f"dependency/holds_connections/{case}"))
    assert roots(diagnosed(files, tmp_path)) == [(HOLDS, subject)]


def test_a_pool_below_the_limit_is_not_to_blame(tmp_path: Path) -> None:
    files = objects_and_logs(recorded("dependency/holds_connections/mysql"))
    files["objects/pods.json"] = files["objects/pods.json"].replace(b'"value": "14"', b'"value": "4"')
    diagnosis = diagnosed(files, tmp_path)
    assert HOLDS not in found(diagnosis)
    assert FULL in found(diagnosis)
    assert any("PROCESSLIST" in step.command for step in diagnosis.next_steps)


def test_without_the_limit_it_is_not_known_who_holds_them(tmp_path: Path) -> None:
    files = objects_and_logs(recorded("dependency/holds_connections/mysql"))
    files["objects/pods.json"] = files["objects/pods.json"].replace(b"--max-connections=12", b"--log-warnings=3")
    assert HOLDS not in found(diagnosed(files, tmp_path))


def test_reserved_connections_are_none_for_clients(tmp_path: Path) -> None:
    diagnosis = diagnosed(objects_and_logs(recorded("dependency/holds_connections/postgresql")), tmp_path)
    assert "has 9 for all its clients" in diagnosis.root_causes[0].finding.title
