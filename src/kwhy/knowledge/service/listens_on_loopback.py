"""The program behind a Service listens on 127.0.0.1 only."""

from __future__ import annotations

from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.service.backend import Backend, backend
from kwhy.knowledge.service.consumers import CALLS_AND_IS_REFUSED
from kwhy.knowledge.service.wrong_target_port import Route, routes
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import LIST, LOGS
from kwhy.scene.relations import owner_of
from kwhy.scene.views import ServiceView

LISTENS_ON_LOOPBACK = Condition(
    code="service.listens-on-loopback",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} listens on 127.0.0.1:{port} only, so {service} reaches nothing in its pods",
    summary="The program accepts connections from within its own pod only.",
    remedies=(
        Remedy(
            id="listen-on-all-addresses",
            title="Make the program listen on all addresses of the pod",
            when="now",
            risk="low",
            steps=(
                Step("See on which addresses it listens.", "kubectl logs {pod} -n {namespace} | grep -i listen"),
                Step(
                    "Set its listen address to 0.0.0.0 (or ::), in its arguments, environment or configuration.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("Callers get answers; their logs show no refused connection any more."),),
            undo=(Step("Set the former listen address again."),),
        ),
    ),
)


@rule(LISTENS_ON_LOOPBACK, rows=("S2",), leads=(leads_to(APP_ERRORS, via=CALLS_AND_IS_REFUSED),))
def listens_on_loopback(
    service: ServiceView, behind: Backend = given(backend), ways: list[Route] = given(routes)
) -> Verdict:
    """The program listens on the loopback address only.

    What it means: The kernel of the pod refuses connections to the pod's own address; probes by exec and tests from
    within the pod succeed.
    How it shows: The pods' log names 127.0.0.1, localhost or [::1] before the Service's target port, and no other
    address for it.
    What looks like it: A program that listens on another port; one that has not started. A second listener on all
    addresses, which the log names too. A sidecar that takes the traffic and hands it on within the pod.
    Source: Linux man 7 ip (INADDR_LOOPBACK); the programs' own messages, see application.listening.
    """
    if not behind.pods:
        if behind.pods_known is not None:
            return Absent((Evidence(behind.pods_known, "no pod matches the selector: nothing is there to listen"),))
        return unsure(f"the pods behind {service.subject}", LIST.of(kind="pods", namespace=service.namespace))
    wide: list[Evidence] = []
    for way in ways:
        target = way.port.target_port or way.port.port
        logged = [p for p in way.listening if p.by == "logged" and p.port == target]
        narrow = [p for p in logged if p.loopback]
        wide += [Evidence(p.at, f"{p.pod.name} listens on {target}") for p in logged if not p.loopback]
        if narrow and len(narrow) == len(logged):
            because = [Evidence(p.at, f"{p.pod.name} listens on the loopback address only") for p in narrow[:3]]
            because.append(Evidence(way.at, f"the Service sends port {way.port.port} to {target}"))
            values = {"port": target, "service": service.subject, "pod": narrow[0].pod.name}
            return Present(tuple(because), values, blames=owner_of(service.scene, narrow[0].pod))
    if wide:
        return Absent(tuple(wide[:3]))
    pod = behind.pods[0].subject
    probe = LOGS.of(name=pod.name, namespace=pod.namespace)
    return Unsure((Gap(f"on which address the pods behind {service.subject} listen", (probe,)),))
