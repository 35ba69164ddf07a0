"""Whose log a file is."""

from __future__ import annotations

import pytest

from kwhy.ingest.logs.owners import named_after, pod_hint
from kwhy.model.document import Document

UID = "dbdcd95e-6835-4f0d-844a-2c514637c448"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            f"var/log/pods/shop_web-6f5c6d7f64-2nx8q_{UID}/app/0.log",
            ("shop", "web-6f5c6d7f64-2nx8q", "app", UID, False),
        ),
        (f"var/log/containers/web-2nx8q_shop_app-{'0a' * 32}.log", ("shop", "web-2nx8q", "app", None, False)),
        ("logs/shop_web-2nx8q_app.log", ("shop", "web-2nx8q", "app", None, False)),
        ("logs/shop_web-2nx8q_app_previous.log", ("shop", "web-2nx8q", "app", None, True)),
        ("x/namespaces/shop/pods/web-1/app/app/logs/previous.log", ("shop", "web-1", "app", None, True)),
        ("cluster-resources/pods/logs/shop/web-1/app-previous.log", ("shop", "web-1", "app", None, True)),
        ("dump/shop/web-1/logs.txt", ("shop", "web-1", None, None, False)),
        ("node/kubelet.log", None),
    ],
)
def test_a_path_hints_at_the_pod(source: str, expected: tuple[str, str, str | None, str | None, bool] | None) -> None:
    hint = pod_hint(Document(source, b""), None)
    assert (hint and (hint.namespace, hint.pod, hint.container, hint.uid, hint.previous)) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("kubectl logs web-1", (None, "web-1", None, False)),
        ("kubectl -n shop logs web-1 -c app --previous", ("shop", "web-1", "app", True)),
        ("kubectl logs -p pod/web-1 app --namespace=shop --tail=100", ("shop", "web-1", "app", True)),
        ("kubectl logs deploy/web", None),
        ("journalctl -u kubelet", None),
    ],
)
def test_a_command_hints_at_the_pod(command: str, expected: tuple[str | None, str, str | None, bool] | None) -> None:
    hint = pod_hint(Document("x", b"", command=command), None)
    assert (hint and (hint.namespace, hint.pod, hint.container, hint.previous)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("node/netfabricd.log", "netfabricd"),
        ("node/kubelet-pleg-lines.txt", "kubelet"),
        ("1-kubelet.log", "kubelet"),
        ("dmesg.txt", "kernel"),
        ("0.log", None),
    ],
)
def test_a_file_name_suggests_the_program(source: str, expected: str | None) -> None:
    assert named_after(Document(source, b"")) == expected
