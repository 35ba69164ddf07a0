"""Services that wait for a load balancer, made from a healthy cluster by changing one thing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, named, objects_and_logs, recorded, roots

SERVICES, EVENTS = "objects/services.json", "objects/events.json"
WEB = "Service/homepage/web"
#: kubernetes.io/docs and issues of cloud-provider-aws: "Error syncing load balancer: failed to ensure load balancer: …"
REFUSAL = (
    "Error syncing load balancer: failed to ensure load balancer: TooManyLoadBalancers: Exceeded quota of account "
    "123456789012\n\tstatus code: 400"
)


def _pending(**status: Any) -> Files:
    files = objects_and_logs(recorded("healthy/nothing_wrong/single_node"))

    def edit(items: list[Any]) -> None:
        web = named(items, "web")
        web["spec"].update(type="LoadBalancer")
        web["status"] = {"loadBalancer": status}
        web["metadata"]["creationTimestamp"] = "2026-11-21T20:00:00Z"

    change(files, SERVICES, edit)
    return files


def _event(files: Files, reason: str, message: str, at: str) -> None:
    service = named(json.loads(files[SERVICES])["items"], "web")

    def edit(items: list[Any]) -> None:
        template = dict(items[0])
        meta = {"name": f"web.{reason}", "namespace": "homepage", "creationTimestamp": at}
        about = {"kind": "Service", "namespace": "homepage", "name": "web", "uid": service["metadata"]["uid"]}
        template.update(metadata=meta, involvedObject=about, reason=reason, message=message, type="Warning")
        template.update(firstTimestamp=at, lastTimestamp=at, count=1, source={"component": "service-controller"})
        items.append(template)

    change(files, EVENTS, edit)


def test_a_service_whose_load_balancer_the_cloud_refuses_is_the_cause_in_the_clouds_words(tmp_path: Path) -> None:
    files = _pending()
    _event(files, "SyncLoadBalancerFailed", REFUSAL, "2026-11-21T21:36:00Z")
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [("service.load-balancer-refused", WEB)]
    assert "Exceeded quota" in diagnosis.root_causes[0].finding.title


def test_a_refusal_that_a_later_success_ended_is_none(tmp_path: Path) -> None:
    files = _pending(ingress=[{"ip": "203.0.113.7"}])
    _event(files, "SyncLoadBalancerFailed", REFUSAL, "2026-11-21T21:30:00Z")
    _event(files, "EnsuredLoadBalancer", "Ensured load balancer", "2026-11-21T21:36:00Z")
    assert "service.load-balancer-pending" not in found(diagnosed(files, tmp_path))


def test_a_pool_without_addresses_is_told_as_metallb_tells_it(tmp_path: Path) -> None:
    files = _pending()
    message = 'Failed to allocate IP for "homepage/web": no available IPs'
    _event(files, "AllocationFailed", message, "2026-11-21T21:36:00Z")
    assert roots(diagnosed(files, tmp_path)) == [("service.load-balancer-refused", WEB)]


def test_a_service_that_was_made_just_now_may_wait(tmp_path: Path) -> None:
    files = _pending()
    change(
        files,
        SERVICES,
        lambda items: named(items, "web")["metadata"].update(creationTimestamp="2026-11-21T21:39:30Z"),
    )
    diagnosis = diagnosed(files, tmp_path)
    assert found(diagnosis) == set()
    assert diagnosis.outcome != "healthy"


def test_a_service_with_an_address_waits_for_nothing(tmp_path: Path) -> None:
    assert diagnosed(_pending(ingress=[{"hostname": "lb.example"}]), tmp_path).outcome == "healthy"


def test_a_lease_that_nobody_renews_names_the_cloud_controller_manager(tmp_path: Path) -> None:
    files = _pending()

    def lease(name: str, renewed: str) -> dict[str, Any]:
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": "kube-system"},
            "spec": {"holderIdentity": "node-a_1", "leaseDurationSeconds": 15, "renewTime": renewed},
        }

    items = [
        lease("cloud-controller-manager", "2026-11-21T21:00:00.000000Z"),
        lease("kube-scheduler", "2026-11-21T21:37:00.000000Z"),
    ]
    files["objects/leases.json"] = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode()
    (root,) = roots(diagnosed(files, tmp_path))
    assert root[0] == "controlplane.cloud-controller-manager-down"
