"""The API server's name in the kubeconfig does not exist."""

from __future__ import annotations

from kwhy.knowledge.api.failures import Failure, fails_by, failures_of
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.controlplane import KUBECONFIG

ENDPOINT_NAME_UNKNOWN = Condition(
    code="api.endpoint-name-unknown",
    kind="ApiServer",
    nature=Nature.ROOT,
    title="The kubeconfig names {detail} as API server, and no such name exists",
    summary="The DNS server answers that there is no such name.",
    remedies=(
        Remedy(
            id="correct-the-server-name",
            title="Correct the name, or add it to DNS",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Compare with the name that others use.",
                    "kubectl config view --minify -o jsonpath={{.clusters[0].cluster.server}}",
                ),
                Step("Ask the DNS server itself.", "dig +short {detail}"),
                Step("Correct the server in the kubeconfig, or restore the record (private zone, VPN, search domain)."),
            ),
            verify=(Step("The API server answers.", "kubectl get --raw /readyz"),),
            undo=(Step("Set the former name again."),),
        ),
    ),
)


@rule(ENDPOINT_NAME_UNKNOWN, rows=("C1",), leads=(leads_to(KUBECTL_FAILS, via=fails_by("name")),))
def endpoint_name_unknown(server: Subject, said: list[Failure] = given(failures_of)) -> Verdict:
    """The name of the API server does not exist.

    What it means: The resolver answered, with "no such host" (NXDOMAIN): the name is wrong, or its record is gone, or
    it exists only in a network (VPN, private zone) in which this machine is not.
    How it shows: "dial tcp: lookup NAME on SERVER:53: no such host".
    What looks like it: "server misbehaving" and "i/o timeout" of a lookup say that the DNS server itself fails.
    Source: Go net/dnsclient_unix.go (errNoSuchHost); the message of net.DNSError.
    """
    if not said:
        return unsure(f"what kubectl says of {server.name}", KUBECONFIG.of())
    first = said[0]
    if first.kind not in ("name",):
        return Absent((first.evidence,))
    because = tuple(dict.fromkeys(failure.evidence for failure in said if failure.kind == first.kind))
    return Present(
        because, {"detail": first.detail.strip(), "server": server.name}, blames=Subject("Kubeconfig", "kubeconfig")
    )
