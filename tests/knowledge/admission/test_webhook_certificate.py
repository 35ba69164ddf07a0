"""The certificate of a webhook's server beside what the registration believes."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.harness.changed import Files, change, diagnosed, recorded, roots

PEM = (Path(__file__).parents[2] / "ingest/parsers/certificates/fullchain.pem").read_bytes()
SECRET = ("admission.webhook-certificate", "Secret/tenant-name-hook/hook-tls")


def _objects(case: str) -> Files:
    files = recorded(f"admission/webhook_certificate/{case}")
    return {name: data for name, data in files.items() if not name.startswith("logs/")}


def _with_certificate(files: Files) -> Files:
    def put(items: list[dict[str, dict[str, str]]]) -> None:
        for secret in items:
            if secret["metadata"]["name"] == "hook-tls":
                secret["data"]["tls.crt"] = base64.b64encode(PEM).decode()

    change(files, "objects/secrets.json", put)
    return files


def test_the_names_of_the_certificate_in_the_secret_are_shown(tmp_path: Path) -> None:
    diagnosis = diagnosed(_with_certificate(_objects("another_name")), tmp_path)
    assert roots(diagnosis) == [SECRET]
    says = [evidence.says for evidence in diagnosis.root_causes[0].finding.evidence]
    assert "certificate payments is for payments.shop.svc, payments.shop.svc.cluster.local" in says


def test_the_authority_of_the_bundle_is_told_from_that_of_the_certificate(tmp_path: Path) -> None:
    diagnosis = diagnosed(_with_certificate(_objects("another_authority")), tmp_path)
    assert roots(diagnosis) == [("admission.webhook-certificate", "ValidatingWebhookConfiguration/webhook-ca-wrong")]
    says = [evidence.says for evidence in diagnosis.root_causes[0].finding.evidence]
    assert "the server's certificate was signed by Lab Root CA" in says


def test_without_the_pods_it_is_asked_where_the_certificate_comes_from(tmp_path: Path) -> None:
    files = _objects("another_name")
    del files["objects/pods.json"]
    diagnosis = diagnosed(files, tmp_path)
    assert SECRET not in roots(diagnosis)
    assert "admission.webhook-certificate" in {each.condition.code for each in diagnosis.undetermined}


def test_values_of_other_keys_of_the_secret_stay_hidden(tmp_path: Path) -> None:
    from kwhy.ingest.reading import read

    files = _objects("another_name")

    def put(items: list[dict[str, dict[str, str]]]) -> None:
        for secret in items:
            if secret["metadata"]["name"] == "hook-tls":
                key = b"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n"
                secret["data"]["tls.key"] = base64.b64encode(key).decode()
                secret["data"]["tls.crt"] = base64.b64encode(key + PEM).decode()

    change(files, "objects/secrets.json", put)
    path = tmp_path / "secrets.json"
    path.write_bytes(files["objects/secrets.json"])
    evidence = read([str(path)])
    structs = [batch.objects for facts in evidence.facts.values() for batch in facts if hasattr(batch, "objects")]
    assert "MIGHAgEAMBMGByqGSM49" not in repr(structs)
    assert base64.b64encode(b"MIGHAgEAMBMGByqGSM49")[:20].decode() not in repr(structs)
    assert any(secret.certificates for objects in structs for secret in objects)
