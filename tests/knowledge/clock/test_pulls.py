"""Images that are not pulled because the registry's certificate is out of its time by the node's clock."""

from __future__ import annotations

import json
from pathlib import Path

from tests.harness.changed import Files, diagnosed, recorded, roots

REGISTRY = ("image.registry-certificate-untrusted", "Registry/registry.example")
CLOCK = ("clock.wrong", "Node/node-a")


def _pulling(words: str) -> Files:
    """A pod of node-a whose image is not pulled, with the words of containerd and Go around them."""
    message = (
        'Failed to pull image "registry.example/shop/web:2": failed to resolve reference '
        '"registry.example/shop/web:2": '
        f'failed to do request: Head "https://registry.example/v2/shop/web/manifests/2": tls: failed to verify '
        f"certificate: x509: certificate has expired or is not yet valid: {words}"
    )
    waiting = {"reason": "ErrImagePull", "message": message}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "shop"},
        "spec": {"nodeName": "node-a", "containers": [{"name": "web", "image": "registry.example/shop/web:2"}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "web", "state": {"waiting": waiting}}]},
    }
    return {"pods.json": json.dumps(pod).encode()}


EARLY = "current time 2026-11-22T06:00:00Z is before 2026-11-22T07:30:00Z"
LATE = "current time 2026-11-22T06:00:00Z is after 2026-11-20T00:00:00Z"


def _chrony(case: str) -> bytes:
    return recorded(case)["node-a/chronyc.txt"]


def test_a_clock_that_is_behind_is_named_and_the_registry_is_not(tmp_path: Path) -> None:
    files = _pulling(EARLY) | {"node-a/chronyc.txt": _chrony("clock/wrong/two_hours_behind")}
    assert roots(diagnosed(files, tmp_path)) == [CLOCK]


def test_without_a_word_about_the_clock_nobody_is_blamed(tmp_path: Path) -> None:
    diagnosis = diagnosed(_pulling(EARLY), tmp_path)
    assert roots(diagnosis) == []
    assert any("chronyc" in step.command for step in diagnosis.next_steps)


def test_with_a_clock_that_is_right_the_certificate_is_to_blame(tmp_path: Path) -> None:
    files = _pulling(EARLY) | {"node-a/chronyc.txt": _chrony("tls/certificate_expired/api_server")}
    assert roots(diagnosed(files, tmp_path)) == [REGISTRY]


def test_an_expired_certificate_is_the_registrys(tmp_path: Path) -> None:
    assert roots(diagnosed(_pulling(LATE), tmp_path)) == [REGISTRY]


def test_a_clock_behind_does_not_excuse_an_expired_certificate(tmp_path: Path) -> None:
    files = _pulling(LATE) | {"node-a/chronyc.txt": _chrony("clock/wrong/two_hours_behind")}
    assert roots(diagnosed(files, tmp_path)) == [REGISTRY]
