"""Databases that the server does not have: the workload that names one, unless all name it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import change, diagnosed, found, objects_and_logs, recorded, roots

UNKNOWN = "dependency.unknown-database"


@pytest.mark.parametrize(
    ("case", "namespace"), [("unknown_database/mysql", "db-unknown"), ("unknown_database/postgresql", "pg-unknown")]
)
def test_the_workload_that_names_it_is_to_blame(case: str, namespace: str, tmp_path: Path) -> None:
    diagnosis = diagnosed(objects_and_logs(recorded(f"dependency/{case}")), tmp_path)
    assert (UNKNOWN, f"Deployment/{namespace}/invoices") in roots(diagnosis)
    assert {code for code, _ in roots(diagnosis)} == {UNKNOWN}
    assert "shipments names shop" in diagnosis.root_causes[0].finding.title


def test_a_database_that_every_workload_names_may_have_been_lost(tmp_path: Path) -> None:
    files = {
        name: data
        for name, data in objects_and_logs(recorded("dependency/unknown_database/mysql")).items()
        if "shipments" not in name
    }

    def same(items: list[Any]) -> None:
        for pod in items:
            for variable in pod["spec"]["containers"][0].get("env", ()):
                if variable["name"] == "DB_NAME":
                    variable["value"] = "shopp"

    change(files, "objects/pods.json", same)
    assert UNKNOWN not in found(diagnosed(files, tmp_path))


def test_without_the_pods_it_is_not_known_where_the_name_is_written(tmp_path: Path) -> None:
    files = {n: d for n, d in recorded("dependency/unknown_database/mysql").items() if n.startswith("logs/")}
    assert roots(diagnosed(files, tmp_path)) == []
