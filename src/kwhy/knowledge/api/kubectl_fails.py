"""kubectl cannot work with the API server."""

from __future__ import annotations

from kwhy.knowledge.api.failures import Failure, Kind, failing_servers, failures_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.controlplane import API_SERVER_HEALTH

KUBECTL_FAILS = Condition(
    code="api.kubectl-fails",
    kind="ApiServer",
    nature=Nature.EFFECT,
    title="kubectl fails: {fails}",
    summary="No command of kubectl works, whatever it asks for.",
)

_FAILS: dict[Kind, str] = {
    "kubeconfig": "its configuration cannot be used ({detail})",
    "no-kubeconfig": "nothing listens at localhost:8080, which it asks where it is given no server",
    "proxy": "something else than the API server answers for {server} ({detail})",
    "plain-http": "{server} and kubectl disagree on HTTP or HTTPS",
    "name": "the name {detail} of the API server does not exist",
    "resolver": "the name of the API server is not resolved ({detail})",
    "certificate": "the TLS connection to {server} fails ({detail})",
    "refused": "{server} refuses the connection: nothing listens there",
    "unreachable": "{server} does not answer ({detail})",
    "credentials": "{server} does not accept its credentials (401)",
    "forbidden": "{server} does not allow it (403)",
    "overloaded": "{server} answers that it has too many requests (429)",
    "etcd": 'etcd fails behind {server}: "{detail}"',
    "broken": "{server} answers with an internal error (500)",
    "unavailable": "{server} answers that it cannot handle requests (503)",
    "timeout": "{server} does not finish requests in time (504)",
}


@rule(KUBECTL_FAILS, rows=("C1",), among=failing_servers, symptom=True)
def kubectl_fails(server: Subject, said: list[Failure] = given(failures_of)) -> Verdict:
    """kubectl cannot work.

    What it means: The request never reached an API server that could do its work, or came back from it with an error
    that is not about the object asked for.
    How it shows: "The connection to the server … was refused", "Unable to connect to the server: …", "You must be
    logged in to the server", "Error from server (TooManyRequests | InternalError | ServiceUnavailable | Timeout)",
    "etcdserver: …". The lines of memcache.go before it tell more: a proxy that refuses reads like a server that does.
    What looks like it: "NotFound", "Forbidden", "AlreadyExists", "Invalid" are the API server's own answers: it works.
    An error for a resource of another group ("get pods.metrics.k8s.io") comes from an aggregated API.
    Source: k8s.io/kubectl v0.34 pkg/cmd/util/helpers.go (StandardErrorMessage); client-go v0.34 discovery; apimachinery
    v0.34 pkg/api/errors/errors.go (NewGenericServerResponse); etcd v3.6 api/v3rpc/rpctypes/error.go.
    """
    if not said:
        return unsure(f"what kubectl says of {server.name}", API_SERVER_HEALTH.of())
    first = said[0]
    fails = _FAILS[first.kind].replace("{server}", server.name).replace("{detail}", first.detail.rstrip("."))
    because = tuple(dict.fromkeys(failure.evidence for failure in said))[:3]
    return Present(because, {"fails": fails})
