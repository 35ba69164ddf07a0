"""A kubeconfig: ~/.kube/config, /etc/kubernetes/{admin,kubelet,super-admin,scheduler,controller-manager}.conf, in YAML
or JSON, `kubectl config view` with or without --raw.

Certificates are taken out of certificate-authority-data and client-certificate-data; keys, tokens and passwords are
never kept, only that there are some.
Source: k8s.io/client-go v0.34 tools/clientcmd/api/v1/types.go (the same since Kubernetes 1.0).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from kwhy.facts.certificates import CertificateShown, KubeconfigContext
from kwhy.facts.pem import certificates_in_base64
from kwhy.ingest.certificates.files import file_shown
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_KIND: Final = expression(r"(?m)^kind: *[\"']?Config[\"']? *$|\"kind\"\s*:\s*\"Config\"")
_PART: Final = expression(
    r"(?m)^(?:clusters|contexts|users|current-context):|\"(?:clusters|contexts|users|current-context)\"\s*:"
)
#: No kubeconfig in use is longer.
_LONGEST: Final = 8 << 20


def _recognise(head: Head) -> float:
    if "Config" not in head.text or "clusters" not in head.text:
        return 0.0
    parts = len(set(_PART.findall(head.text)))
    if not parts or not _KIND.search(head.text):
        return 0.0
    return 0.98 if parts >= 2 else 0.7


def parse(document: Document) -> Iterator[Parsed]:
    import yaml  # takes 20 ms to import

    if len(document.data) > _LONGEST:
        yield Unparsed(document.at(document.first_line), f"longer than {_LONGEST >> 20} MiB: no kubeconfig is")
        return
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        read = yaml.load(document.text, Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = document.first_line + (mark.line if mark is not None else 0)
        yield Unparsed(document.at(line), "not well-formed YAML; a kubeconfig was expected")
        return
    if not isinstance(read, dict):
        yield Unparsed(document.at(document.first_line), "a kubeconfig (clusters, users, contexts) was expected")
        return
    lines = _Lines(document)
    clusters, users = _named(read, "clusters", "cluster"), _named(read, "users", "user")
    path = file_shown(document)
    yield from _held(document, clusters, "certificate-authority-data", "trusts", path, lines)
    yield from _held(document, users, "client-certificate-data", "presents", path, lines)
    current = read.get("current-context")
    for name, context in _named(read, "contexts", "context").items():
        yield _context(document, lines, path, name, name == current, context, clusters, users)


class _Lines:
    """Where a value stands: the line that holds it, without a second parser."""

    def __init__(self, document: Document) -> None:
        self._lines = [(number, line) for number, line in document.lines()]
        self._first = document.first_line

    def of(self, text: str, key: str = "") -> int:
        return next((number for number, line in self._lines if text and text in line and key in line), self._first)


def _named(read: Mapping[str, Any], many: str, one: str) -> dict[str, Mapping[str, Any]]:
    listed = read.get(many)
    found = {}
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict) and isinstance(item.get(one), dict):
            found[str(item.get("name", ""))] = item[one]
    return found


def _held(
    document: Document,
    owners: Mapping[str, Mapping[str, Any]],
    field: str,
    use: Literal["presents", "trusts"],
    path: str | None,
    lines: _Lines,
) -> Iterator[Parsed]:
    for name, owner in owners.items():
        value = owner.get(field)
        if not isinstance(value, str) or value in ("DATA+OMITTED", "REDACTED", ""):
            continue
        line = lines.of(value.split("\n")[0][:200], field)
        certificates = certificates_in_base64(value)
        if not certificates:
            yield Unparsed(document.at(line, excerpt=f"{field}: …"), f"{field} of {name} holds no whole certificate")
        for position, der in enumerate(certificates):
            at = document.at(line, excerpt=f"{field}: … ({name})")
            yield CertificateShown(at=at, der=der, field=f"{field} of {name}", path=path, position=position, use=use)


def _context(
    document: Document,
    lines: _Lines,
    path: str | None,
    name: str,
    current: bool,
    context: Mapping[str, Any],
    clusters: Mapping[str, Mapping[str, Any]],
    users: Mapping[str, Mapping[str, Any]],
) -> KubeconfigContext:
    cluster, user = str(context.get("cluster", "")), str(context.get("user", ""))
    server, who = clusters.get(cluster, {}), users.get(user, {})
    address = _text(server, "server")
    line = lines.of(address or name, "server" if address else "")
    return KubeconfigContext(
        at=document.at(line, excerpt=f"server: {address}" if address else f"context {name}"),
        name=name,
        current=current,
        cluster=cluster,
        server=address,
        user=user,
        namespace=_text(context, "namespace"),
        path=path,
        authority=_text(server, "certificate-authority"),
        authorities=certificates_in_base64(server.get("certificate-authority-data")),
        certificate=_text(who, "client-certificate"),
        certificates=certificates_in_base64(who.get("client-certificate-data")),
        server_name=_text(server, "tls-server-name"),
        insecure=server.get("insecure-skip-tls-verify") is True,
        credential=_credential(who),
    )


def _text(owner: Mapping[str, Any], key: str) -> str | None:
    value = owner.get(key)
    return value[:2000] if isinstance(value, str) and value else None


def _credential(user: Mapping[str, Any]) -> Literal["certificate", "token", "password", "exec", "none"]:
    """Which of its credentials client-go uses first (client-go v0.34 tools/clientcmd/client_config.go)."""
    if "token" in user or "tokenFile" in user:
        return "token"
    if "client-certificate" in user or "client-certificate-data" in user:
        return "certificate"
    if "username" in user:
        return "password"
    return "exec" if "exec" in user or "auth-provider" in user else "none"


FORMAT: Final = Format("kubeconfig", _recognise, parse)
