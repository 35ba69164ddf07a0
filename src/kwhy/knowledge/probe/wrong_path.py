"""A probe asks for a path that the program does not serve."""

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

WRONG_PATH = Condition(
    code="probe.wrong-path",
    kind="Pod",
    nature=Nature.ROOT,
    title="The {probe} probe of {subject} asks for {path}, which the program does not serve (404)",
    summary="The program answers on the probe's port and has nothing at the probe's path.",
    remedies=(
        Remedy(
            id="ask-an-existing-path",
            title="Let the probe ask for a path that the program serves",
            when="now",
            risk="low",
            steps=(Step("Correct httpGet.path of the {probe} probe.", "kubectl edit {kind} {name} -n {namespace}"),),
            verify=(Step("The pods are ready and stay up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)

NOT_FOUND = 404


@rule(
    WRONG_PATH,
    rows=("P3", "P4"),
    leads=(
        leads_to(LIVENESS_KILLS, via=restarting(Failing.STATUS, NOT_FOUND)),
        leads_to(READINESS_FAILS, via=unreadying(Failing.STATUS, NOT_FOUND)),
    ),
)
def wrong_path(pod: PodView, failures: list[ProbeFailure] = given(failures_of)) -> Verdict:
    """The probe asks for a path that does not exist.

    What it means: The program runs, listens on the probe's port, and answers that it knows no such path.
    How it shows: "HTTP probe failed with statuscode: 404".
    What looks like it: 401 and 403 have the path and refuse it; 500 and 503 are the program's own judgement that it is
    not well; an application server answers 404 for a moment until its application is deployed.
    Source: Kubernetes v1.34 pkg/probe/http/http.go (DoHTTPProbe).
    """
    missing = failing_as(pod.scene, pod.subject, Failing.STATUS, NOT_FOUND)
    if not missing:
        if failures:
            return Absent((failures[0].said.evidence,))
        return unsure(f"how the probes of {pod.subject} fail", ask(pod))
    failure = missing[0]
    run = probed(pod.scene, pod.subject, failure)
    probe = probe_of(run.spec, failure.kind) if run is not None else None
    path = probe.http_get.path if probe is not None and probe.http_get is not None else "a path"
    values = {"probe": failure.kind.lower(), "path": path or "/"}
    return Present((failure.said.evidence,), values, since=failure.said.since)
