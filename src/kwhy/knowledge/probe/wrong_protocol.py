"""A probe asks by a protocol that the program does not speak on the port."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.log_patterns.own_container import UDP_LISTENING
from kwhy.facts.logs import LogFile, LogHit
from kwhy.facts.objects import ContainerPort
from kwhy.knowledge.container.runs import ContainerRun, ask
from kwhy.knowledge.probe.failures import Failing, ProbeFailure, failures_of, probe_of, probed
from kwhy.knowledge.probe.liveness_kills import LIVENESS_KILLS
from kwhy.knowledge.probe.ports import listens
from kwhy.knowledge.probe.readiness_fails import READINESS_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

WRONG_PROTOCOL = Condition(
    code="probe.wrong-protocol",
    kind="Pod",
    nature=Nature.ROOT,
    title="The {probe} probe of {subject} asks port {port} by {asked}, and the program speaks {speaks} there",
    summary="Probe and program agree on the port and not on the protocol.",
    remedies=(
        Remedy(
            id="ask-in-the-programs-protocol",
            title="Let the probe ask in a way that the program answers",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Change the {probe} probe: httpGet for HTTP, grpc only for a server with the gRPC health service; "
                    "a UDP server needs an exec probe or a TCP port of its own for health.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The pods are ready and stay up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)

# Readiness probe failed: timeout: failed to connect service "10.244.0.29:8080" within 1s: context deadline exceeded
# (Kubernetes v1.24 to v1.34, pkg/probe/grpc/grpc.go, Probe)
_GRPC_TIMEOUT = expression(r"timeout: failed to connect service \"[^\"]{3,80}:(?P<port>\d{1,5})\" within")


def unheard(*kinds: str) -> Relation:
    """The pod itself, where probes of these kinds reach nobody who answers, or nothing shows how they fail."""

    def find(scene: Scene, pod: Subject) -> Iterable[Subject]:
        own = [failure for failure in scene.derive(failures_of, pod) if failure.kind in kinds]
        if not own or any(failure.failing in (Failing.REFUSED, Failing.TIMEOUT) for failure in own):
            yield pod

    return Relation("is asked and does not understand", find)


@rule(
    WRONG_PROTOCOL,
    rows=("P3", "P4"),
    leads=(
        leads_to(LIVENESS_KILLS, via=unheard("Liveness", "Startup")),
        leads_to(READINESS_FAILS, via=unheard("Readiness")),
    ),
)
def wrong_protocol(pod: PodView, failures: list[ProbeFailure] = given(failures_of)) -> Verdict:
    """The probe asks by the wrong protocol.

    What it means: The program is up and serves; a TCP probe cannot reach a UDP socket, and a gRPC probe gets no HTTP/2
    greeting from a server that speaks HTTP/1 or TLS.
    How it shows: A TCP or HTTP probe is refused on a port that the program's log or the container's ports name for
    UDP; or a gRPC probe "failed to connect service … within" on a port on which the log says that the program listens.
    What looks like it: A port on which nothing listens at all. A gRPC server that is too slow for one second. A server
    that speaks gRPC and lacks the health service answers "unimplemented".
    Source: Kubernetes v1.34 pkg/probe/tcp/tcp.go, pkg/probe/grpc/grpc.go.
    """
    if not failures:
        return unsure(f"how the probes of {pod.subject} fail", ask(pod))
    for failure in failures:
        run = probed(pod.scene, pod.subject, failure)
        if run is None or run.spec is None:
            continue
        grpc = _GRPC_TIMEOUT.search(failure.said.text)
        if grpc is not None:
            return _judge_grpc(pod, failure, run, int(grpc["port"]))
        if failure.failing is Failing.REFUSED and failure.port is not None:
            proof = _udp(pod.scene, pod.subject, run, failure.port)
            if proof is not None:
                probe = probe_of(run.spec, failure.kind)
                asked = "HTTP" if probe is not None and probe.http_get is not None else "TCP"
                values = {"probe": failure.kind.lower(), "port": failure.port, "asked": asked, "speaks": "UDP"}
                return Present((failure.said.evidence, proof), values, basis=Basis.RECOMPUTED)
    return Absent((failures[0].said.evidence,))


def _judge_grpc(pod: PodView, failure: ProbeFailure, run: ContainerRun, port: int) -> Verdict:
    own = next((line for line in listens(pod.scene, pod.subject, run.name) if line.port == port), None)
    if own is None:
        return unsure(
            f"whether container {run.name} of {pod.subject} listens on port {port}",
            LOGS.of(name=pod.name, namespace=pod.namespace),
        )
    values = {"probe": failure.kind.lower(), "port": port, "asked": "gRPC", "speaks": "something else"}
    return Present((failure.said.evidence, own.evidence), values, basis=Basis.INFERRED)


def _udp(scene: Scene, pod: Subject, run: ContainerRun, port: int) -> Evidence | None:
    """What shows that the program has the port for UDP only."""
    ports: list[ContainerPort] = run.spec.ports if run.spec is not None and isinstance(run.spec.ports, list) else []
    declared = {p.protocol for p in ports if p.container_port == port}
    if declared == {"UDP"}:
        return Evidence(run.spec_at("ports", f"containerPort: {port}, UDP"), f"it declares port {port} for UDP")
    if any(line.port == port for line in listens(scene, pod, run.name)):
        return None
    for hit in scene.derive_once(_udp_by_pod).get((pod.namespace or "", pod.name), ()):
        if int(hit.key["port"]) == port:
            return Evidence(hit.locate(hit.last), f"its log says: {hit.last.excerpt}")
    return None


def _udp_by_pod(scene: Scene) -> dict[tuple[str, str], list[LogHit]]:
    hints = {id(log.document): log.pod for log in scene.facts(LogFile) if log.pod is not None}
    index: dict[tuple[str, str], list[LogHit]] = {}
    for hit in scene.facts(LogHit):
        hint = hints.get(id(hit.document))
        if hit.pattern == UDP_LISTENING and hint is not None:
            index.setdefault((hint.namespace or "", hint.pod), []).append(hit)
    return index
