"""A node's clock, as chrony, pods and other nodes show it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.harness.changed import Files, diagnosed, recorded, roots

HERE = ("clock.wrong", "Node/node-a")
CHRONY = "node-a/chronyc.txt"


def _recorded() -> Files:
    return recorded("clock/wrong/two_hours_behind")


def _node(name: str, ready: str, heard: str) -> dict[str, object]:
    """A Node as the API server gives it, with what the rule reads (k8s.io/api v0.34 core/v1)."""
    reason = "KubeletReady" if ready == "True" else "NodeStatusUnknown"
    condition = {"type": "Ready", "status": ready, "reason": reason, "lastHeartbeatTime": heard}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"conditions": [condition]}}


def _pod(created: str, started: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "shop", "creationTimestamp": created},
        "spec": {"nodeName": "node-a", "containers": []},
        "status": {"phase": "Running", "startTime": started},
    }


def _listed(*items: dict[str, object]) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)}).encode()


def test_without_a_word_about_the_clock_it_is_asked_for(tmp_path: Path) -> None:
    files = _recorded()
    del files[CHRONY]
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert any("chronyc" in step.command for step in diagnosis.next_steps)


def test_a_clock_that_is_right_leaves_the_certificate(tmp_path: Path) -> None:
    files = _recorded()
    files[CHRONY] = recorded("tls/certificate_expired/api_server")[CHRONY]
    assert roots(diagnosed(files, tmp_path)) == [("tls.certificate-not-yet-valid", "Process/kube-apiserver")]


def test_a_clock_that_is_ahead_makes_nothing_look_early(tmp_path: Path) -> None:
    files = _recorded()
    files[CHRONY] = files[CHRONY].replace(b"7200.000000000 seconds slow", b"7200.000000000 seconds fast")
    assert HERE not in roots(diagnosed(files, tmp_path))


def test_another_node_that_accepts_the_certificate_is_a_witness(tmp_path: Path) -> None:
    files = _recorded()
    del files[CHRONY]
    files["nodes.json"] = _listed(
        _node("node-a", "Unknown", "2026-11-22T06:10:00Z"), _node("node-b", "True", "2026-11-22T08:17:40Z")
    )
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [HERE]
    assert "at least 1 h 48 min behind" in diagnosis.root_causes[0].finding.title


def test_a_node_that_last_spoke_before_the_certificate_began_is_none(tmp_path: Path) -> None:
    files = _recorded()
    del files[CHRONY]
    files["nodes.json"] = _listed(
        _node("node-a", "Unknown", "2026-11-22T06:10:00Z"), _node("node-b", "True", "2026-11-22T06:17:40Z")
    )
    assert roots(diagnosed(files, tmp_path)) == []


def test_a_pod_that_started_before_it_was_created_shows_a_clock_behind(tmp_path: Path) -> None:
    files = _recorded()
    del files[CHRONY]
    files["pods.json"] = _listed(_pod("2026-11-22T08:00:00Z", "2026-11-22T06:00:05Z"))
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [HERE]
    assert "at least 1 h 59 min behind" in diagnosis.root_causes[0].finding.title


def test_a_pod_that_started_when_it_was_created_shows_nothing(tmp_path: Path) -> None:
    files = _recorded()
    del files[CHRONY]
    files["pods.json"] = _listed(_pod("2026-11-22T06:00:00Z", "2026-11-22T06:00:05Z"))
    assert roots(diagnosed(files, tmp_path)) == []


def test_a_pod_goes_by_the_clock_of_its_node(tmp_path: Path) -> None:
    # recorded: Go 1.26 against a certificate that begins two hours later
    line = (
        b'2026/11/22 06:09:42 payment not booked: Get "https://payments.shop.svc/": tls: failed to verify certificate: '
        b"x509: certificate has expired or is not yet valid: current time 2026-11-22T06:09:42Z is before "
        b"2026-11-22T07:45:20Z\n"
    )
    pod = _pod("2026-11-22T06:00:00Z", "2026-11-22T06:00:05Z")
    files = {"logs/shop_web-1_web.log": line * 5, "pods.json": _listed(pod), CHRONY: _recorded()[CHRONY]}
    assert roots(diagnosed(files, tmp_path)) == [HERE]
