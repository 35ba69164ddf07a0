"""kubectl was given no server and asks localhost:8080."""

from __future__ import annotations

from kwhy.knowledge.api.failures import Failure, fails_by, failures_of
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.controlplane import KUBECONFIG

KUBECONFIG_MISSING = Condition(
    code="api.kubeconfig-missing",
    kind="ApiServer",
    nature=Nature.ROOT,
    title="kubectl is given no server by any kubeconfig, so it asks localhost:8080",
    summary="No kubeconfig was found, or its current context names no cluster with a server.",
    remedies=(
        Remedy(
            id="give-kubectl-its-kubeconfig",
            title="Give kubectl its kubeconfig",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See what kubectl reads, as the user who runs it.", "kubectl config view; echo $KUBECONFIG; id -un"
                ),
                Step(
                    "On a control-plane node made by kubeadm the administrator's file is this one.",
                    "export KUBECONFIG=/etc/kubernetes/admin.conf",
                ),
                Step("Where a file is there, look whether the current context's cluster is in it."),
            ),
            verify=(Step("The API server answers.", "kubectl get --raw /readyz"),),
            undo=(Step("unset KUBECONFIG."),),
        ),
    ),
)


@rule(KUBECONFIG_MISSING, rows=("C1",), leads=(leads_to(KUBECTL_FAILS, via=fails_by("no-kubeconfig")),))
def kubeconfig_missing(server: Subject, said: list[Failure] = given(failures_of)) -> Verdict:
    """kubectl has no server to ask.

    What it means: Without a server kubectl asks http://localhost:8080, where an API server listened long ago (until
    1.20, --insecure-port).
    How it shows: "The connection to the server localhost:8080 was refused".
    What looks like it: A kubeconfig whose context names a cluster that is not in it reads the same. sudo changes the
    home directory, and with it the file that is read.
    Source: client-go v0.34 tools/clientcmd/client_config.go, rest/config.go (DefaultServerURL "localhost:8080").
    """
    if not said:
        return unsure(f"what kubectl says of {server.name}", KUBECONFIG.of())
    first = said[0]
    if first.kind not in ("no-kubeconfig",):
        return Absent((first.evidence,))
    because = tuple(dict.fromkeys(failure.evidence for failure in said if failure.kind == first.kind))
    return Present(
        because, {"detail": first.detail.strip(), "server": server.name}, blames=Subject("Kubeconfig", "kubeconfig")
    )
