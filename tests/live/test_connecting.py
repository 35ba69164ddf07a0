"""Which cluster is read, and as whom: contexts, credential plugins, proxies; what is wrong is said plainly."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest
from tests.live.recorded_api import Handler, Recorded, RecordedApi

from kwhy.live.connecting import CannotConnect, connect


def kubeconfig(folder: Path, api: RecordedApi, user: dict[str, object], **cluster: object) -> Path:
    path = folder / "config"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": api.url, **cluster}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def plugin(folder: Path, version: str, body: str) -> dict[str, object]:
    """A credential plugin as kubectl runs them (client.authentication.k8s.io)."""
    script = folder / "plugin"
    script.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"apiVersion": f"client.authentication.k8s.io/{version}", "command": str(script)}}


GIVES_TOKEN = """
import json
version = "client.authentication.k8s.io/%s"
print(json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": {"token": "admin"}}))
"""


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_credential_plugin_gives_the_token(
    version: str, api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = plugin(tmp_path, version, GIVES_TOKEN % version)
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, api, user)))
    connection = connect(None, seconds=30)
    assert (connection.namespace, connection.server_version) == ("shop", "v1.34.4")
    connection.api.get("api/v1/pods", {"limit": "500"})
    assert api.paths() == ["/version", "/api/v1/pods"]


def test_a_plugin_that_fails_is_quoted(api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = plugin(tmp_path, "v1", "import sys; sys.stderr.write('token expired, log in again'); sys.exit(3)")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, api, user)))
    with pytest.raises(CannotConnect, match=r"no credentials: exec: process returned 3\. token expired, log in again"):
        connect(None, seconds=30)
    assert api.seen == []


def test_the_proxy_of_the_kubeconfig_is_used(api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kubeconfig(tmp_path, api, {"token": "admin"}, **{"server": "http://api.cluster.test", "proxy-url": api.url})
    monkeypatch.setenv("KUBECONFIG", str(path))
    connect(None, seconds=30)
    assert api.seen[0][1] == "http://api.cluster.test/version"


def test_of_several_kubeconfigs_the_first_names_the_current_context(
    api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [
        api.kubeconfig(tmp_path, "admin", namespace="first"),
        api.kubeconfig(tmp_path, "nobody", namespace="second"),
    ]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, [tmp_path / "missing", *files])))
    assert connect(None, seconds=30).namespace == "first"


def test_a_context_that_is_not_there_is_named_with_those_that_are(
    api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, api, {"token": "admin"})))
    with pytest.raises(CannotConnect, match="no context 'prod'; it has: here"):
        connect("prod", seconds=30)


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "just words", "apiVersion: v1\nkind: Config\ncurrent-context: x\n", "a: [", "\x00\xff"]
)
def test_a_broken_kubeconfig_is_no_crash(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config"
    path.write_bytes(text.encode("latin-1"))
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(CannotConnect) as why:
        connect(None, seconds=5)
    assert len(str(why.value).splitlines()) == 1


def elsewhere(handler: Handler) -> bool:
    handler.answer(Recorded(302, {"Location": "/api/v1/secrets"}, b""))
    return False


def test_no_request_repeats_the_credentials_elsewhere(
    api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redirect would send the token to another server; it is an answer like any other."""
    api.faults["/api/v1/pods"] = [elsewhere]
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, api, {"token": "admin"})))
    connect(None, seconds=30).api.get("api/v1/pods", {})
    assert "/api/v1/secrets" not in api.paths()


def test_the_kubeconfig_is_not_written(api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kubeconfig(tmp_path, api, plugin(tmp_path, "v1", GIVES_TOKEN % "v1"))
    before = path.read_bytes(), path.stat().st_mtime_ns
    monkeypatch.setenv("KUBECONFIG", str(path))
    connect(None, seconds=30)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
