"""The cloud controller manager has no leader."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.controlplane.alive import judge_component, lease_of, processes_of
from kwhy.knowledge.service.load_balancer_pending import LOAD_BALANCER_PENDING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict, unsure
from kwhy.probes.kubectl import OBJECT
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

CLOUD_CONTROLLER_DOWN = Condition(
    code="controlplane.cloud-controller-manager-down",
    kind="Process",
    nature=Nature.ROOT,
    title="{subject} does not run, or none of its replicas leads{since}: no load balancer is made or changed",
    summary="No cloud controller manager holds the leader's lease: load balancers, node addresses and routes go stale.",
    remedies=(
        Remedy(
            id="start-the-cloud-controller-manager",
            title="Get one replica of the cloud controller manager to lead",
            when="now",
            risk="low",
            steps=(
                Step("See its replicas.", "kubectl get pods -n kube-system -o wide | grep cloud-controller-manager"),
                Step("See who last held the lease, and since when.",
                     "kubectl get lease cloud-controller-manager -n kube-system -o yaml"),
                Step("Read why the replica does not lead: credentials, permissions on leases, crashes."),
            ),
            verify=(
                Step("The lease is renewed.", "kubectl get lease cloud-controller-manager -n kube-system -o yaml"),
                Step("Services get their addresses.", "kubectl get services -A"),
            ),
            undo=(Step("Nothing was changed but the restart."),),
        ),
    ),
)  # fmt: skip


def _manager(scene: Scene, service: Subject) -> Iterable[Subject]:
    return processes_of(scene, "cloud-controller-manager")


SERVED_BY_CLOUD = Relation("is given its load balancer by", _manager)


@rule(CLOUD_CONTROLLER_DOWN, rows=("S5", "C6"), leads=(leads_to(LOAD_BALANCER_PENDING, via=SERVED_BY_CLOUD),))
def cloud_controller_down(manager: ObjectView) -> Verdict:
    """No cloud controller manager leads.

    What it means: Its replicas elect a leader by a lease; while nobody renews it, no load balancer is made or changed.
    How it shows: The lease cloud-controller-manager is not renewed while other leases are.
    What looks like it: A leader that works and is refused by the cloud: it says so in events. A cluster without cloud
    controller manager has no such lease.
    Source: k8s.io/cloud-provider v0.34 options/options.go (LeaderElection.ResourceName); client-go v0.34
    tools/leaderelection.
    """
    if lease_of(manager.scene, manager.name) is None:
        probe = OBJECT.of(kind="lease", name=manager.name, namespace="kube-system")
        return unsure(f"the lease of {manager.name}", probe)
    return judge_component(manager.scene, manager.subject)
