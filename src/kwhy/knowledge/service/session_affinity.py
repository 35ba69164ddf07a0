"""A Service sends each client address to one pod."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import ApiObject, Observation, Service
from kwhy.knowledge.service.backend import Backend, backend
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

SESSION_AFFINITY = Condition(
    code="service.session-affinity",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} has session affinity ClientIP: every client address stays with one of its {pods} pods",
    summary="Done on purpose; the report says so where it answers a question. Clients behind one NAT count as one.",
    remedies=(
        Remedy(
            id="end-the-affinity",
            title="End the affinity, if no session lives in the pods",
            when="now",
            risk="medium",
            steps=(
                Step("Ask what the program keeps per client (logins, baskets): it must live outside the pods first."),
                Step(
                    "Set sessionAffinity to None.",
                    "kubectl patch service {name} -n {namespace} -p 'spec: {{sessionAffinity: None}}'",
                ),
            ),
            verify=(Step("The pods use about as much CPU as each other.", "kubectl top pods -n {namespace}"),),
            undo=(
                Step(
                    "Set it again.",
                    "kubectl patch service {name} -n {namespace} -p 'spec: {{sessionAffinity: ClientIP}}'",
                ),
            ),
        ),
    ),
)


def _quiet(struct: ApiObject) -> bool:
    return not (isinstance(struct, Service) and struct.spec.session_affinity == "ClientIP")


def _quiet_row(observation: Observation) -> bool:
    return _quiet(observation.object)


def _with_affinity(scene: Scene) -> Iterable[Subject]:
    return scene.suspicious("Service", _quiet, _quiet_row)


@rule(SESSION_AFFINITY, rows=("S4",), among=_with_affinity, answers=("balance",))
def session_affinity(service: ServiceView, behind: Backend = given(backend)) -> Verdict:
    """The Service keeps each client with one pod.

    What it means: kube-proxy remembers for each client address which pod it chose, for three hours after the last
    connection unless timeoutSeconds says else. Clients behind one address (a NAT, an ingress controller) share a pod.
    How it shows: spec.sessionAffinity is ClientIP.
    What looks like it: A headless Service; clients that keep one connection; a leader that does the work of all.
    Source: Kubernetes v1.34 pkg/proxy/iptables/proxier.go (sessionAffinity, the `recent` match); k8s.io/api core/v1
    (DefaultClientIPServiceAffinitySeconds 10800).
    """
    affinity = service.seen("spec.sessionAffinity", lambda s: s.spec.session_affinity, "None")
    if affinity.value != "ClientIP":
        return Absent((Evidence(affinity.place, "it has no session affinity"),))
    if len(behind.pods) < 2:
        if behind.pods_known is not None:
            return Absent((Evidence(behind.pods_known, "fewer than two pods match: there is nothing to balance"),))
        return Unsure((Gap(f"the pods behind {service.subject}", behind.gaps),))
    because = (Evidence(affinity.place, "sessionAffinity is ClientIP"),)
    return Present(because, {"pods": len(behind.pods)}, basis=Basis.RECOMPUTED)
