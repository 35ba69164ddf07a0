"""Pods and workloads that nobody looks at."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, objects_and_logs, recorded, roots

LEASES = "objects/leases.coordination.k8s.io.json"
SCHEDULER = ("controlplane.scheduler-down", "Process/node-a/kube-scheduler")
MANAGER = ("controlplane.controller-manager-down", "Process/node-a/kube-controller-manager")


def _cluster() -> Files:
    """A recorded cluster with its processes and leases, all of whose workloads are well."""
    files = objects_and_logs(recorded("proxy/not_running/service_recreated"))
    kept = {n: d for n, d in files.items() if not n.startswith("logs/")}
    del kept["objects/events.json"]
    return kept


def _waiting_pod(files: Files, **spec: Any) -> None:
    """One pod as the API server leaves it when no scheduler has looked at it."""

    def unscheduled(items: list[Any]) -> None:
        pod = next(i for i in items if i["metadata"]["name"].startswith("web-"))
        pod["spec"].pop("nodeName")
        pod["spec"].update(spec)
        pod["status"] = {"phase": "Pending", "qosClass": "Burstable"}

    change(files, "objects/pods.json", unscheduled)
    files["objects/events.txt"] = b"$ kubectl get events -A\nLAST SEEN   TYPE      REASON    OBJECT   MESSAGE\n"


def _without(files: Files, program: str) -> None:
    lines = files["node/ps.txt"].splitlines(keepends=True)
    files["node/ps.txt"] = b"".join(line for line in lines if program.encode() not in line)


def _stopped_renewing(files: Files, lease: str) -> None:
    """A leader lease beside the recorded ones, which the recorded cluster does not use."""

    def older(items: list[Any]) -> None:
        stale = copy.deepcopy(next(i for i in items if i["metadata"]["namespace"] == "kube-system"))
        stale["metadata"].update(name=lease, uid="00000000-0000-0000-0000-000000000003")
        stale["spec"]["renewTime"] = "2026-11-21T21:40:00.000000Z"
        items.append(stale)

    change(files, LEASES, older)


def test_a_pod_that_nobody_looks_at_leads_to_the_scheduler_that_is_gone(tmp_path: Path) -> None:
    files = _cluster()
    _waiting_pod(files)
    _without(files, "kube-scheduler")
    _stopped_renewing(files, "kube-scheduler")
    assert roots(diagnosed(files, tmp_path)) == [SCHEDULER]


def test_a_lease_that_alone_is_no_longer_renewed_is_proof_enough(tmp_path: Path) -> None:
    files = _cluster()
    _waiting_pod(files)
    del files["node/ps.txt"]
    _stopped_renewing(files, "kube-scheduler")
    role = {"node-role.kubernetes.io/control-plane": ""}
    change(files, "objects/nodes.json", lambda items: items[0]["metadata"]["labels"].update(role))
    assert roots(diagnosed(files, tmp_path)) == [SCHEDULER]


def test_a_scheduler_that_runs_is_not_blamed(tmp_path: Path) -> None:
    files = _cluster()
    _waiting_pod(files)
    assert roots(diagnosed(files, tmp_path)) == []


def test_a_gated_pod_waits_for_its_gate_and_for_no_scheduler(tmp_path: Path) -> None:
    files = _cluster()
    _waiting_pod(files, schedulingGates=[{"name": "kueue.x-k8s.io/admission"}])
    assert roots(diagnosed(files, tmp_path)) == [("scheduling.gated", "Deployment/shop/web")]


def test_a_pod_of_a_scheduler_that_nobody_runs_is_the_object_to_fix(tmp_path: Path) -> None:
    files = _cluster()
    _waiting_pod(files, schedulerName="volcano")
    assert roots(diagnosed(files, tmp_path)) == [("scheduling.unknown-scheduler", "Deployment/shop/web")]


def test_a_workload_that_no_controller_saw_leads_to_the_controller_manager_that_is_gone(tmp_path: Path) -> None:
    files = _cluster()
    _without(files, "kube-controller-manager")
    _stopped_renewing(files, "kube-controller-manager")

    def scaled(items: list[Any]) -> None:
        web = next(i for i in items if i["metadata"]["name"] == "web")
        web["spec"]["replicas"] = 5
        web["metadata"]["generation"] = web["status"]["observedGeneration"] + 1

    change(files, "objects/deployments.json", scaled)
    assert roots(diagnosed(files, tmp_path)) == [MANAGER]


def test_a_missing_process_proves_nothing_where_other_nodes_may_run_it(tmp_path: Path) -> None:
    files = _cluster()
    _waiting_pod(files)
    _without(files, "kube-scheduler")

    def second(items: list[Any]) -> None:
        other = copy.deepcopy(items[0])
        other["metadata"].update(name="node-b", uid="00000000-0000-0000-0000-000000000004")
        for item in (items[0], other):
            item["metadata"]["labels"]["node-role.kubernetes.io/control-plane"] = ""
        items.append(other)

    change(files, "objects/nodes.json", second)
    assert roots(diagnosed(files, tmp_path)) == []
