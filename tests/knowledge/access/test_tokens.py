"""Programs without the token of their service account: recorded, as it is and with one thing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

CONTROLLER = [("access.token-not-mounted", "Deployment/tokenless/controller")]
PODS = "objects/pods.json"


def _files() -> Files:
    return objects_and_logs(recorded("access/token_not_mounted"))


def test_a_template_that_forbids_the_mount_is_to_blame(tmp_path: Path) -> None:
    diagnosis = diagnosed(_files(), tmp_path)
    assert roots(diagnosis) == CONTROLLER
    assert "the template forbids" in diagnosis.root_causes[0].finding.title


def test_an_account_that_forbids_the_mount_is_named(tmp_path: Path) -> None:
    files = _files()

    def unsaid(items: list[Any]) -> None:
        for pod in items:
            pod["spec"].pop("automountServiceAccountToken", None)

    def forbidding(items: list[Any]) -> None:
        items[0]["automountServiceAccountToken"] = False

    change(files, PODS, unsaid)
    change(files, "objects/serviceaccounts.json", forbidding)
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == CONTROLLER
    assert "ServiceAccount forbids" in diagnosis.root_causes[0].finding.title


def test_a_token_that_is_mounted_is_not_missing(tmp_path: Path) -> None:
    files = _files()

    def mounting(items: list[Any]) -> None:
        mount = {"name": "kube-api-access", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
        for pod in items:
            pod["spec"]["containers"][0]["volumeMounts"] = [mount]

    change(files, PODS, mounting)
    assert "access.token-not-mounted" not in found(diagnosed(files, tmp_path))


def test_without_the_log_nothing_is_named(tmp_path: Path) -> None:
    files = {name: data for name, data in _files().items() if not name.startswith("logs/")}
    assert roots(diagnosed(files, tmp_path)) == []
