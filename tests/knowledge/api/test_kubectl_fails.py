"""kubectl fails as a whole: recorded sentences and those of kubectl's and etcd's sources, one paste each."""

from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

DATA = Path(__file__).parents[2] / "ingest" / "parsers" / "data" / "kubectl_failures"
SYMPTOM = "api.kubectl-fails"


def diagnosed(tmp_path: Path, text: str) -> Diagnosis:
    (tmp_path / "paste.txt").write_text(text)
    return diagnose([str(tmp_path)])


def roots(diagnosis: Diagnosis) -> list[str]:
    return [cause.finding.condition.code for cause in diagnosis.root_causes if cause.role == "root-cause"]


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("bad-yaml.txt", "api.kubeconfig-invalid"),
        ("ctx-missing.txt", "api.kubeconfig-invalid"),
        ("use-context.txt", "api.kubeconfig-invalid"),
        ("no-kubeconfig.txt", "api.kubeconfig-missing"),
        ("cluster-missing.txt", "api.kubeconfig-missing"),
        ("nosuchhost.txt", "api.endpoint-name-unknown"),
        ("proxy-refuses.txt", "api.proxy-in-the-way"),
        ("proxy-forbids.txt", "api.proxy-in-the-way"),
        ("http-html.txt", "api.proxy-in-the-way"),
        ("http-html502.txt", "api.proxy-in-the-way"),
        ("https-to-http.txt", "api.scheme-wrong"),
        ("http-401.txt", "api.credentials-refused"),
    ],
)
def test_what_the_sentence_proves_is_the_root(tmp_path: Path, name: str, root: str) -> None:
    diagnosis = diagnosed(tmp_path, (DATA / name).read_text())
    assert diagnosis.outcome == "explained"
    assert roots(diagnosis) == [root]


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ((DATA / "refused.txt").read_text(), "127.0.0.1:6999 refuses the connection"),
        ((DATA / "http-500.txt").read_text(), "internal error (500)"),
        ((DATA / "http-503.txt").read_text(), "cannot handle requests (503)"),
        ((DATA / "x509.txt").read_text(), "x509: certificate signed by unknown authority"),
        # Go net (OpError), net/http
        ("Unable to connect to the server: dial tcp 10.0.0.5:6443: i/o timeout", "10.0.0.5:6443 does not answer"),
        ("Unable to connect to the server: net/http: TLS handshake timeout", "TLS handshake timeout"),
        # apimachinery v0.34 pkg/api/errors/errors.go NewGenericServerResponse
        (
            "Error from server (TooManyRequests): the server has received too many requests and has asked us to try "
            "again later (get pods)",
            "too many requests (429)",
        ),
        (
            "Error from server (Timeout): the server was unable to return a response in the time allotted, but may "
            "still be processing requests (get pods)",
            "in time (504)",
        ),
        # etcd v3.6 api/v3rpc/rpctypes/error.go
        ("Error from server: etcdserver: leader changed", "leader changed"),
        ("Error from server: etcdserver: request timed out", "request timed out"),
        ("Error from server: etcdserver: no leader", "no leader"),
    ],
)
def test_what_the_sentence_does_not_explain_is_a_symptom_with_next_steps(tmp_path: Path, text: str, fails: str) -> None:
    diagnosis = diagnosed(tmp_path, text + "\n")
    assert roots(diagnosis) == []
    (symptom,) = [finding for finding in diagnosis.findings if finding.condition.code == SYMPTOM]
    assert symptom.symptom and fails in symptom.title


@pytest.mark.parametrize(
    "text",
    [
        'Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource "pods" in API group ""',
        "Error from server (ServiceUnavailable): the server is currently unable to handle the request "
        "(get pods.metrics.k8s.io)",
        'Error from server (NotFound): pods "web-0" not found',
    ],
)
def test_an_answer_of_the_api_server_about_one_request_is_no_failure_of_kubectl(tmp_path: Path, text: str) -> None:
    codes = [finding.condition.code for finding in diagnosed(tmp_path, text + "\n").findings]
    assert SYMPTOM not in codes


def test_a_refused_proxy_is_not_taken_for_a_refused_api_server(tmp_path: Path) -> None:
    (cause,) = diagnosed(tmp_path, (DATA / "proxy-refuses.txt").read_text()).root_causes
    assert cause.finding.subject.name == "10.0.0.5:6443"
    assert "proxyconnect tcp" in cause.finding.title


def test_what_kubectl_may_not_do_is_a_matter_of_roles(tmp_path: Path) -> None:
    text = 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "shop"'
    diagnosis = diagnosed(tmp_path, f"Error from server (Forbidden): {text}\n")
    assert "api.kubectl-forbidden" in {finding.condition.code for finding in diagnosis.findings}
    assert any(
        "jane" in finding.title and "list pods in namespace shop" in finding.title for finding in diagnosis.findings
    )
    assert any(item.condition.code == "access.not-granted" for item in diagnosis.undetermined)


def test_who_collected_the_evidence_may_lack_a_permission_without_anything_failing(tmp_path: Path) -> None:
    text = 'secrets is forbidden: User "jane" cannot list resource "secrets" in API group "" in the namespace "shop"'
    pods = "NAMESPACE   NAME    READY   STATUS    RESTARTS   AGE\nshop        web-0   1/1     Running   0          9d\n"
    (tmp_path / "pods.txt").write_text(pods)
    diagnosis = diagnosed(tmp_path, f"Error from server (Forbidden): {text}\n")
    assert "api.kubectl-forbidden" not in {finding.condition.code for finding in diagnosis.findings}


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        (
            "Unable to connect to the server: dial tcp 10.0.0.5:6443: i/o timeout",
            ("nc -vz -w 3 10.0.0.5 6443", "crictl ps -a"),
        ),
        ((DATA / "refused.txt").read_text(), ("crictl ps -a", "crictl logs --tail=200 $(crictl ps -a --name kube-api")),
        ((DATA / "http-500.txt").read_text(), ("--name kube-apiserver", "--name etcd")),
        ((DATA / "http-503.txt").read_text(), ("--name kube-apiserver", "--name etcd")),
        ((DATA / "x509.txt").read_text(), ("openssl s_client -connect",)),
        # Go crypto/x509 verify.go (Expired); the reader of the certificate may be the one whose clock is wrong
        (
            "Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired or is "
            "not yet valid: current time 2026-11-22T07:00:00Z is before 2026-11-24T00:00:00Z",
            ("date -u; chronyc tracking", "openssl s_client -connect"),
        ),
    ],
)
def test_where_the_sentence_proves_no_root_the_next_command_is_told(
    tmp_path: Path, text: str, commands: tuple[str, ...]
) -> None:
    diagnosis = diagnosed(tmp_path, text)
    assert roots(diagnosis) == []
    told = [step.command for step in diagnosis.next_steps]
    for command in commands:
        assert any(command in one for one in told), told


def test_an_expired_certificate_of_the_api_server_is_named_by_one_line(tmp_path: Path) -> None:
    # Go crypto/x509 verify.go (Expired)
    text = (
        "Unable to connect to the server: x509: certificate has expired or is not yet valid: current time "
        "2026-11-22T07:00:00Z is after 2026-11-01T00:00:00Z"
    )
    assert roots(diagnosed(tmp_path, text)) == ["tls.certificate-expired"]


def test_a_connection_that_the_host_tried_too_explains_kubectl(tmp_path: Path) -> None:
    # OpenBSD nc 1.219 (netcat.c)
    text = (
        "$ kubectl get nodes\nUnable to connect to the server: dial tcp 10.0.0.5:6443: i/o timeout\n"
        "$ nc -vz -w 3 10.0.0.5 6443\n"
        "nc: connect to 10.0.0.5 port 6443 (tcp) timed out: Operation now in progress\n"
    )
    diagnosis = diagnosed(tmp_path, text)
    of = {finding.id: finding.condition.code for finding in diagnosis.findings}
    assert ("net.connection-fails", SYMPTOM) in {(of[link.cause], of[link.effect]) for link in diagnosis.links}
