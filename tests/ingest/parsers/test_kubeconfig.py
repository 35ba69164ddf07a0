"""Kubeconfigs: who is asked, whom the client believes, and how it proves who it is."""

from __future__ import annotations

import base64
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.certificates import CertificateShown, KubeconfigContext
from kwhy.ingest.parsers.kubeconfig import FORMAT
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document

FOLDER = Path(__file__).parent / "certificates"
ROOT = base64.b64encode((FOLDER / "root.pem").read_bytes()).decode()
KEY = base64.b64encode(b"-----BEGIN RSA PRIVATE KEY-----\nVERYSECRET\n").decode()
# The form that kubeadm v1.34 writes (cmd/kubeadm/app/util/kubeconfig/kubeconfig.go), with certificates of the lab.
ADMIN = f"""apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {ROOT}
    server: https://10.0.0.1:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: kubernetes-admin
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
kind: Config
preferences: {{}}
users:
- name: kubernetes-admin
  user:
    client-certificate-data: {ROOT}
    client-key-data: {KEY}
- name: robot
  user:
    token: eyJhbGciOiJSUzI1NiJ9.topsecret.sig
"""


def test_the_current_context_is_read_with_its_certificates() -> None:
    evidence = read_document(Document("n1/etc/kubernetes/admin.conf", ADMIN.encode()))
    [context] = evidence.of(KubeconfigContext)
    assert (context.name, context.server, context.current, context.credential, context.path) == (
        "kubernetes-admin@kubernetes",
        "https://10.0.0.1:6443",
        True,
        "certificate",
        "/etc/kubernetes/admin.conf",
    )
    assert context.at.line == 5
    held = evidence.of(CertificateShown)
    assert [(c.field, c.use, c.at.line) for c in held] == [
        ("certificate-authority-data of kubernetes", "trusts", 4),
        ("client-certificate-data of kubernetes-admin", "presents", 18),
    ]


def test_keys_and_tokens_are_nowhere_in_the_facts() -> None:
    found = repr([f for f in FORMAT.parse(Document("c", ADMIN.encode())) if not isinstance(f, Document)])
    shown = found.replace(repr(ADMIN.encode()), "")
    assert "topsecret" not in shown
    assert "VERYSECRET" not in shown
    assert KEY not in shown


def test_json_is_read_too() -> None:
    text = """{"kind":"Config","apiVersion":"v1","preferences":{},"current-context":"lab",
      "clusters":[{"name":"lab","cluster":{"server":"https://127.0.0.1:6443","insecure-skip-tls-verify":true}}],
      "contexts":[{"name":"lab","context":{"cluster":"lab","user":"me"}}],
      "users":[{"name":"me","user":{"client-certificate-data":"DATA+OMITTED"}}]}"""
    evidence = read_document(Document("config.json", text.encode()))
    [context] = evidence.of(KubeconfigContext)
    assert context.insecure
    assert not evidence.unparsed


def test_half_a_certificate_is_told() -> None:
    evidence = read_document(Document("c.yaml", ADMIN.replace(ROOT, ROOT[:200], 1).encode()))
    assert "no whole certificate" in evidence.unparsed[0].why


@given(st.text(max_size=800))
def test_any_text_is_read_to_the_end(text: str) -> None:
    list(FORMAT.parse(Document("x", text.encode())))


@given(st.integers(0, len(ADMIN) - 1), st.text(max_size=5))
def test_damaged_files_are_read_to_the_end(at: int, put: str) -> None:
    list(FORMAT.parse(Document("x", (ADMIN[:at] + put + ADMIN[at:]).encode())))
