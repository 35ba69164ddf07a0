"""kubectl cannot use its kubeconfig."""

from __future__ import annotations

from kwhy.knowledge.api.failures import Failure, fails_by, failures_of
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.controlplane import KUBECONFIG

KUBECONFIG_INVALID = Condition(
    code="api.kubeconfig-invalid",
    kind="ApiServer",
    nature=Nature.ROOT,
    title="The kubeconfig that kubectl uses is not usable: {detail}",
    summary="The file is no YAML, or it names a context, cluster or file that does not exist in it.",
    remedies=(
        Remedy(
            id="correct-the-kubeconfig",
            title="Correct the kubeconfig",
            when="now",
            risk="low",
            steps=(
                Step("See which files kubectl reads; several are merged.", "echo $KUBECONFIG; ls -l ~/.kube/config"),
                Step("See the contexts, clusters and users in it.", "kubectl config get-contexts; kubectl config view"),
                Step(
                    "Choose a context that exists, or correct the line that the message names.",
                    "kubectl config use-context NAME",
                ),
            ),
            verify=(Step("The API server answers.", "kubectl get --raw /readyz"),),
            undo=(Step("Put the former file back."),),
        ),
    ),
)


@rule(KUBECONFIG_INVALID, rows=("C1",), leads=(leads_to(KUBECTL_FAILS, via=fails_by("kubeconfig")),))
def kubeconfig_invalid(server: Subject, said: list[Failure] = given(failures_of)) -> Verdict:
    """kubectl cannot use its kubeconfig.

    What it means: kubectl gave up before it asked any server.
    How it shows: "context was not found for specified context", "error loading config file … yaml: line N", "no context
    exists with the name", a prompt for a user name where the context names no user.
    What looks like it: A kubeconfig of another user (sudo), or $KUBECONFIG pointing to another file.
    Source: client-go v0.34 tools/clientcmd/validation.go, loader.go, auth_loaders.go.
    """
    if not said:
        return unsure(f"what kubectl says of {server.name}", KUBECONFIG.of())
    first = said[0]
    if first.kind not in ("kubeconfig",):
        return Absent((first.evidence,))
    because = tuple(dict.fromkeys(failure.evidence for failure in said if failure.kind == first.kind))
    return Present(
        because, {"detail": first.detail.strip(), "server": server.name}, blames=Subject("Kubeconfig", "kubeconfig")
    )
