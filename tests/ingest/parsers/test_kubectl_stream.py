"""Why a stream to a container failed, in the words of API server, kubelet and runtime."""
# ruff: noqa: E501 - real messages are quoted whole

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.kubectl import StreamFailed
from kwhy.ingest.parsers.kubectl_stream import FORMAT, parse
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document

#: Where it was printed, the text, what it means, and what else it tells.
SAID = [
    # recorded with kubectl 1.34 against a node that drops port 10250
    ('Found 6 pods, using pod/web-6f5c6d7f64-2krmh\nError from server: Get "https://10.55.0.10:10250/containerLogs/shop/web-6f5c6d7f64-2krmh/app?tailLines=3": dial tcp 10.55.0.10:10250: i/o timeout', "unreachable", ("logs", "10.55.0.10", 10250, "web-6f5c6d7f64-2krmh", "app")),
    ('error: Internal error occurred: error sending request: Post "https://10.55.0.10:10250/exec/shop/web-6f5c6d7f64-2krmh/app?command=ls&error=1&output=1": dial tcp 10.55.0.10:10250: i/o timeout', "unreachable", ("exec", "10.55.0.10", 10250, "web-6f5c6d7f64-2krmh", "app")),
    # kelseyhightower/kubernetes-the-hard-way#146
    ("Error from server: Get https://aug-worker1:10250/containerLogs/default/nginx-158599303-bbkwt/nginx: x509: certificate is valid for system:node:aug-worker1, not aug-worker1", "certificate", ("logs", "aug-worker1", 10250, "nginx-158599303-bbkwt", "nginx")),
    # kubernetes/kubeadm#591, syself/cluster-api-provider-hetzner#920
    ("Error from server: Get https://192.168.80.234:10250/containerLogs/kube-system/kube-proxy-l2f9s/kube-proxy: remote error: tls: internal error", "no-serving-certificate", ("logs", "192.168.80.234", 10250, "kube-proxy-l2f9s", "kube-proxy")),
    # opsnull/follow-me-install-kubernetes-cluster#246
    ("Error from server: error dialing backend: remote error: tls: internal error", "no-serving-certificate", (None, None, None, None, None)),
    # kubernetes/website#14781, algolia/kubernetes-hands-on#61
    ('error: unable to upgrade connection: container not found ("task-pv-container")', "container-gone", (None, None, None, None, "task-pv-container")),
    # nigelpoulton/TheK8sBook#30
    ('error: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "fc7ef1a745ffd71b0d28376f80ab706bf896fb8e13c501e66a2889286eda97f9": OCI runtime exec failed: exec failed: unable to start container process: exec: "ps": executable file not found in $PATH: unknown', "no-program", (None, None, None, None, None)),
    # joeferner/redis-commander#516
    ('OCI runtime exec failed: exec failed: unable to start container process: exec: "redis-commander": executable file not found in $PATH: unknown\ncommand terminated with exit code 126', "no-program", (None, None, None, None, None)),
    # rootless-containers/usernetes#28
    ('OCI runtime exec failed: exec failed: container_linux.go:336: starting container process caused "process_linux.go:86: executing setns process caused \\"exit status 22\\"": unknown\ncommand terminated with exit code 126', "runtime", (None, None, None, None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "told"), SAID)
def test_what_was_said_is_read(text: str, kind: str, told: tuple[object, ...]) -> None:
    (failed,) = read_document(Document("said.txt", text.encode())).of(StreamFailed)
    assert failed.kind == kind
    pod = failed.pod.name if failed.pod else None
    assert (failed.verb, failed.host, failed.port, pod, failed.container) == told


def test_the_command_tells_the_pod_where_the_answer_does_not() -> None:
    text = 'error: unable to upgrade connection: container not found ("app")\n'
    (failed,) = parse(Document("x", text.encode(), command="kubectl exec -it -n shop web-0 -c app -- sh"))
    assert isinstance(failed, StreamFailed)
    assert (failed.verb, str(failed.pod), failed.container) == ("exec", "Pod shop/web-0", "app")


@pytest.mark.parametrize(
    "text",
    [
        'Error from server (NotFound): pods "web-0" not found',
        'Error from server (BadRequest): container "app" in pod "web-0" is waiting to start: ContainerCreating',
        "dial tcp 10.0.0.7:3306: connect: connection refused",
        "bash: line 1: ps: command not found\ncommand terminated with exit code 127",
    ],
)
def test_other_words_are_none_of_these(text: str) -> None:
    assert not read_document(Document("said.txt", text.encode())).of(StreamFailed)


@given(st.text(max_size=300) | st.sampled_from([text for text, _, _ in SAID]).map(lambda text: text[: len(text) // 2]))
def test_any_text_is_read_to_its_end(text: str) -> None:
    for _ in parse(Document("x", text.encode("utf-8", "replace"))):
        pass
    assert FORMAT.name == "kubectl-stream-failure"
