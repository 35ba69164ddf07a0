"""A client's TLS handshakes with a server fail."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.log_patterns.tls import Fault
from kwhy.knowledge.api.aggregated_unavailable import AGGREGATED_UNAVAILABLE
from kwhy.knowledge.api.failures import fails_by
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.knowledge.app.errors import APP_ERRORS, errors_of
from kwhy.knowledge.kubelet.cannot_reach_api_server import CANNOT_REACH_API_SERVER
from kwhy.knowledge.kubelet.words import lease_state
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.tls.failures import Failure, checked_connections, failures_of
from kwhy.knowledge.tls.stated import named
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.probes.node import KUBELET_LOG
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

HANDSHAKE_FAILS = Condition(
    code="tls.handshake-fails",
    kind="Connection",
    nature=Nature.EFFECT,
    title="TLS between {client} and {server} fails: {fault}",
    summary="The connection comes about and the two sides do not agree on TLS: one refuses the other's certificate, "
    "or they do not speak the same protocol.",
)


def otherwise(scene: Scene, client: Subject) -> Evidence | None:
    """What the client complains of that is no TLS"""
    if client.kind == "Node":
        held = lease_state(scene, client).holds
        return held.evidence("the kubelet gives another reason") if held is not None and held.reason else None
    if client.kind == "APIService":
        available = NodeView(scene, client).condition("Available")
        if available.observed and available.value is not None and available.value.message:
            return Evidence(available.place, "the API server gives another reason")
        return None
    first = next(iter(errors_of(scene, client)), None)
    return Evidence(first.locate(first.last), f"it complains of {first.complaint}") if first is not None else None


def _checked(scene: Scene) -> Iterable[Subject]:
    return scene.derive_once(checked_connections)


@rule(
    HANDSHAKE_FAILS,
    rows=("T1", "T2", "T3", "T4"),
    leads=(
        leads_to(APP_ERRORS, via=ITSELF),
        leads_to(CANNOT_REACH_API_SERVER, via=ITSELF),
        leads_to(AGGREGATED_UNAVAILABLE, via=ITSELF),
        leads_to(CONNECTION_FAILS, via=ITSELF),
        leads_to(KUBECTL_FAILS, via=fails_by("certificate")),
    ),
    among=_checked,
    symptom=True,
)
def handshake_fails(
    client: Subject,
    failures: tuple[Failure, ...] = given(failures_of),
    other: Evidence | None = given(otherwise),
) -> Verdict:
    """TLS handshakes fail.

    What it means: TCP works. One side ends the handshake and says why, to its own log or in an alert to the other.
    How it shows: "x509: …", "certificate verify failed", "PKIX path building failed", "remote error: tls: …" in the
    client's log; `openssl s_client` and curl print it, the kubelet and the API server write it.
    What looks like it: A reset or an end of file during the handshake comes from something that speaks no TLS, or from
    a load balancer without a backend. `openssl s_client` without -CAfile trusts no private authority and always
    complains of one.
    Source: Go crypto/tls and crypto/x509; OpenSSL crypto/x509/x509_txt.c; OpenJDK sun.security.ssl.
    """
    if failures:
        first = failures[0]
        because = tuple(dict.fromkeys(failure.evidence for failure in failures))
        values = {"client": named(client), "server": first.server.called or "its server", "fault": first.fault.value}
        return Present(because, values, since=first.since)
    if other is not None:
        return Absent((other,))
    if client.kind == "Node":
        return unsure(
            f"why the kubelet of {client.name} does not reach the API server", KUBELET_LOG.of(node=client.name)
        )
    return unsure(f"what {client} says of its handshakes", LOGS.of(name=client.name, namespace=client.namespace))


#: Faults that are about the certificate of the side that was called.
OF_THE_SERVER = frozenset(
    {
        Fault.EXPIRED,
        Fault.NOT_YET_VALID,
        Fault.OUT_OF_TIME,
        Fault.UNKNOWN_AUTHORITY,
        Fault.SELF_SIGNED,
        Fault.OTHER_NAME,
        Fault.NO_NAMES,
        Fault.USAGE,
        Fault.NOT_AN_AUTHORITY,
        Fault.WEAK_SIGNATURE,
    }
)
