"""TLS handshakes that fail: as clients log them, as the kubelet says them, as the API server reports them, as tools
print them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from kwhy.facts.certificates import Certificate, KubeconfigContext, TlsCheck, read_certificate
from kwhy.facts.log_patterns.tls import Fault, TlsComplaint, complaint_in
from kwhy.facts.log_patterns.transport import CERTIFICATE_TIME, CERTIFICATE_UNKNOWN_AUTHORITY
from kwhy.facts.logs import AppErrors, LogSample
from kwhy.knowledge.api.failures import UNNAMED
from kwhy.knowledge.api.failures import failures_of as kubectl_failures
from kwhy.knowledge.app.errors import errors_of, lasting
from kwhy.knowledge.kubelet.words import complaint_state, lease_state
from kwhy.knowledge.tls.servers import Server, called_in, host_and_port, presented_by, server_of
from kwhy.knowledge.tls.shown import certificates, contexts, held_by, mounted_by
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment, by
from kwhy.model.verdict import Evidence
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

#: Lines of a stack trace below the line that complains are searched for what caused it.
_LINES_BELOW = 60
_BELOW = expression(r"^(?:\s|Caused by: |javax?\.|sun\.|\.\.\. \d)")
#: 2026-11-22T07:05:44.878049123Z stderr F    before every line (kubectl logs --timestamps, CRI log files)
_STAMP = expression(r"^\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d) (?:std(?:out|err) [FP] )?")
#: What a server logs of a client's handshake: the client refused, or was refused.
_SERVED = expression(r"TLS handshake error from|client: [\d.]+|peer did not return a certificate")
#: The API server judges a certificate behind a handshake that succeeded (apiserver v0.34 endpoints/filters/
#: authentication.go).
_AUTHENTICATING = "Unable to authenticate the request"
#: Errors of s_client that only say that it was given nothing to trust, as "certificate required" says that it was
#: given no certificate to show.
_UNTRUSTED = (Fault.UNKNOWN_AUTHORITY, Fault.SELF_SIGNED)


class Failure(msgspec.Struct, frozen=True):
    """One client's handshakes with one server fail.

    ``now`` is what the client's clock said, ``bound`` the end (or beginning) of the certificate that it compared with,
    both as far as the complaint or the tool says. ``seen_by_server``: the complaint stands in the log of the server.
    """

    complaint: TlsComplaint
    client: Subject
    server: Server
    evidence: Evidence
    document: Document
    since: Moment = UNKNOWN_MOMENT
    now: float | None = None
    bound: float | None = None
    seen_by_server: bool = False

    @property
    def fault(self) -> Fault:
        return self.complaint.fault


def failures_of(scene: Scene, client: Subject) -> tuple[Failure, ...]:
    """TLS handshakes of the client that fail, in its log or as a tool printed them"""
    if client.kind == "Connection":
        return tuple(_of_checks(scene, client))
    if client.kind == "Node":
        return tuple(_of_kubelet(scene, client))
    if client.kind == "APIService":
        return tuple(_of_api_service(scene, client))
    if client.kind == "ApiServer":
        return tuple(_of_kubectl(scene, client))
    return tuple(_of_log(scene, client))


def checked_connections(scene: Scene) -> list[Subject]:
    """Connections that a tool tried with TLS, and that failed."""
    failed = [check for check in scene.facts(TlsCheck) if _is_failure(check)]
    return list(dict.fromkeys(_connection(scene, check) for check in failed))


def _connection(scene: Scene, check: TlsCheck) -> Subject:
    name = f"{check.server_name or check.host or 'a server'}:{check.port or 443}"
    return Subject("Connection", name, node=scene.host_of(check.at.document).name)


def _is_failure(check: TlsCheck) -> bool:
    complaint = complaint_in(check.error) if check.error else None
    if complaint is None:
        return False
    if complaint.fault is Fault.CLIENT_CERTIFICATE_MISSING:
        return check.client_certificate
    return check.trusted is not None or check.tool != "openssl" or complaint.fault not in _UNTRUSTED


def _of_checks(scene: Scene, connection: Subject) -> Iterator[Failure]:
    for check in scene.facts(TlsCheck):
        if not _is_failure(check) or _connection(scene, check) != connection:
            continue
        complaint = complaint_in(check.error)
        assert complaint is not None  # it is a failure
        server = server_of(scene, check.server_name or check.host or "", check.port, None)
        evidence = Evidence(check.at, f"{check.tool}: {complaint.fault.value}")
        yield _failure(scene, complaint, connection, server, evidence, now=check.when.earliest, bound=check.bound)


def _of_log(scene: Scene, client: Subject) -> Iterator[Failure]:
    for errors in errors_of(scene, client):
        if not lasting(errors):
            continue
        for sample in reversed(errors.samples):
            text = _text(errors, sample)
            complaint = complaint_in(text) if _AUTHENTICATING not in text else None
            if complaint is not None:
                yield _logged(scene, client, errors, sample, complaint)
                break


def _text(errors: AppErrors, sample: LogSample) -> str:
    """The line that complains and the stack trace below it."""
    lines = [errors.document.line(sample.line) or sample.excerpt]
    for number in range(sample.line + 1, sample.line + _LINES_BELOW):
        line = _STAMP.sub("", errors.document.line(number))
        if not _BELOW.match(line):
            break
        lines.append(line)
    below = complaint_in("\n".join(lines[1:]))
    first = complaint_in(lines[0])
    # "validity check failed" stands above the cause that says which of the two it was
    return "\n".join(lines[1:] if below is not None and (first is None or below.fields) else lines)


def _logged(scene: Scene, client: Subject, errors: AppErrors, sample: LogSample, complaint: TlsComplaint) -> Failure:
    line = errors.document.line(sample.line) or sample.excerpt
    served = errors.served or _SERVED.search(line) is not None
    # what a server calls its target is its client, if it is anything
    target = "" if served else errors.target or ""
    called = ("", None) if served else called_in(target) or called_in(line) or host_and_port(target)
    server = server_of(scene, complaint.fields.get("asked") or called[0], called[1], client.namespace)
    if called[0] and called[0] != server.host:
        server = Server(server.host, called[1], server_of(scene, called[0], called[1], client.namespace).subject)
    evidence = Evidence(errors.locate(sample), f"{complaint.fault.value}, {errors.count} times")
    return _failure(scene, complaint, client, server, evidence, since=by(errors.samples[0].when), seen_by_server=served)


def _of_kubelet(scene: Scene, node: Subject) -> Iterator[Failure]:
    state = (
        lease_state(scene, node).holds
        or complaint_state(scene, node, CERTIFICATE_TIME, CERTIFICATE_UNKNOWN_AUTHORITY).holds
    )
    if state is None:
        return
    line = state.document.line(state.sample.line) or state.sample.excerpt
    complaint = complaint_in(line)
    if complaint is None:
        return
    host, port = called_in(line) or ("", None)
    server = Server(host, port, Subject("Process", "kube-apiserver"))
    evidence = state.evidence(f"the kubelet says: {complaint.fault.value}")
    yield _failure(scene, complaint, node, server, evidence, since=state.since)


def _of_api_service(scene: Scene, service: Subject) -> Iterator[Failure]:
    available = NodeView(scene, service).condition("Available")
    if not available.observed or available.value is None or available.value.status != "False":
        return
    message = available.value.message or ""
    complaint, called = complaint_in(message), called_in(message)
    if complaint is None or called is None:
        return
    server = server_of(scene, called[0], called[1], None)
    evidence = Evidence(available.place, f"the API server says: {complaint.fault.value}")
    yield _failure(scene, complaint, service, server, evidence)


def _of_kubectl(scene: Scene, called: Subject) -> Iterator[Failure]:
    for said in kubectl_failures(scene, called):
        complaint = complaint_in(said.message)
        if complaint is not None and said.kind == "certificate":
            host, port = host_and_port(called.name) if called.name != UNNAMED else ("", None)
            server = Server(host, port, Subject("Process", "kube-apiserver"))
            evidence = Evidence(said.at, f"kubectl says: {complaint.fault.value}")
            yield _failure(scene, complaint, called, server, evidence)


def _failure(
    scene: Scene,
    complaint: TlsComplaint,
    client: Subject,
    server: Server,
    evidence: Evidence,
    since: Moment = UNKNOWN_MOMENT,
    now: float | None = None,
    bound: float | None = None,
    *,
    seen_by_server: bool = False,
) -> Failure:
    fields = complaint.fields
    stated = parse_timestamp(fields.get("now"))
    if bound is None:
        bound = parse_timestamp(fields.get("bound"))
    if bound is None:
        bound = _java_time(fields.get("not_after") or fields.get("not_before"))
    return Failure(
        complaint, client, server, evidence, evidence.at.document, since, stated or now, bound, seen_by_server
    )


def _java_time(text: str | None) -> float | None:
    """Epoch seconds of "Sun Oct 18 05:45:20 UTC 2026" (java.util.Date.toString); other zones than UTC are not known."""
    from datetime import UTC, datetime

    if text is None or (" UTC " not in text and " GMT " not in text):
        return None
    try:
        words = text.split()
        return datetime.strptime(" ".join([*words[1:4], words[5]]), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC).timestamp()
    except (ValueError, IndexError):
        return None


def chain_of(scene: Scene, failure: Failure) -> tuple[Certificate, ...]:
    """The certificates that the server shows, its own first; empty where none was shown"""
    return tuple(held.certificate for held in presented_by(scene, failure.server))


def trusted_by(scene: Scene, failure: Failure) -> tuple[Certificate, ...]:
    """The authorities that the client is seen to believe; empty where nothing shows them."""
    client = failure.client
    if client.kind == "Pod":
        held = mounted_by(scene, client)
        if not any(one.use == "trusts" for one in held):
            return tuple(_tried_with(scene, failure.server))
    elif client.kind == "Node":
        return tuple(_trusted_by_kubelet(scene, client))
    elif client.kind == "Connection":
        return tuple(_told_to_trust(scene, lambda check: check.at.document is failure.document))
    elif client.kind == "ApiServer":
        return tuple(_trusted_by_kubectl(scene, failure.server))
    elif client.kind == "Document":
        return tuple(_tried_with(scene, failure.server))
    else:
        held = held_by(scene, client)
    return tuple(one.certificate for one in held if one.use == "trusts")


def _trusted_by_kubelet(scene: Scene, node: Subject) -> Iterator[Certificate]:
    """The authorities of the kubeconfigs of the node, in them or in the files that they name."""
    for context in contexts(scene, node):
        for der in context.authorities:
            if (found := read_certificate(der)) is not None:
                yield found
        if context.authority is not None:
            yield from _of_file(scene, context.authority)


def _trusted_by_kubectl(scene: Scene, server: Server) -> Iterator[Certificate]:
    """The authorities of the contexts that call the server."""
    for context in scene.facts(KubeconfigContext):
        if called_in(context.server or "") == (server.host, server.port):
            yield from (found for der in context.authorities if (found := read_certificate(der)) is not None)
            if context.authority is not None:
                yield from _of_file(scene, context.authority)


def _tried_with(scene: Scene, server: Server) -> Iterable[Certificate]:
    """What somebody who tried the same server told a tool to trust: what the client is meant to trust."""
    return _told_to_trust(scene, lambda check: server.host in (check.host, check.server_name))


def _told_to_trust(scene: Scene, concerns: Callable[[TlsCheck], bool]) -> Iterator[Certificate]:
    """The certificates of the files that a tool was told to trust."""
    for check in scene.facts(TlsCheck):
        if check.trusted is not None and concerns(check):
            yield from _of_file(scene, check.trusted)


def _of_file(scene: Scene, name: str) -> Iterator[Certificate]:
    """The certificates of the file of this name."""
    wanted = f"/{name.removeprefix('./').lstrip('/')}"
    for held in scene.derive_once(certificates):
        if f"/{(held.path or held.at.source).lstrip('/')}".endswith(wanted):
            yield held.certificate


def clock_node(scene: Scene, client: Subject) -> Subject | None:
    """The node whose clock the client goes by."""
    if client.kind == "Node":
        return client
    if client.kind == "Connection":
        return Subject("Node", client.node) if client.node else None
    if client.kind == "Pod":
        return next(iter(node_of_pod(scene, client)), None)
    return None
