"""A probe asks a port on which the program does not listen."""

from __future__ import annotations

from kwhy.knowledge.container.runs import ContainerRun, ask
from kwhy.knowledge.probe.asked import failing_as, restarting, unreadying
from kwhy.knowledge.probe.failures import Failing, Kind, ProbeFailure, failures_of, port_of, probe_of, probed
from kwhy.knowledge.probe.liveness_kills import LIVENESS_KILLS
from kwhy.knowledge.probe.ports import commanded, declared, listens
from kwhy.knowledge.probe.readiness_fails import READINESS_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.scene.views import PodView

WRONG_PORT = Condition(
    code="probe.wrong-port",
    kind="Pod",
    nature=Nature.ROOT,
    title="The {probe} probe of {subject} asks port {port}, and the program listens on {listens}",
    summary="The probe is refused, because it asks a port on which the program does not listen.",
    remedies=(
        Remedy(
            id="ask-the-right-port",
            title="Let the probe ask the port on which the program listens",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Correct the port of the {probe} probe of container {container}.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The pods are ready and stay up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


@rule(
    WRONG_PORT,
    rows=("P3", "P4"),
    leads=(
        leads_to(LIVENESS_KILLS, via=restarting(Failing.REFUSED)),
        leads_to(READINESS_FAILS, via=unreadying(Failing.REFUSED)),
    ),
)
def wrong_port(pod: PodView, failures: list[ProbeFailure] = given(failures_of)) -> Verdict:
    """The probe asks the wrong port.

    What it means: The program is up on another port; nothing is wrong with it.
    How it shows: The probe is refused on its port while the log says that the program listens on another one, another
    probe succeeds on another one, or the declared ports or the command name only others.
    What looks like it: A program that does not listen yet, or has died, refuses too: its log shows no listening, or
    shows it on the probe's own port, later. An answer with a status, even a bad one, shows that the port is right. A
    redirect changes the port that is dialled. A program that listens on 127.0.0.1 only is refused on its own port.
    Source: Kubernetes v1.34 pkg/kubelet/prober/prober.go, pkg/probe/http/http.go, pkg/probe/tcp/tcp.go; Go net.
    """
    refused = failing_as(pod.scene, pod.subject, Failing.REFUSED)
    if not refused:
        if failures:
            return Absent((failures[0].said.evidence,))
        return unsure(f"how the probes of {pod.subject} fail", ask(pod))
    verdicts = [_judge(pod, failure, failures) for failure in refused]
    return next((v for v in verdicts if isinstance(v, Present)), verdicts[0])


def _judge(pod: PodView, failure: ProbeFailure, failures: list[ProbeFailure]) -> Verdict:
    answered = [f for f in failures if f.kind == failure.kind and f.failing in (Failing.STATUS, Failing.SCHEME)]
    if answered:
        return Absent((answered[0].said.evidence,))
    run = probed(pod.scene, pod.subject, failure)
    port = failure.port
    if run is None or run.spec is None or port is None:
        return unsure(f"which container's probe of {pod.subject} is refused on port {port}", *pod.probes())
    said = listens(pod.scene, pod.subject, run.name)
    own = next((line for line in said if line.port == port), None)
    if own is not None:
        return Absent((own.evidence,))
    if said:
        ports = {line.port: line.evidence for line in said}
        return _present(run, failure, port, ports, Basis.RECOMPUTED)
    ports = _ready_on_another(run, failure.kind, port)
    if ports:
        return _present(run, failure, port, ports, Basis.RECOMPUTED)
    ports = declared(run) or commanded(run)
    if ports and port not in ports:
        return _present(run, failure, port, ports, Basis.INFERRED)
    return unsure(
        f"on which port container {run.name} of {pod.subject} listens",
        LOGS.of(name=pod.name, namespace=pod.namespace),
    )


def _ready_on_another(run: ContainerRun, kind: Kind, port: int) -> dict[int, Evidence]:
    """The port of the readiness probe, where it succeeds while another probe fails."""
    if kind == "Readiness" or run.status.ready is not True or run.spec is None:
        return {}
    readiness = probe_of(run.spec, "Readiness")
    other = port_of(run.spec, readiness) if readiness is not None else None
    if other is None or other == port:
        return {}
    place = run.spec_at("readinessProbe", f"readinessProbe: port {other}")
    return {other: Evidence(place, f"its readiness probe succeeds on port {other}")}


def _present(run: ContainerRun, failure: ProbeFailure, port: int, ports: dict[int, Evidence], basis: Basis) -> Present:
    kind = failure.kind.lower()
    place = run.spec_at(f"{kind}Probe", f"{kind}Probe: port {port}")
    because = (failure.said.evidence, *ports.values(), Evidence(place, f"its {kind} probe asks port {port}"))
    listening = " and ".join(str(p) for p in sorted(ports))
    values = {"probe": kind, "port": port, "listens": listening, "container": run.name}
    return Present(because, values, basis=basis)
