"""A probe runs a command that the image does not have."""

from __future__ import annotations

from kwhy.knowledge.container.runs import ask
from kwhy.knowledge.container.start_errors import read_start_error
from kwhy.knowledge.probe.asked import failing_as, unreadying
from kwhy.knowledge.probe.failures import Failing, ProbeFailure, failures_of
from kwhy.knowledge.probe.readiness_fails import READINESS_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.scene.views import PodView

COMMAND_MISSING = Condition(
    code="probe.command-missing",
    kind="Pod",
    nature=Nature.ROOT,
    title="The {probe} probe of {subject} runs {command}, which its image cannot run",
    summary="The probe's command does not exist in the image, or may not be executed there.",
    remedies=(
        Remedy(
            id="probe-without-the-command",
            title="Probe by HTTP or TCP, or with a command that the image has",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Replace exec of the {probe} probe by httpGet, tcpSocket or grpc, which need nothing in the image.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
                Step("Or build {command} into the image."),
            ),
            verify=(Step("The pods are ready.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


@rule(COMMAND_MISSING, rows=("P3", "P4"), leads=(leads_to(READINESS_FAILS, via=unreadying(Failing.COMMAND)),))
def command_missing(pod: PodView, failures: list[ProbeFailure] = given(failures_of)) -> Verdict:
    """The probe's command cannot be started.

    What it means: The program may be well; nobody can ask it. Small images have no shell, no curl, no wget.
    How it shows: "Readiness probe errored …: exec: "curl": executable file not found in $PATH".
    What looks like it: The command runs and ends with an error: then it judges the program. A liveness probe whose
    command is missing ends in an unknown state and restarts nothing, so it is no fault that anybody feels.
    Source: Kubernetes v1.34 pkg/kubelet/prober/prober.go (runProbe: an error is probe.Unknown), worker.go (doProbe);
    runc v1.1.
    """
    missing = [f for f in failing_as(pod.scene, pod.subject, Failing.COMMAND) if f.kind == "Readiness"]
    if not missing:
        if failures:
            return Absent((failures[0].said.evidence,))
        return unsure(f"how the probes of {pod.subject} fail", ask(pod))
    start = read_start_error(missing[0].said)
    values = {"probe": missing[0].kind.lower(), "command": (start.command if start else "") or "its command"}
    return Present((missing[0].said.evidence,), values, since=missing[0].said.since)
