"""A name server of the cluster gets no answers from its upstream."""

from __future__ import annotations

from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.dns.forwarding import ASKS_THROUGH, ITSELF_AS_SERVER, Failure, failures_of
from kwhy.knowledge.dns.servers import logs_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.scene.views import PodView

UPSTREAM_FAILS = Condition(
    code="dns.upstream-fails",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} gets no answer from its upstream {upstreams}: {how}, {count} times",
    summary="Names outside the cluster are not resolved: the cluster's name server asks its upstream in vain.",
)


@rule(
    UPSTREAM_FAILS,
    rows=("D4", "D1"),
    leads=(leads_to(APP_ERRORS, via=ASKS_THROUGH), leads_to(APP_ERRORS, via=ITSELF_AS_SERVER)),
)
def upstream_fails(pod: PodView, failures: list[Failure] = given(failures_of)) -> Verdict:
    """A name server of the cluster gets no answers from its upstream.

    What it means: The client gets SERVFAIL, or its own time runs out first. Names of Services still resolve.
    How it shows: CoreDNS logs "plugin/errors: 2 NAME TYPE: read udp A->B:53: i/o timeout" (or connection refused), with
    the upstream as B; counted for each upstream.
    What looks like it: NXDOMAIN is an answer and is not logged as an error. "no next plugin found": nothing is asked at
    all. The upstream may be well, and the way to it broken: then the API server is often out of reach too.
    Source: CoreDNS v1.12.0 plugin/errors/errors.go, plugin/forward/forward.go.
    """
    if failures:
        worst = max(failures, key=lambda failure: failure.hit.count)
        upstreams = list(dict.fromkeys(failure.upstream.name for failure in failures))
        values = {"upstreams": " and ".join(upstreams), "how": worst.how, "count": worst.hit.count}
        return Present(tuple(f.evidence for f in failures[:4]), values, since=by(worst.hit.first.when))
    logs = logs_of(pod.scene, pod.subject)
    if logs:
        return Absent((Evidence(logs[0].at, "its log complains of no upstream"),))
    return unsure(f"the log of {pod.subject}", LOGS.of(name=pod.name, namespace=pod.namespace))
