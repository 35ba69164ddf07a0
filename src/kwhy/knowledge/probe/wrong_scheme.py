"""A probe speaks HTTP to a program that speaks HTTPS, or the reverse."""

from __future__ import annotations

from kwhy.knowledge.container.runs import ask
from kwhy.knowledge.probe.asked import failing_as, restarting, unreadying
from kwhy.knowledge.probe.failures import Failing, ProbeFailure, failures_of, probe_of, probed
from kwhy.knowledge.probe.liveness_kills import LIVENESS_KILLS
from kwhy.knowledge.probe.readiness_fails import READINESS_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.scene.views import PodView

WRONG_SCHEME = Condition(
    code="probe.wrong-scheme",
    kind="Pod",
    nature=Nature.ROOT,
    title="The {probe} probe of {subject} speaks {asked} to a program that speaks {speaks}",
    summary="Probe and program agree on the port and not on whether TLS is spoken there.",
    remedies=(
        Remedy(
            id="set-the-scheme",
            title="Set the probe's scheme to what the program speaks",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Set httpGet.scheme of the {probe} probe to {speaks}.", "kubectl edit {kind} {name} -n {namespace}"
                ),
            ),
            verify=(Step("The pods are ready and stay up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


@rule(
    WRONG_SCHEME,
    rows=("P3", "P4"),
    leads=(
        leads_to(LIVENESS_KILLS, via=restarting(Failing.SCHEME)),
        leads_to(READINESS_FAILS, via=unreadying(Failing.SCHEME)),
    ),
)
def wrong_scheme(pod: PodView, failures: list[ProbeFailure] = given(failures_of)) -> Verdict:
    """The probe speaks the wrong scheme.

    What it means: The program answers; probe and program do not understand each other.
    How it shows: "server gave HTTP response to HTTPS client", or a malformed HTTP response that begins with a TLS
    record (\\x15\\x03).
    What looks like it: A program that redirects from HTTP to HTTPS: then the scheme that was dialled is not the one
    that the probe asks for. Status 400 of a TLS server may mean the same and does not prove it.
    Source: Go net/http transport.go; RFC 8446 5.1 (a record of type 21, version 3.x); kubernetes#9866.
    """
    mixed = failing_as(pod.scene, pod.subject, Failing.SCHEME)
    if not mixed:
        if failures:
            return Absent((failures[0].said.evidence,))
        return unsure(f"how the probes of {pod.subject} fail", ask(pod))
    failure = mixed[0]
    run = probed(pod.scene, pod.subject, failure)
    probe = probe_of(run.spec, failure.kind) if run is not None else None
    asked = probe.http_get.scheme if probe is not None and probe.http_get is not None else failure.scheme
    if failure.scheme is not None and asked != failure.scheme:
        return Absent((failure.said.evidence,))
    speaks = "HTTP" if asked == "HTTPS" else "HTTPS"
    values = {"probe": failure.kind.lower(), "asked": asked or "another scheme", "speaks": speaks}
    return Present((failure.said.evidence,), values, since=failure.said.since)
