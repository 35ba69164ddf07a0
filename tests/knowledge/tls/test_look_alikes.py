"""Handshakes that fail, and what tells faults apart that read alike."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, found, recorded, roots

BOOKING = "logs/shop_booking-6fbdbc598b-dbt2s_booking.log"
PAYMENTS = "Service/shop/payments"


def test_without_the_intermediate_the_break_stays_open(tmp_path: Path) -> None:
    files = recorded("tls/chain_incomplete/intermediate_not_sent")
    files["session.txt"] = files["session.txt"].split(b"$ cat pki/inter.crt")[0]
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert {"tls.chain-incomplete", "tls.authority-not-trusted"} <= {u.condition.code for u in diagnosis.undetermined}
    assert any("s_client" in step.command for step in diagnosis.next_steps)


def test_the_log_alone_does_not_tell_a_missing_certificate_from_a_missing_authority(tmp_path: Path) -> None:
    files = recorded("tls/chain_incomplete/intermediate_not_sent")
    diagnosis = diagnosed({BOOKING: files[BOOKING]}, tmp_path)
    assert roots(diagnosis) == []
    assert "tls.handshake-fails" in found(diagnosis)


def test_a_handshake_that_was_tried_without_authorities_is_no_symptom(tmp_path: Path) -> None:
    files = recorded("tls/chain_incomplete/intermediate_not_sent")
    tried = files["session.txt"].replace(b" -CAfile pki/root.crt", b"")
    assert found(diagnosed({"session.txt": tried}, tmp_path)) == set()


def test_a_handshake_that_was_tried_without_certificate_is_no_symptom(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "ingest/parsers/certificates/s_client_mtls-none.txt").read_bytes()
    assert found(diagnosed({"s_client.txt": text}, tmp_path)) == set()


def test_an_expired_certificate_is_named_with_its_end(tmp_path: Path) -> None:
    title = diagnosed(recorded("tls/certificate_expired/payments"), tmp_path).root_causes[0].finding.title
    assert title.startswith("The certificate of payments.shop.svc:9443 expired at 2026-10-18T05:45:20Z, 35 d")


def test_a_certificate_that_looks_expired_to_a_clock_ahead_is_the_clocks_fault(tmp_path: Path) -> None:
    files = recorded("tls/certificate_expired/api_server")
    chrony = files["node-a/chronyc.txt"]
    assert b"0.000427445 seconds slow" in chrony
    files["node-a/chronyc.txt"] = chrony.replace(b"0.000427445 seconds slow", b"36000.000000000 seconds fast")
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [("clock.wrong", "Node/node-a")]
    assert "10 h ahead of the true time" in diagnosis.root_causes[0].finding.title


def test_a_clock_that_is_off_by_too_little_is_no_excuse(tmp_path: Path) -> None:
    files = recorded("tls/certificate_expired/api_server")
    chrony = files["node-a/chronyc.txt"]
    files["node-a/chronyc.txt"] = chrony.replace(b"0.000427445 seconds slow", b"3600.000000000 seconds fast")
    assert roots(diagnosed(files, tmp_path)) == [("tls.certificate-expired", "Process/kube-apiserver")]


def test_a_name_that_the_certificate_has_by_now_is_no_mismatch(tmp_path: Path) -> None:
    files: Files = recorded("tls/name_mismatch/two_clients")
    log = files[BOOKING].replace(b"valid for pay.shop.svc,", b"valid for *.shop.svc,")
    assert ("tls.name-mismatch", PAYMENTS) not in roots(diagnosed({BOOKING: log}, tmp_path))


def test_what_a_server_logs_of_its_clients_blames_no_client(tmp_path: Path) -> None:
    # Go net/http server.go: the words of the alert that its client sent
    line = b"2026/11/22 06:19:34 http: TLS handshake error from 10.0.0.9:40312: remote error: tls: bad certificate\n"
    assert roots(diagnosed({BOOKING: line * 5}, tmp_path)) == []


def test_private_keys_in_evidence_are_shown_nowhere(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from kwhy.reports import json

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files = recorded("tls/certificate_expired/payments")
    files["pki/tls.key"] = pem
    files["session2.txt"] = b"$ cat tls.key\n" + pem + b"$ cat tls.pem\n" + pem
    text = json.render(diagnosed(files, tmp_path))
    for line in pem.decode().splitlines()[1:-1]:
        assert line[:24] not in text


def test_kubeadms_table_names_the_file_of_the_api_server(tmp_path: Path) -> None:
    files = recorded("tls/certificate_expired/api_server")
    del files["node-a/etc/kubernetes/pki/apiserver.crt"]
    # cmd/kubeadm/app/cmd/certs.go v1.34
    files["certs.txt"] = (
        b"CERTIFICATE   EXPIRES                  RESIDUAL TIME   CERTIFICATE AUTHORITY   EXTERNALLY MANAGED\n"
        b"admin.conf    Nov 21, 2027 23:15 UTC   364d            ca                      no      \n"
        b"apiserver     Nov 21, 2026 23:15 UTC   <invalid>       ca                      no      \n"
    )
    [cause] = diagnosed(files, tmp_path).root_causes
    assert cause.finding.title.endswith("kept in /etc/kubernetes/pki/apiserver.crt")
    assert any(evidence.at.source == "certs.txt" for evidence in cause.finding.evidence)


def test_javas_innermost_cause_tells_expired_from_early(tmp_path: Path) -> None:
    # recorded: OpenJDK 17 (HttpsURLConnection, java.util.logging), lines stamped as `kubectl logs --timestamps` does
    logs = Path(__file__).parent / "logs"
    expired = diagnosed({BOOKING: (logs / "java_expired.log").read_bytes()}, tmp_path / "expired")
    assert roots(expired) == [("tls.certificate-expired", PAYMENTS)]
    assert "2026-10-18T05:45:20Z" in expired.root_causes[0].finding.title
    early = diagnosed({BOOKING: (logs / "java_future.log").read_bytes()}, tmp_path / "early")
    assert roots(early) == []
    assert "tls.certificate-not-yet-valid" in {each.condition.code for each in early.undetermined}
