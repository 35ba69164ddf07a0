"""A Service of type LoadBalancer got no address."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.kubectl import printed_age
from kwhy.facts.objects import LoadBalancerStatus, Observation, Service
from kwhy.knowledge.service.load_balancer_words import refusal_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
from kwhy.model.rule import rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

LOAD_BALANCER_PENDING = Condition(
    code="service.load-balancer-pending",
    kind="Service",
    nature=Nature.EFFECT,
    title="{subject} is of type LoadBalancer and has got no address{age}",
    summary="Nobody has given the Service an address outside of the cluster.",
)

#: A cloud needs up to some minutes for a new load balancer (seconds).
PROVISIONING = 180.0


def _pending(observation: Observation) -> bool:
    struct = observation.object
    if not isinstance(struct, Service) or struct.spec.type != "LoadBalancer":
        return False
    status = struct.status.load_balancer
    if isinstance(status, LoadBalancerStatus):
        return not status.ingress
    return observation.whole


def _shows_status(observation: Observation) -> bool:
    struct = observation.object
    status = struct.status.load_balancer if isinstance(struct, Service) else None
    return observation.whole or isinstance(status, LoadBalancerStatus)


def _candidates(scene: Scene) -> Iterable[Subject]:
    """Services of type LoadBalancer of which some view shows no address."""
    for struct in scene.structs("Service"):
        if isinstance(struct, Service) and struct.spec.type == "LoadBalancer":
            subject = Subject("Service", struct.metadata.name, struct.metadata.namespace or None)
            if any(_pending(view) for view in scene.observations(subject)):
                yield subject


def _age(view: ServiceView, scene: Scene) -> tuple[float, Locator] | None:
    """The greatest age that any document shows: older ones were taken earlier."""
    found: list[tuple[float, Locator]] = []
    for observation in view.observations:
        shown = printed_age((observation.printed or {}).get("AGE", ""))
        if shown is not None:
            found.append((shown.low, observation.at))
        born = observation.object.metadata.creation_timestamp
        made = parse_timestamp(born) if isinstance(born, str) else None
        if made is not None and scene.as_of is not None:
            at = observation.field_at("metadata.creationTimestamp", f"creationTimestamp: {born}")
            found.append((scene.as_of - made, at))
    return max(found, key=lambda one: one[0], default=None)


@rule(LOAD_BALANCER_PENDING, rows=("S5",), among=_candidates, symptom=True)
def load_balancer_pending(service: ServiceView) -> Verdict:
    """The Service waits for a load balancer.

    What it means: A controller outside of Kubernetes itself gives such Services their address. It has not, or cannot.
    How it shows: status.loadBalancer holds no address (EXTERNAL-IP <pending>) minutes after the Service was made, or an
    event says that the attempt failed.
    What looks like it: A Service that was made just now. Within the cluster the Service works all the same.
    Source: Kubernetes v1.34 staging/src/k8s.io/cloud-provider/controllers/service/controller.go; kubectl get:
    pkg/printers/internalversion/printers.go (getServiceExternalIP).
    """
    newest = next((view for view in service.observations if _shows_status(view)), None)
    if newest is None or service.type.value != "LoadBalancer":
        return unsure(f"the status of {service.subject}", *service.probes())
    place = newest.field_at("status.loadBalancer", "loadBalancer: {}")
    if not _pending(newest):
        return Absent((Evidence(place, "the Service has an address"),))
    refusal = refusal_of(service.scene, service.subject)
    age = _age(service, service.scene)
    if refusal is None and (age is None or age[0] < PROVISIONING):
        probe = DESCRIBE_NAMESPACED.of(kind="service", name=service.name, namespace=service.namespace)
        return unsure(f"whether {service.subject} gets an address in time", probe)
    because = [Evidence(place, "it has no address")]
    if age is not None:
        because.append(Evidence(age[1], f"it is {age[0] / 60:.0f} minutes old"))
    if refusal is not None:
        because.append(refusal)
    return Present(tuple(because), {"age": f" for {age[0] / 60:.0f} min" if age is not None else ""})
