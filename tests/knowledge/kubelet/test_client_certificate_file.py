"""The kubelet's client certificate as its file shows it."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, recorded, roots

HERE = ("kubelet.client-certificate-expired", "Node/node-a")
FILE = "node-a/var/lib/kubelet/pki/kubelet-client-current.pem"
LOG = "node-a/kubelet.log"


def _recorded() -> Files:
    return recorded("kubelet/client_certificate_expired/file")


def test_without_its_file_the_certificate_is_asked_for(tmp_path: Path) -> None:
    files = _recorded()
    del files[FILE]
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert any("kubelet-client-current.pem" in step.command for step in diagnosis.next_steps)


def test_a_certificate_that_is_valid_is_cleared(tmp_path: Path) -> None:
    files = _recorded()
    valid = recorded("tls/certificate_expired/api_server")["node-a/etc/kubernetes/pki/apiserver.crt"]
    files[FILE] = valid
    for name, data in files.items():  # a day before that certificate ended
        files[name] = data.replace(b"2026-11-22", b"2026-11-20").replace(b"1122 06", b"1120 06")
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert HERE[0] in {each.condition.code for each in diagnosis.ruled_out}


def test_a_kubelet_that_is_refused_a_connection_has_another_trouble(tmp_path: Path) -> None:
    files = _recorded()
    files[LOG] = files[LOG].replace(b'err="Unauthorized"', b'err="dial tcp 10.0.0.1:6443: connect: connection refused"')
    assert HERE not in roots(diagnosed(files, tmp_path))
