"""Drains that are refused, by a budget that is too tight, by pods that fail, or by nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

DRAIN = "describe/drain-node-a.txt"
BUDGETS = "objects/poddisruptionbudgets.json"


def _recorded() -> Files:
    files = recorded("budget/blocks_eviction/as_many_as_there_are")
    return {**objects_and_logs(files), DRAIN: files[DRAIN]}


def _status(files: Files, **fields: int) -> None:
    change(files, BUDGETS, lambda items: items[0]["status"].update(fields))


def test_objects_and_the_drain_alone_name_the_budget(tmp_path: Path) -> None:
    assert roots(diagnosed(_recorded(), tmp_path)) == [("budget.blocks-eviction", "PodDisruptionBudget/quorum/zk")]


def test_a_budget_with_room_of_its_own_is_used_up_by_unhealthy_pods(tmp_path: Path) -> None:
    files = _recorded()
    _status(files, desiredHealthy=1, currentHealthy=1, expectedPods=2)

    def one_fails(items: list[Any]) -> None:
        status = items[0]["status"]
        status["containerStatuses"][0]["ready"] = False
        for condition in status["conditions"]:
            if condition["type"] in ("Ready", "ContainersReady"):
                condition["status"] = "False"

    change(files, "objects/pods.json", one_fails)
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert {"node.drain-blocked", "budget.used-up", "pod.failing"} <= found(diagnosis)


def test_a_budget_that_now_lets_pods_go_is_not_blamed(tmp_path: Path) -> None:
    files = _recorded()
    _status(files, desiredHealthy=1, disruptionsAllowed=1)
    assert roots(diagnosed(files, tmp_path)) == []


def test_without_any_drain_a_cordoned_node_with_unmovable_pods_is_left_open(tmp_path: Path) -> None:
    files = _recorded()
    del files[DRAIN]
    diagnosis = diagnosed(files, tmp_path)
    assert (diagnosis.outcome, roots(diagnosis)) == ("insufficient-evidence", [])


def test_a_tight_budget_on_a_node_that_nobody_empties_is_no_fault(tmp_path: Path) -> None:
    files = _recorded()
    del files[DRAIN]
    del files[BUDGETS.replace("poddisruptionbudgets", "nodes")]
    assert "node.drain-blocked" not in found(diagnosed(files, tmp_path))


def test_pods_that_are_gone_meanwhile_block_nothing(tmp_path: Path) -> None:
    files = _recorded()
    change(
        files,
        "objects/pods.json",
        lambda items: [i["metadata"].update(name=i["metadata"]["name"] + "x") for i in items],
    )
    files["describe/pods.txt"] = b"$ kubectl get pods -n quorum\nNAME   READY   STATUS    RESTARTS   AGE\n"
    assert "node.drain-blocked" not in found(diagnosed(files, tmp_path))


def test_two_budgets_over_one_pod_are_named_together(tmp_path: Path) -> None:
    files = _recorded()
    files[DRAIN] = files[DRAIN].replace(
        b"Cannot evict pod as it would violate the pod's disruption budget.",
        # Kubernetes v1.34.4 pkg/registry/core/pod/storage/eviction.go:226
        b"This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    )

    def doubled(items: list[Any]) -> None:
        import copy

        second = copy.deepcopy(items[0])
        second["metadata"].update(name="zk-second", uid="00000000-0000-0000-0000-000000000002")
        items.append(second)

    change(files, BUDGETS, doubled)
    assert roots(diagnosed(files, tmp_path)) == [("budget.overlapping", "PodDisruptionBudget/quorum/zk")]
