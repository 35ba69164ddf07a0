"""Faults that the complaint itself names whole: nothing has to be compared."""

from __future__ import annotations

from collections.abc import Collection

from kwhy.facts.log_patterns.tls import Fault
from kwhy.knowledge.tls.failures import Failure
from kwhy.model import wording
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure


def judged_by_words(
    client: Subject, failures: tuple[Failure, ...], faults: Collection[Fault], blames: Subject | None = None
) -> Verdict:
    """Present where a complaint names one of the faults; absent where all complaints name others."""
    for failure in failures:
        if failure.fault in faults and not failure.seen_by_server:
            server = failure.server
            values = {
                "server": server.called or "the server",
                "connect": server.connect,
                "fault": failure.fault.value,
                "client": named(client),
            }
            return Present((failure.evidence,), values, failure.since, blames=blames or settings_of(client))
    if any(failure.fault in faults for failure in failures):
        return unsure("which client the server speaks of")
    if failures:
        return Absent((failures[0].evidence,))
    return unsure(f"what {client} says of its handshakes")


def named(client: Subject) -> str:
    """The client in a sentence."""
    if client.kind == "Node":
        return f"the kubelet of {wording.named(client)}"
    if client.kind == "ApiServer":
        return "kubectl"
    if client.kind == "Document":
        return f"the program of {client.name}"
    if client.kind == "Connection":
        return "a client" if client.anonymous else f"a client on {client.node}"
    return "the API server" if client.kind == "APIService" else str(client)


def settings_of(client: Subject) -> Subject | None:
    """The object that holds the client's settings, where it is not the client itself."""
    return Subject("Kubeconfig", "kubeconfig") if client.kind == "ApiServer" else None
