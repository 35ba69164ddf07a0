"""Why kubectl, as a whole, fails: its own words sorted by what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from kwhy.facts.kubectl import KubectlError
from kwhy.model.document import Document, Locator
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

Kind: TypeAlias = Literal[
    "kubeconfig",
    "no-kubeconfig",
    "proxy",
    "plain-http",
    "name",
    "resolver",
    "certificate",
    "refused",
    "unreachable",
    "credentials",
    "forbidden",
    "overloaded",
    "etcd",
    "broken",
    "unavailable",
    "timeout",
]
#: What stands for the server where kubectl does not name it.
UNNAMED = "the API server"

#: How kubectl and its discovery cache introduce what went wrong on the way to the server.
_ON_THE_WAY = r"(?:^Unable to connect to the server: |^(?:Get|Post) \"|^dial tcp|^proxyconnect|^The connection )"
#: Each kind with what says so; the first that matches counts. One example each.
_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    # Error in configuration: context was not found for specified context: prod   (clientcmd/validation.go)
    (
        "kubeconfig",
        expression(
            r"(?P<detail>(?:context was not found for specified context|no context exists with the name|"
            r"error loading config file|no server found for cluster|invalid configuration|"
            r"no configuration has been provided|Missing or incomplete configuration|"
            r"unable to read (?:client-cert|client-key|certificate-authority)|context \"[^\"]*\" does not exist|"
            r"cluster \"[^\"]*\" does not exist).{0,400})"
        ),
    ),
    # error: EOF behind "Please enter Username:" (clientcmd/auth_loaders.go: no credentials in the kubeconfig)
    ("kubeconfig", expression(r"(?P<detail>Please enter Username: error: EOF)")),
    # The connection to the server localhost:8080 was refused (kubectl's default, client-go rest/url_utils.go)
    ("no-kubeconfig", expression(r"(?P<detail>http://localhost:8080/|the server localhost:8080 was refused)")),
    # Get "https://10.0.0.5:6443/api": proxyconnect tcp: dial tcp 127.0.0.1:7999: connect: connection refused
    ("proxy", expression(r"(?P<detail>proxyconnect tcp: .{1,400})")),
    # Unable to connect to the server: Forbidden   (net/http transport.go: the status of a failed CONNECT)
    (
        "proxy",
        expression(
            rf"{_ON_THE_WAY}(?:.{{0,600}}\": )?(?P<detail>Forbidden|Bad Gateway|Service Unavailable|"
            r"Gateway Time-?out|Proxy Authentication Required|Method Not Allowed)$"
        ),
    ),
    # error: invalid character '<' looking for beginning of value
    ("proxy", expression(r"(?P<detail>invalid character '<' looking for beginning of value)")),
    # an error on the server ("<html>\r\n<head><title>502 Bad Gateway</title>…") has prevented the request
    ("proxy", expression(r"an error on the server \((?P<detail>\"\s{0,9}<(?:html|!DOCTYPE|!doctype).{0,200})")),
    (
        "plain-http",
        expression(
            r"(?P<detail>server gave HTTP response to HTTPS client|first record does not look like a TLS handshake|"
            r"Client sent an HTTP request to an HTTPS server)"
        ),
    ),
    ("name", expression(rf"{_ON_THE_WAY}.{{0,900}}?lookup (?P<detail>\S{{1,253}}?)(?: on \S{{1,60}}?)?: no such host")),
    (
        "resolver",
        expression(rf"{_ON_THE_WAY}.{{0,900}}?(?P<detail>lookup \S{{1,253}}?(?: on \S{{1,60}}?)?: .{{1,200}})"),
    ),
    ("certificate", expression(rf"{_ON_THE_WAY}.{{0,900}}?(?P<detail>(?:x509|tls): .{{1,400}})")),
    ("refused", expression(r"(?P<detail>The connection to the server \S{1,300} was refused)")),
    ("refused", expression(rf"{_ON_THE_WAY}.{{0,900}}?(?P<detail>connect: connection refused)")),
    (
        "unreachable",
        expression(
            rf"{_ON_THE_WAY}.{{0,900}}?(?P<detail>i/o timeout|no route to host|network is unreachable|"
            r"TLS handshake timeout|context deadline exceeded|Client\.Timeout|connection reset by peer|"
            r"(?:unexpected )?EOF)"
        ),
    ),
    (
        "credentials",
        expression(r"(?P<detail>You must be logged in to the server|has asked for the client to provide credentials)"),
    ),
    ("overloaded", expression(r"(?P<detail>too many requests.{0,200})", re.IGNORECASE)),
    ("etcd", expression(r"etcdserver: (?P<detail>.{1,200})")),
    # … (get pods.metrics.k8s.io): an aggregated API is unavailable, not the API server
    (
        "broken",
        expression(
            r"(?P<detail>an error on the server \(\"[^<]{0,300}?\"\) has prevented the request from succeeding"
            r"(?: \(\w+ \w+\))?$)"
        ),
    ),
    (
        "unavailable",
        expression(r"(?P<detail>^the server is currently unable to handle the request(?: \(\w+ \w+\))?$)"),
    ),
    ("timeout", expression(r"(?P<detail>unable to return a response in the time allotted)")),
)
#: The server's address in a sentence or URL.
_SERVER = expression(
    r"(?:the server (?=\S{1,300} was refused)|https?://)(?P<server>[\w.-]{1,253}(?::\d{1,5})?|\[[0-9a-f:]{2,45}\](?::\d{1,5})?)"
)
_DIALLED = expression(r"dial tcp (?P<server>[\d.]{7,15}:\d{1,5}|\[[0-9a-f:]{2,45}\]:\d{1,5})")
#: Reasons of the API server's answers that decide by themselves (apimachinery meta/v1/types.go StatusReason).
_REASONS: dict[str, Kind] = {
    "TooManyRequests": "overloaded",
    "Unauthorized": "credentials",
    "Forbidden": "forbidden",
    "Timeout": "timeout",
    "ServerTimeout": "timeout",
    "GatewayTimeout": "timeout",
}


class Failure(msgspec.Struct, frozen=True):
    """kubectl failed. ``server`` is the address as printed; ``detail`` the words that tell why."""

    kind: Kind
    server: str
    detail: str
    message: str
    at: Locator

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.at, f"kubectl: {self.message[:200]}")


def failure_of(error: KubectlError) -> Failure | None:
    """What the error means; None for errors about single objects."""
    message = error.message[:3000]
    server = _SERVER.search(message) or _DIALLED.search(message)
    named = server["server"] if server is not None else UNNAMED
    if "proxyconnect" in message and _SERVER.search(message) is None:
        named = UNNAMED  # the address that was dialled is the proxy's
    for kind, words in _WORDS:
        match = words.search(message)
        if match is not None and not (kind == "proxy" and error.reason == "Forbidden"):
            return Failure(kind, named, match["detail"], message, error.at)
    kind_by_reason = _REASONS.get(error.reason)
    return Failure(kind_by_reason, named, message, message, error.at) if kind_by_reason is not None else None


def _failures(scene: Scene) -> dict[Subject, list[Failure]]:
    """By server. Of what one output says, the kind that tells most counts."""
    by_document: dict[int, list[Failure]] = {}
    documents: dict[int, Document] = {}
    for error in scene.facts(KubectlError):
        failure = failure_of(error)
        if failure is not None:
            by_document.setdefault(id(error.at.document), []).append(failure)
            documents[id(error.at.document)] = error.at.document
    order = [kind for kind, _ in _WORDS]
    index: dict[Subject, list[Failure]] = {}
    for failures in by_document.values():
        named = next((f.server for f in failures if f.server != UNNAMED), UNNAMED)
        best = min(failures, key=lambda f: order.index(f.kind) if f.kind in order else len(order))
        subject = Subject("ApiServer", named)
        index.setdefault(subject, []).extend(
            [best, *(f for f in failures if f is not best and (f.kind == best.kind or f.server != UNNAMED))]
        )
    return index


def failing_servers(scene: Scene) -> list[Subject]:
    """API servers with which kubectl cannot work."""
    return [
        server for server, found in scene.derive_once(_failures).items() if any(f.kind != "forbidden" for f in found)
    ]


def failures_of(scene: Scene, server: Subject) -> list[Failure]:
    """What kubectl says about its failure"""
    return scene.derive_once(_failures).get(server, [])


def kind_of(scene: Scene, server: Subject) -> Kind | None:
    """The kind that counts."""
    found = failures_of(scene, server)
    return found[0].kind if found else None


def fails_by(*kinds: Kind) -> Relation:
    """From an API server with which kubectl fails to itself, where it fails so."""

    def find(scene: Scene, server: Subject) -> Iterable[Subject]:
        return [server] if kind_of(scene, server) in kinds else []

    return Relation("is reached with", find)
