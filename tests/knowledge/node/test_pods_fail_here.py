"""Pods of several controllers fail on one of two nodes: recorded pods of one node, placed on two."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded

from kwhy.model.diagnosis import Diagnosis

CODE = "node.pods-fail-only-here"
#: A recorded cluster with nothing wrong, and a container that its kubelet keeps restarting.
HEALTHY = "healthy/nothing_wrong/single_node"
LOOPING = "container/out_of_memory/limit_below_need"


def container_state() -> Any:
    states: list[Any] = []
    change(
        dict(recorded(LOOPING)),
        "objects/pods.json",
        lambda items: states.extend(s for i in items for s in i["status"]["containerStatuses"]),
    )
    return next(state for state in states if state["ready"] is False)


def on_two_nodes(failing_here: int, failing_there: int = 0, siblings: bool = True) -> Files:
    """The healthy cluster with four controllers, whose pods fail on node-a and node-b in so many of them."""
    files = {n: d for n, d in objects_and_logs(recorded(HEALTHY)).items() if n.startswith("objects/")}
    broken = container_state()

    def place(items: list[Any]) -> None:
        template = next(i for i in items if i["metadata"].get("ownerReferences"))
        items.clear()
        for number in range(4):
            for node, failing in (("node-a", failing_here), ("node-b", failing_there)):
                if node == "node-b" and not siblings:
                    continue
                pod = copy.deepcopy(template)
                pod["metadata"]["name"] = f"app{number}-5d49954584-{node[-1] * 5}"
                pod["metadata"]["uid"] = f"{number}-{node}"
                pod["metadata"]["ownerReferences"][0]["name"] = f"app{number}-5d49954584"
                pod["spec"]["nodeName"] = node
                if number < failing:
                    status = {**broken, "name": pod["spec"]["containers"][0]["name"]}
                    pod["status"]["containerStatuses"] = [status]
                items.append(pod)

    change(files, "objects/pods.json", place)
    return {"objects/pods.json": files["objects/pods.json"], "objects/nodes.json": files["objects/nodes.json"]}


def two_nodes(tmp_path: Path, **how: Any) -> Diagnosis:
    return diagnosed(on_two_nodes(**how), tmp_path)


def test_the_node_is_named_where_its_pods_alone_fail(tmp_path: Path) -> None:
    diagnosis = two_nodes(tmp_path, failing_here=4)
    finding = next(f for f in diagnosis.findings if f.condition.code == CODE)
    assert str(finding.subject) == "Node node-a"
    assert len(finding.affected) == 4


@pytest.mark.parametrize(
    "how",
    [
        {"failing_here": 2},
        {"failing_here": 4, "failing_there": 4},
        {"failing_here": 4, "siblings": False},
    ],
    ids=["two controllers only", "on both nodes", "no siblings elsewhere"],
)
def test_it_is_not_named_where(tmp_path: Path, how: dict[str, Any]) -> None:
    assert CODE not in found(two_nodes(tmp_path, **how))
