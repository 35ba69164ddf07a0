"""What controllers of load balancers say about a Service that they cannot serve.

Sources: Kubernetes v1.34 staging/src/k8s.io/cloud-provider/controllers/service/controller.go (SyncLoadBalancerFailed,
EnsuredLoadBalancer; before 1.15 CreatingLoadBalancerFailed); MetalLB v0.14 controller/service.go (AllocationFailed,
"Failed to allocate IP for %q: %s"); Cilium v1.16 operator/pkg/lbipam (condition cilium.io/IPAMRequestSatisfied).
"""

from __future__ import annotations

from kwhy.facts.objects import Service
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.events import MergedEvent
from kwhy.scene.scene import Scene

REFUSED = frozenset({"SyncLoadBalancerFailed", "CreatingLoadBalancerFailed", "AllocationFailed"})
SERVED = frozenset({"EnsuredLoadBalancer", "IPAllocated"})
_IPAM = "cilium.io/IPAMRequestSatisfied"


def refusal_event(scene: Scene, service: Subject) -> MergedEvent | None:
    """The newest event that says that no load balancer could be had, unless a later one says that it could."""
    for event in scene.events_about(service):
        if event.reason in SERVED:
            return None
        if event.reason in REFUSED:
            return event
    return None


def refusal_of(scene: Scene, service: Subject) -> Evidence | None:
    """Why a controller cannot give the Service an address, in its own words."""
    event = refusal_event(scene, service)
    if event is not None:
        return Evidence(event.at, event.message[:300])
    for observation in scene.observations(service):
        struct = observation.object
        conditions = struct.status.conditions if isinstance(struct, Service) else None
        for index, one in enumerate(conditions if isinstance(conditions, list) else ()):
            if one.type == _IPAM and one.status == "False":
                text = f"{one.reason}: {one.message}"
                return Evidence(observation.field_at(f"status.conditions[{index}]", text), text)
    return None


def controller_speaks(scene: Scene, service: Subject) -> MergedEvent | None:
    """Any event of a controller of load balancers about the Service."""
    return next((e for e in scene.events_about(service) if "LoadBalancer" in e.reason or e.reason in REFUSED), None)
