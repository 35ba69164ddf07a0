"""Pods that admission webhooks keep from being created."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, found, recorded, roots

CASE = "quota/exceeded/number_of_pods"
QUOTA = b"exceeded quota: team-quota, requested: pods=1, used: pods=2, limited: pods=2"


def _refused(message: bytes) -> Files:
    """The recorded refusal of a quota in the words of a webhook; the quota itself is gone."""
    files = {n: d for n, d in recorded(CASE).items() if n != "objects/resourcequotas.json" and n.startswith("objects/")}
    escaped = message.replace(b'"', b'\\"')
    return {name: data.replace(QUOTA, escaped) for name, data in files.items()}


def test_a_webhook_that_denies_leaves_the_workload_to_fix(tmp_path: Path) -> None:
    # k8s.io/apiserver v0.34.4 pkg/admission/plugin/webhook/errors/statuserror.go ToStatusErr
    files = _refused(b'admission webhook "images.policy.example" denied the request: images must be signed')
    assert roots(diagnosed(files, tmp_path)) == [("admission.webhook-denies", "Deployment/ml-serving/model")]


def test_a_webhook_whose_registration_was_not_shown_is_proven_unreachable_and_asked_for(tmp_path: Path) -> None:
    # k8s.io/apiserver v0.34.4 pkg/util/webhook/error.go, plugin/webhook/validating/dispatcher.go
    files = _refused(
        b'failed calling webhook "images.policy.example": failed to call webhook: Post '
        b'"https://images.policy.svc:443/check?timeout=10s": context deadline exceeded'
    )
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert "admission.webhook-unreachable" in found(diagnosis)


def test_a_certificate_that_is_not_trusted_is_told_from_a_server_that_is_silent(tmp_path: Path) -> None:
    # Go crypto/x509 verify.go UnknownAuthorityError
    files = _refused(
        b'failed calling webhook "images.policy.example": failed to call webhook: Post '
        b'"https://images.policy.svc:443/check?timeout=10s": tls: failed to verify certificate: x509: certificate '
        b"signed by unknown authority"
    )
    (root,) = roots(diagnosed(files, tmp_path))
    assert root == ("admission.webhook-certificate", "Webhook/images.policy.example")
