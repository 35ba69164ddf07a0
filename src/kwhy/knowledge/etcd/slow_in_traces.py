"""etcd is slow, as the API server's traces say."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.log_patterns.etcd import SLOW_FOR_API_SERVER
from kwhy.facts.logs import LogFile, LogHit
from kwhy.knowledge.etcd.logs import CLUSTER, RECENT, longest
from kwhy.knowledge.etcd.slow import ETCD_SLOW, LATE, SEVERAL
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.controlplane import API_SERVER_LOG
from kwhy.scene.scene import Scene


def _traced(scene: Scene) -> list[LogHit]:
    """Slow steps of requests in which the API server waited for etcd, near the end of its log."""
    ends = {id(log.document): log.last_clock for log in scene.facts(LogFile)}
    found = []
    for hit in scene.facts(LogHit):
        if hit.pattern == SLOW_FOR_API_SERVER:
            end = ends.get(id(hit.document))
            if hit.last.clock is None or end is None or end - hit.last.clock <= RECENT:
                found.append(hit)
    return found


def _suspects(scene: Scene) -> Iterable[Subject]:
    """etcd, where the API server waited for it."""
    return (CLUSTER,) if scene.derive_once(_traced) else ()


def _of_cluster(scene: Scene, cluster: Subject) -> list[LogHit]:
    """The API server's log, with traces of slow requests"""
    return scene.derive_once(_traced) if cluster == CLUSTER else []


@rule(ETCD_SLOW, rows=("C7",), among=_suspects, symptom=True)
def slow_in_traces(cluster: Subject, traced: list[LogHit] = given(_of_cluster)) -> Verdict:
    """The API server's requests wait for etcd.

    What it means: The API server traces a request that takes longer than half a second, step by step; the step that
    took the time is its call of etcd. The API server itself, and its webhooks, are not what is slow.
    How it shows: 'Trace[…]: ---"Txn call succeeded" 4058ms' in the API server's log, again and again.
    What looks like it: Steps like "Call validating webhook" or "Writing http response done" took the time: then it is
    the webhook, or the client.
    Source: k8s.io/apiserver v0.34 pkg/storage/etcd3/store.go; k8s.io/component-base tracing; k8s.io/utils trace.
    """
    if not traced:
        return unsure("traces of slow requests in the API server's log", API_SERVER_LOG.of())
    worst, count = longest(traced), sum(hit.count for hit in traced)
    if worst is None or worst[2] < LATE or count < SEVERAL:
        return Absent((Evidence(traced[0].at, "few calls of etcd took longer than usual"),))
    hit, sample, seconds = worst
    proof = Evidence(hit.locate(sample), f"one of {count} calls of etcd that were slow")
    return Present((proof,), {"longest": f"{seconds:.1f} s"}, since=by(traced[0].first.when))
