"""Which Services an application's failing calls go to, and how far the calls came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from kwhy.facts.logs import AppErrors
from kwhy.facts.objects import Service
from kwhy.knowledge.app.errors import errors_of, lasting
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

#: "resolving": the name was not turned into an address; "connecting": it was, and the address was called; None: the
#: message does not tell ("context deadline exceeded").
Stage = Literal["resolving", "connecting"] | None

# http://web/ · https://10.0.0.1:6443/api · mysql://user@db.shop.svc:3306/orders
_URL = expression(
    r"^(?P<scheme>[a-z][a-z0-9+.-]{0,30})://(?:[^@/\s]{0,200}@)?(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[^:/\s]{1,253})"
    r"(?::(?P<port>\d{1,5}))?"
)
# web:80 · 10.96.228.70:80
_ADDRESS = expression(r"^(?P<host>[^:/\s]{1,253}):(?P<port>\d{1,5})$")
# dial tcp 10.96.228.70:80: connect: connection refused (Go net.OpError)
_DIALLED = expression(r"\bdial tcp (?P<host>(?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-fA-F:.]{2,45}\]):(?P<port>\d{1,5})\b")
# dial tcp: lookup web on 10.96.0.10:53: read udp 10.244.0.99:47470->10.96.0.10:53: i/o timeout (Go net.DNSError)
_LOOKUP = expression(r"\blookup (?P<name>[^\s:]{1,253})(?: on (?P<server>[0-9a-fA-F.:\[\]]{2,47}):53)?: ")
# The server answered that there is no such name (Go, glibc, Node.js, dig): it works.
_ANSWERED_NO = expression(r"no such host|NXDOMAIN|ENOTFOUND|Name or service not known|UnknownHostException")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "grpc": 80}
_IP = expression(r"^[\d.]+$|:")
_LABEL = expression(r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")
#: Complaints of a connection that did not come about.
UNREACHED = frozenset({"connection refused", "no route", "timeout", "connection reset"})
CLUSTER_DNS = Subject("Service", "kube-dns", "kube-system")


class Call(msgspec.Struct, frozen=True):
    """Failing calls of one application to one Service. ``dns`` is the name server that a failing lookup asked."""

    errors: AppErrors
    host: str
    port: int | None
    address: str | None
    stage: Stage
    dns: str | None
    answered: bool
    service: Subject | None


def calls_of(scene: Scene, caller: Subject) -> list[Call]:
    """The application's failing calls, and the Services that they go to"""
    return [call for e in errors_of(scene, caller) if lasting(e) and (call := _call(scene, caller, e)) is not None]


def _call(scene: Scene, caller: Subject, errors: AppErrors) -> Call | None:
    texts = [sample.excerpt for sample in errors.samples[-3:]]
    target = _URL.match(errors.target or "") or _ADDRESS.match(errors.target or "")
    dialled = next((found for text in reversed(texts) if (found := _DIALLED.search(text))), None)
    if target is None and dialled is None:
        return None
    last = texts[-1] if texts else ""
    lookup = _LOOKUP.search(last)
    named = target or dialled
    assert named is not None  # one of the two was found above
    host = named["host"].strip("[]").rstrip(".").lower()
    port = (
        int(named["port"]) if named["port"] else _PORTS.get(target["scheme"]) if target and "://" in target[0] else None
    )
    address = dialled["host"].strip("[]") if dialled else host if _IP.search(host) else None
    stage: Stage = None
    if lookup is not None or errors.complaint == "name resolution":
        stage = "resolving"
    elif address is not None or errors.complaint in ("connection refused", "no route", "connection reset"):
        stage = "connecting"
    return Call(
        errors,
        host,
        port or (int(dialled["port"]) if dialled else None),
        address,
        stage,
        lookup["server"] if lookup else None,
        _ANSWERED_NO.search(last) is not None,
        _service(scene, caller, host, address),
    )


def _by_address(scene: Scene) -> dict[str, Subject]:
    index: dict[str, Subject] = {}
    for struct in scene.structs("Service"):
        if isinstance(struct, Service) and isinstance(struct.spec.cluster_ip, str):
            address = struct.spec.cluster_ip
            if address not in ("", "None"):
                index[address] = Subject("Service", struct.metadata.name, struct.metadata.namespace or None)
    return index


def service_at(scene: Scene, address: str) -> Subject | None:
    """The Service with this cluster IP."""
    return scene.derive_once(_by_address).get(address.strip("[]"))


def _service(scene: Scene, caller: Subject, host: str, address: str | None) -> Subject | None:
    if address is not None and (found := service_at(scene, address)) is not None:
        return found
    if _IP.search(host):
        return None
    labels = host.split(".")
    if not all(_LABEL.match(label) for label in labels) or host == "localhost":
        return None
    name, rest = labels[0], labels[1:]
    if not rest:
        if caller.namespace is None:
            same = scene.subjects_named("Service", name)
            return same[0] if len(same) == 1 else None
        return Subject("Service", name, caller.namespace)
    service = Subject("Service", name, rest[0])
    if rest[1:2] == ["svc"] or scene.exists(service):
        return service
    return None


def _unreached(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """Services that the application's calls do not reach."""
    for call in scene.derive(calls_of, caller):
        if call.service is not None and call.stage != "resolving" and call.errors.complaint in UNREACHED:
            yield call.service


def _refused(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """Services whose name resolved, and behind which nothing accepts the connection."""
    for call in scene.derive(calls_of, caller):
        if call.service is not None and call.stage == "connecting" and call.errors.complaint == "connection refused":
            yield call.service


def _resolved_by(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """The cluster's DNS Service, where calls fail in, or may not have got beyond, the resolution of a name."""
    view = PodView(scene, caller)
    policy = view.seen("spec.dnsPolicy", lambda p: p.spec.dns_policy, "ClusterFirst")
    if policy.observed and policy.value in ("None", "Default"):
        return
    for call in scene.derive(calls_of, caller):
        if call.answered or call.stage == "connecting" or _IP.search(call.host):
            continue
        if call.stage == "resolving" or call.errors.complaint == "timeout":
            yield (service_at(scene, call.dns) if call.dns else None) or CLUSTER_DNS


CALLS = Relation("calls", _unreached)
CALLS_AND_IS_REFUSED = Relation("calls and is refused by", _refused)
RESOLVES_WITH = Relation("resolves names with", _resolved_by)
