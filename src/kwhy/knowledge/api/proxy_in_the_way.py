"""A proxy stands between kubectl and the API server."""

from __future__ import annotations

from kwhy.knowledge.api.failures import Failure, fails_by, failures_of
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.controlplane import KUBECONFIG

PROXY_IN_THE_WAY = Condition(
    code="api.proxy-in-the-way",
    kind="ApiServer",
    nature=Nature.ROOT,
    title="Requests of kubectl to {server} go to a proxy or another web server that does not pass them on: {detail}",
    summary="A proxy (HTTPS_PROXY, proxy-url), a load balancer or a login page answers instead of the API server.",
    remedies=(
        Remedy(
            id="take-the-proxy-out",
            title="Take the proxy out of the way",
            when="now",
            risk="low",
            steps=(
                Step("See which proxy is used.", "env | grep -i _proxy; kubectl config view --minify | grep proxy-url"),
                Step("Except the API server from it, by name and address.", "export NO_PROXY=$NO_PROXY,{server}"),
                Step("See who answers at that address.", "curl -vk https://{server}/version"),
                Step("A load balancer's own page (502, 503) means that it sees no healthy API server behind it."),
            ),
            verify=(Step("The API server answers.", "kubectl get --raw /readyz"),),
            undo=(Step("Remove the exception from NO_PROXY."),),
        ),
    ),
)


@rule(PROXY_IN_THE_WAY, rows=("C1",), leads=(leads_to(KUBECTL_FAILS, via=fails_by("proxy")),))
def proxy_in_the_way(server: Subject, said: list[Failure] = given(failures_of)) -> Verdict:
    """Something else answers in place of the API server.

    What it means: An API server answers with JSON and speaks TLS itself; a page in HTML, or the status of a failed
    CONNECT, comes from a proxy, a load balancer or a login portal.
    How it shows: "proxyconnect tcp: …" in the lines of memcache.go, "Unable to connect to the server: Forbidden",
    "invalid character '<' looking for beginning of value", an internal error that quotes "<html>".
    What looks like it: With a proxy that refuses connections, kubectl's last line says that the API server refuses
    them; only the line before it tells of the proxy. "Error from server (Forbidden)" is the API server's own answer.
    Source: Go net/http transport.go (proxyconnect, status of CONNECT); client-go v0.34 rest/request.go.
    """
    if not said:
        return unsure(f"what kubectl says of {server.name}", KUBECONFIG.of())
    first = said[0]
    if first.kind not in ("proxy",):
        return Absent((first.evidence,))
    because = tuple(dict.fromkeys(failure.evidence for failure in said if failure.kind == first.kind))
    return Present(because, {"detail": first.detail.strip(), "server": server.name})
