"""Servers that refuse an account: the workload, the Secret, or nobody is to blame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

KEY = "dependency/wrong_credentials/another_key"
SECRET = "dependency/wrong_credentials/value_of_a_secret"
REDIS = "dependency/wrong_credentials/redis_password"
WRONG = "dependency.wrong-credentials"


def set_key(files: Files, workload: str, key: str) -> None:
    def edit(items: list[Any]) -> None:
        for pod in items:
            for variable in pod["spec"]["containers"][0].get("env", ()):
                if pod["metadata"]["name"].startswith(workload) and "valueFrom" in variable:
                    variable["valueFrom"]["secretKeyRef"]["key"] = key

    change(files, "objects/pods.json", edit)


def test_a_workload_that_takes_another_key_than_one_that_works_is_to_blame(tmp_path: Path) -> None:
    assert roots(diagnosed(objects_and_logs(recorded(KEY)), tmp_path)) == [(WRONG, "Deployment/db-key/invoices")]


def test_a_secret_whose_every_reader_is_refused_is_to_blame(tmp_path: Path) -> None:
    assert roots(diagnosed(objects_and_logs(recorded(SECRET)), tmp_path)) == [(WRONG, "Secret/db-denied/db")]


def test_the_one_password_of_a_cache_is_the_secrets(tmp_path: Path) -> None:
    assert roots(diagnosed(objects_and_logs(recorded(REDIS)), tmp_path)) == [(WRONG, "Secret/cache-wrongpass/cache")]


def test_the_same_key_as_a_workload_that_works_is_not_to_blame(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(KEY))
    set_key(files, "invoices", "orders")
    diagnosis = diagnosed(files, tmp_path)
    assert WRONG not in found(diagnosis)
    assert "dependency.access-refused" in found(diagnosis)


def test_without_a_workload_that_is_let_in_it_is_not_known_whose_fault_it_is(tmp_path: Path) -> None:
    files = {name: data for name, data in recorded(SECRET).items() if "reports" not in name}
    assert WRONG not in found(diagnosed(files, tmp_path))


def test_without_the_pods_only_the_refusal_is_known(tmp_path: Path) -> None:
    files = {n: d for n, d in recorded(KEY).items() if n.startswith("logs/") or "services" in n}
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert "dependency.access-refused" in found(diagnosis)


def test_missing_rights_on_a_database_are_no_wrong_password(tmp_path: Path) -> None:
    files = {
        name: data.replace(b"(using password: YES)", b"to database 'shop'")
        for name, data in objects_and_logs(recorded(KEY)).items()
    }
    assert WRONG not in found(diagnosed(files, tmp_path))


def test_no_secret_is_printed(tmp_path: Path) -> None:
    for case in (KEY, SECRET, REDIS):
        text = repr(diagnosed(recorded(case), tmp_path))
        assert "cache-old" not in text
        assert "orders-pw" not in text
