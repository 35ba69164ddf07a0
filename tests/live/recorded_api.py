"""Recorded responses of a real kube-apiserver (v1.34.4), served again on loopback, with faults where a test wants them.

``responses.json.xz`` holds requests and answers of three callers: "admin" (system:masters), "restricted" (a service
account that may only read some kinds in one namespace) and "nobody" (an invalid token); the token tells them apart.
"""

from __future__ import annotations

import json
import lzma
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import pytest
import urllib3

from kwhy.live.server import ReadOnlyServer

FIXTURES = Path(__file__).parent.parent / "fixtures" / "live"

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Recorded:
    status: int
    headers: Mapping[str, str]
    body: bytes


@cache
def recorded() -> Mapping[tuple[str, str, Query], Recorded]:
    """(caller, path, query) → answer; of lists, whatever their limit was (a server may always give fewer at once)."""
    rows = json.loads(lzma.decompress((FIXTURES / "responses.json.xz").read_bytes()))
    answers: dict[tuple[str, str, Query], Recorded] = {}
    for row in rows:
        if row["accept"] == "application/json":
            answer = Recorded(row["status"], row["headers"], row["body"].encode())
            path, query = _split(row["url"])
            answers[row["as"], path, query] = answer
            answers.setdefault((row["as"], path, _unlimited(query)), answer)
    return answers


def _unlimited(query: Query) -> Query:
    return tuple(item for item in query if item[0] != "limit")


def _selected(answer: Recorded, selector: str) -> Recorded:
    """What a server gives of Secrets by type: they were recorded without a selector."""
    field, differs, value = selector.partition("!=") if "!=" in selector else selector.partition("=")
    document = json.loads(answer.body)
    items = document["items"]
    document["items"] = [item for item in items if (item[field] == value) is (differs == "=")]
    return Recorded(answer.status, answer.headers, json.dumps(document).encode())


def _split(url: str) -> tuple[str, Query]:
    parts = urlsplit(url)
    return parts.path, tuple(sorted(parse_qsl(parts.query)))


#: What a faulty server does to a request instead of answering it; True: answer nevertheless.
Fault = Callable[["Handler"], bool]


@dataclass
class RecordedApi:
    """``faults``: path → what happens to its requests, one after the other; after that they are answered.

    ``seen``: method and URL of every request. ``dead``: open connections are closed, too.
    """

    faults: dict[str, list[Fault]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    dead: bool = False
    stop: Callable[[], None] = lambda: None

    def paths(self) -> list[str]:
        return [urlsplit(url).path for _, url in self.seen]

    def kubeconfig(self, folder: Path, caller: str = "admin", namespace: str = "default") -> Path:
        """A kubeconfig with one context for ``caller``."""
        path = folder / f"kubeconfig-{caller}"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": caller,
            "clusters": [{"name": "recorded", "cluster": {"server": self.url}}],
            "users": [{"name": caller, "user": {"token": caller}}],
            "contexts": [{"name": caller, "context": {"cluster": "recorded", "user": caller, "namespace": namespace}}],
        }
        path.write_text(json.dumps(config), encoding="utf-8")
        return path


class Handler(BaseHTTPRequestHandler):
    api: RecordedApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.api.seen.append((self.command, self.path))
        path, query = _split(self.path)
        if self.api.dead:
            self.close_connection = True
            return
        planned = self.api.faults.get(path)
        if planned and not planned.pop(0)(self):
            return
        caller = (self.headers.get("Authorization") or "Bearer nobody").removeprefix("Bearer ")
        self.answer(_looked_up(caller, path, query))

    def refuse(self) -> None:
        self.api.seen.append((self.command, self.path))
        self.send_error(405)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = refuse  # noqa: N815 - http.server calls them so

    def answer(self, answer: Recorded, said: Mapping[str, str] | None = None) -> None:
        self.send_response_only(answer.status)
        for name, value in {**answer.headers, **(said or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Tests print nothing."""


def _looked_up(caller: str, path: str, query: Query) -> Recorded:
    known = recorded()
    if caller == "nobody":
        return next(answer for (who, _, _), answer in known.items() if who == "nobody")
    selector = dict(query).get("fieldSelector")
    query = tuple(item for item in query if item[0] != "fieldSelector")
    found = known.get((caller, path, query)) or known.get((caller, path, _unlimited(query)))
    if found is not None and found.status == 200 and selector is not None:
        return _selected(found, selector)
    return found or Recorded(404, {"Content-Type": "text/plain; charset=utf-8"}, b"404 page not found\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what some tests are about; what goes wrong otherwise shows in the client."""


@contextmanager
def serving(api: RecordedApi | None = None) -> Iterator[RecordedApi]:
    """A server on a free port of loopback."""
    api = api or RecordedApi()
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"api": api}))
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    stopped: list[bool] = []

    def stop() -> None:
        api.dead = True
        if not stopped:
            stopped.append(True)
            server.shutdown()
            server.server_close()

    api.stop = stop
    try:
        yield api
    finally:
        stop()
        thread.join()


def as_caller(
    api: RecordedApi, folder: Path, monkeypatch: pytest.MonkeyPatch, caller: str, namespace: str = "default"
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(folder, caller, namespace)))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


# --- faults ---------------------------------------------------------------------------------------------------------


def answered(handler: Handler) -> bool:
    """No fault: for requests before the one that fails."""
    return True


def status(code: int, retry_after: str | None = None, body: bytes = b"") -> Fault:
    """An answer with this status."""

    def fault(handler: Handler) -> bool:
        handler.answer(Recorded(code, {}, body), {"Retry-After": retry_after} if retry_after else None)
        return False

    return fault


def expired(handler: Handler) -> bool:
    """The continuation of a list is too old: the answer that kube-apiserver v1.34.4 gave."""
    handler.answer(Recorded(410, {"Content-Type": "application/json"}, (FIXTURES / "expired.json").read_bytes()))
    return False


def garbage(handler: Handler) -> bool:
    """Bytes that are no JSON, as a captive portal or a broken proxy sends."""
    handler.answer(Recorded(200, {"Content-Type": "application/json"}, b"\x00\xff<html>" * 50))
    return False


def half_closed(handler: Handler) -> bool:
    """The connection closes without an answer."""
    handler.close_connection = True
    return False


def cut_short(handler: Handler) -> bool:
    """The connection closes in the middle of an answer."""
    handler.send_response_only(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a"')
    handler.wfile.flush()
    handler.close_connection = True
    return False


def slow(seconds: float) -> Fault:
    """The answer comes late."""

    def fault(handler: Handler) -> bool:
        time.sleep(seconds)
        return True

    return fault


def dies(handler: Handler) -> bool:
    """The server ends without an answer: later requests are refused."""
    handler.api.dead = handler.close_connection = True
    Thread(target=handler.api.stop, daemon=True).start()
    return False


def direct(
    api: RecordedApi,
    caller: str = "admin",
    seconds: float = 60.0,
    sleep: Callable[[float], None] = lambda seconds: None,
) -> ReadOnlyServer:
    """The server without a kubeconfig. ``sleep``: what waiting between attempts does."""
    token = {"Authorization": f"Bearer {caller}"}
    return ReadOnlyServer(urllib3.PoolManager(), api.url, lambda: token, time.monotonic() + seconds, sleep)
