"""Whom a client speaks TLS with: the object that stands for the server, and the certificate that it shows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.certificates import Certificate, TlsCheck
from kwhy.facts.objects import Ingress
from kwhy.knowledge.service.consumers import service_at
from kwhy.knowledge.tls.shown import Held, certificates, held_by, mounted_by
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.scene.relations import pods_selected
from kwhy.scene.scene import Scene

#: A server of which the cluster's objects tell nothing.
OUTSIDE = "Server"
#: https://payments.shop.svc:8443/ in "Get \"https://payments.shop.svc:8443/\": …"; wss, grpcs, amqps likewise
_URL = expression(
    r"\b(?:https|wss|grpcs|amqps|ldaps|rediss)://(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[\w.-]{1,253})(?::(?P<port>\d{1,5}))?"
)
#: http://payments.shop.svc:8443/
_PLAIN_URL = expression(r"\bhttp://(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[\w.-]{1,253})(?::(?P<port>\d{1,5}))?")
#: dial tcp 10.0.0.1:6443
_DIALLED = expression(r"\bdial tcp (?P<host>[\d.]{7,15}|\[[0-9a-fA-F:.]{2,45}\]):(?P<port>\d{1,5})\b")
_HTTPS = 443
_NUMERIC = expression(r"^[\d.]+$|:")
#: How certificates of Services are called: SERVICE.NAMESPACE.svc (k8s.io/apiserver v0.34 pkg/util/webhook/client.go)
_IN_CLUSTER = expression(
    r"^(?P<name>[a-z0-9-]{1,63})\.(?P<namespace>[a-z0-9-]{1,63})(?:\.svc(?:\.[a-z0-9.-]{1,200})?)?$"
)
_API_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")


class Server(msgspec.Struct, frozen=True):
    """Whom a client called. ``host`` is the name or address that was called; ``subject`` the object behind it."""

    host: str
    port: int | None
    subject: Subject

    @property
    def numeric(self) -> bool:
        """Whether an address was called, not a name."""
        return _NUMERIC.search(self.host) is not None

    @property
    def called(self) -> str:
        if not self.host:
            return self.subject.name if self.subject.kind == "Process" else ""
        return f"{self.host}:{self.port}" if self.port not in (None, _HTTPS) else self.host

    @property
    def connect(self) -> str:
        """Host and port as `openssl s_client -connect` wants them."""
        return f"{self.host or 'HOST'}:{self.port or _HTTPS}"


def called_in(text: str) -> tuple[str, int | None] | None:
    """Host and port of the call that a text tells of."""
    for form in (_URL, _DIALLED, _PLAIN_URL):
        match = form.search(text)
        if match is not None:
            port = int(match["port"]) if match["port"] else (_HTTPS if form is _URL else None)
            return match["host"].strip("[]").rstrip(".").lower(), port
    return None


def host_and_port(target: str) -> tuple[str, int | None]:
    """Host and port of "db.shop.svc:3306", "10.0.0.1:6443", "[::1]:443"; a host alone has no port."""
    host, colon, port = target.rpartition(":")
    if colon and port.isdecimal() and "/" not in host:
        return host.strip("[]").lower(), int(port)
    return ("" if "/" in target else target.strip("[]").lower()), None


def server_of(scene: Scene, host: str, port: int | None, namespace: str | None) -> Server:
    """The object behind a host: a Service of the cluster, or a server outside."""
    return Server(host, port, _object(scene, host, port, namespace))


def _object(scene: Scene, host: str, port: int | None, namespace: str | None) -> Subject:
    if _NUMERIC.search(host):
        service = service_at(scene, host)
        if service is not None:
            return service
    else:
        match = _IN_CLUSTER.match(host)
        if match is not None:
            service = Subject("Service", match["name"], match["namespace"])
            if scene.exists(service) or ".svc" in host:
                return service
        elif "." not in host and namespace is not None:
            service = Subject("Service", host, namespace)
            if scene.exists(service):
                return service
    return Subject(OUTSIDE, f"{host}:{port}" if port is not None else host)


def presented_by(scene: Scene, server: Server) -> list[Held]:
    """The certificates that the server shows, its own first: as a tool saw them, else from what its pods mount."""
    checked = _checked(scene, server)
    if checked:
        return checked
    if server.subject.kind == "Service":
        for pod in pods_selected(scene, server.subject):
            own = [held for held in mounted_by(scene, pod) if held.use == "presents"]
            if own:
                return own
    return _of_ingress(scene, server.host)


def _checked(scene: Scene, server: Server) -> list[Held]:
    for check in scene.facts(TlsCheck):
        same = check.host == server.host or check.server_name == server.host
        if same and check.chain and (server.port is None or check.port in (None, server.port)):
            by_der = {held.certificate.der: held for held in scene.derive_once(certificates)}
            return [by_der[der] for der in check.chain if der in by_der]
    return []


def _of_ingress(scene: Scene, host: str) -> list[Held]:
    return [held for secret in scene.derive_once(_secrets_by_host).get(host, ()) for held in held_by(scene, secret)]


def _secrets_by_host(scene: Scene) -> dict[str, list[Subject]]:
    index: dict[str, list[Subject]] = {}
    for struct in scene.structs("Ingress"):
        if isinstance(struct, Ingress) and isinstance(struct.spec.tls, list):
            for tls in struct.spec.tls:
                for host in tls.hosts or ():
                    secret = Subject("Secret", tls.secret_name or "", struct.metadata.namespace or None)
                    index.setdefault(host, []).append(secret)
    return index


def holder_of(scene: Scene, certificate: Certificate) -> Held | None:
    """Where the certificate is kept: an object of the cluster before a file."""
    same = [held for held in scene.derive_once(certificates) if held.certificate.der == certificate.der != b""]
    in_objects = [held for held in same if held.holder is not None]
    on_hosts = [held for held in same if held.path is not None]
    return next(iter([*in_objects, *on_hosts]), None)


def ending_at(scene: Scene, moment: float) -> list[Held]:
    """The certificates that end, or begin, at exactly this second."""
    return [
        held
        for held in scene.derive_once(certificates)
        if moment in (held.certificate.not_after, held.certificate.not_before)
    ]


def covers(names: Iterable[str], host: str) -> bool:
    """Whether one of the names stands for the host (RFC 6125 6.4.3: a wildcard for one leftmost label)."""
    host = host.rstrip(".").lower()
    parent = host.partition(".")[2]
    return any(name.lower() == host or (name.startswith("*.") and name[2:].lower() == parent) for name in names)
