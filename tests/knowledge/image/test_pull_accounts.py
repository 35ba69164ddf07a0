"""Pull secrets with accounts for other registries, matched as the kubelet does; the account itself is never kept."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, objects_and_logs, recorded, roots

from kwhy.ingest.api.pull_secrets import registries_in
from kwhy.knowledge.image.pull_accounts import has_account
from kwhy.reports import json as json_report

#: kubectl 1.34 create secret docker-registry registry-key --docker-server=registry.corp.example … --dry-run -o json.
OTHER = "eyJhdXRocyI6eyJyZWdpc3RyeS5jb3JwLmV4YW1wbGUiOnsidXNlcm5hbWUiOiJ1IiwicGFzc3dvcmQiOiJwIiwiYXV0aCI6ImRUcHcifX19"
#: The same without --docker-server.
HUB = (
    "eyJhdXRocyI6eyJodHRwczovL2luZGV4LmRvY2tlci5pby92MS8iOnsidXNlcm5hbWUiOiJ1"
    "IiwicGFzc3dvcmQiOiJwIiwiYXV0aCI6ImRUcHcifX19"
)
PRICING = "Deployment/pricing/pricing"


def with_secret(data: str) -> Files:
    files = objects_and_logs(recorded("image/pull_denied/private_registry"))
    change(
        files, "objects/pods.json", lambda pods: [p["spec"].update(imagePullSecrets=[{"name": "key"}]) for p in pods]
    )
    secret: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "key", "namespace": "pricing", "uid": "c8d0"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": data},
    }
    files["objects/secrets.json"] = json.dumps({"apiVersion": "v1", "kind": "SecretList", "items": [secret]}).encode()
    return files


def test_a_secret_for_another_registry_is_what_must_be_mended(tmp_path: Path) -> None:
    diagnosis = diagnosed(with_secret(OTHER), tmp_path)
    assert roots(diagnosis) == [("image.pull-denied", "Secret/pricing/key")]
    assert "has an account for registry.corp.example, and none for" in diagnosis.root_causes[0].finding.title
    assert "dTpw" not in json_report.render(diagnosis)  # base64 of "u:p"


def test_a_secret_for_this_registry_has_an_account_that_is_not_good_enough(tmp_path: Path) -> None:
    registry = diagnosed(with_secret(OTHER), tmp_path / "asked").root_causes[0].finding.values["registry"]
    own = b64encode(b64decode(OTHER).replace(b"registry.corp.example", registry.encode())).decode()
    assert roots(diagnosed(with_secret(own), tmp_path / "own")) == [("image.pull-denied", PRICING)]


def test_a_secret_that_cannot_be_read_is_blamed_for_nothing(tmp_path: Path) -> None:
    assert roots(diagnosed(with_secret("UkVEQUNURUQ="), tmp_path)) == [("image.pull-denied", PRICING)]


@pytest.mark.parametrize(
    ("name", "repository", "fits"),
    [
        ("registry.corp.example", "registry.corp.example/shop/web", True),
        ("https://registry.corp.example/v2/", "registry.corp.example/shop/web", True),
        ("registry.corp.example:5000", "registry.corp.example/shop/web", False),
        ("*.corp.example", "registry.corp.example/shop/web", True),
        ("*.example", "registry.corp.example/shop/web", False),
        ("registry.corp.example/shop", "registry.corp.example/shop/web", True),
        ("registry.corp.example/pay", "registry.corp.example/shop/web", False),
        ("https://index.docker.io/v1/", "docker.io/library/nginx", True),
        ("https://index.docker.io/v1/", "quay.io/library/nginx", False),
    ],
)
def test_an_account_fits_by_the_kubelets_rules(name: str, repository: str, fits: bool) -> None:
    assert has_account([name], repository) is fits


def test_names_of_registries_are_all_that_is_kept() -> None:
    assert registries_in({".dockerconfigjson": HUB}) == ("https://index.docker.io/v1/",)
    assert registries_in({"password": "cw=="}) is None
    assert registries_in({".dockerconfigjson": "not base64"}) is None
