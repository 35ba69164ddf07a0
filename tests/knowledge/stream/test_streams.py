"""Which side of a stream to a container fails: way, certificate, rights, runtime or image."""
# ruff: noqa: E501 - real messages are quoted whole

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, recorded, roots

from kwhy.ingest.reading import read_document
from kwhy.model.document import Document
from kwhy.pipeline import diagnose_evidence

BLOCKED = "stream/port_blocked/firewall_on_the_node"


def said(text: str) -> list[tuple[str, str]]:
    return roots(diagnose_evidence(read_document(Document("said.txt", text.encode()))))


@pytest.mark.parametrize(
    ("text", "root"),
    [
        # syself/cluster-api-provider-hetzner#920
        ('Error from server: Get "https://qa-ndh9w:10250/containerLogs/kube-system/kube-scheduler-qa-ndh9w/kube-scheduler?follow=true": remote error: tls: internal error', ("stream.no-serving-certificate", "Node/qa-ndh9w")),
        # Kubernetes v1.34 pkg/kubelet/server/server.go (InstallAuthFilter), as kubectl shows it
        ("error: unable to upgrade connection: Forbidden (user=kubernetes, verb=create, resource=nodes, subresource=proxy)", ("stream.api-server-not-allowed", "User/kubernetes")),
        # nigelpoulton/TheK8sBook#30
        ('$ kubectl exec -n books hello-pod -- ps aux\nerror: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "fc7ef1a745ff": OCI runtime exec failed: exec failed: unable to start container process: exec: "ps": executable file not found in $PATH: unknown', ("stream.program-missing", "Pod/books/hello-pod")),
    ],
)  # fmt: skip
def test_one_answer_is_enough_where_it_says_it_itself(text: str, root: tuple[str, str]) -> None:
    assert said(text) == [root]


def test_a_time_out_alone_does_not_tell_a_blocked_port_from_a_lost_node() -> None:
    text = 'Error from server: Get "https://10.55.0.10:10250/containerLogs/shop/web-0/app": dial tcp 10.55.0.10:10250: i/o timeout'
    assert said(text) == []


def _ready(status: str) -> Files:
    files = recorded(BLOCKED)
    files = {name: data for name, data in files.items() if name.startswith("objects/") or name == "text/kubectl.txt"}

    def edit(items: list[Any]) -> None:
        next(c for c in items[0]["status"]["conditions"] if c["type"] == "Ready")["status"] = status

    change(files, "objects/nodes.json", edit)
    return files


def test_a_node_that_is_not_ready_is_lost_as_a_whole(tmp_path: Path) -> None:
    diagnosis = diagnosed(_ready("Unknown"), tmp_path)
    assert "stream.kubelet-port-blocked" not in found(diagnosis)


def test_a_refused_connection_is_no_blocked_port(tmp_path: Path) -> None:
    files = _ready("True")
    files["text/kubectl.txt"] = files["text/kubectl.txt"].replace(b"i/o timeout", b"connect: connection refused")
    diagnosis = diagnosed(files, tmp_path)
    assert "stream.kubelet-not-reached" in found(diagnosis)
    assert roots(diagnosis) == []


def test_a_container_that_is_shown_running_and_not_found_is_gone(tmp_path: Path) -> None:
    files = _ready("True")
    files["text/kubectl.txt"] = (
        b'$ kubectl exec -n shop web-6f5c6d7f64-2krmh -- ls\nerror: unable to upgrade connection: container not found ("app")\n'
    )
    diagnosis = diagnosed(files, tmp_path)
    assert {"stream.program-not-run", "stream.container-gone"} <= found(diagnosis)
    assert roots(diagnosis) == []
