"""Pods that were made this moment, and pods that are gone although events speak of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded

PODS = "objects/pods.json"
READY = "healthy/stateful_set_after"
BROKEN = "workload/keeps_old_template/replication_controller"


def _starting(created: str, reason: str, folder: Path) -> set[str]:
    files = objects_and_logs(recorded(READY))

    def waiting(items: list[Any]) -> None:
        pod = next(item for item in items if item["metadata"]["name"] == "db-2")
        pod["metadata"]["creationTimestamp"] = created
        pod["status"]["phase"] = "Pending"
        state = {"waiting": {"reason": reason}}
        pod["status"]["containerStatuses"][0].update(state=state, ready=False, started=False)

    change(files, PODS, waiting)
    return found(diagnosed(files, folder))


def _as_of(folder: Path) -> float:
    moment = diagnosed(objects_and_logs(recorded(READY)), folder).as_of
    assert moment is not None
    return moment


def _before(seconds: float, folder: Path) -> str:
    from kwhy.model.time import iso

    return iso(_as_of(folder) - seconds)


@pytest.mark.parametrize(
    ("age", "reason", "fails"),
    [(3, "ContainerCreating", False), (3, "ErrImagePull", True), (60, "ContainerCreating", True)],
)
def test_a_pod_needs_a_moment_to_start(age: float, reason: str, fails: bool, tmp_path: Path) -> None:
    created = _before(age, tmp_path / "before")
    assert ("pod.failing" in _starting(created, reason, tmp_path / "after")) == fails


def _events(message: str) -> Files:
    files = {"events.json": recorded(BROKEN)["objects/events.json"]}

    def removed(items: list[Any]) -> None:
        about = {"kind": "ReplicationController", "namespace": "legacy", "name": "catalog"}
        last = max(str(item["lastTimestamp"]) for item in items if item.get("lastTimestamp"))
        made = {
            "metadata": {"name": "e1", "namespace": "legacy"},
            "involvedObject": about,
            "type": "Normal",
            "count": 1,
        }
        for number in ("8jmtn", "lc84v"):
            event = {"reason": "SuccessfulDelete", "message": message.format(number), "lastTimestamp": last}
            items.append({**items[0], **made, **event})

    change(files, "events.json", removed)
    return files


def test_a_pod_that_its_controller_deleted_since_fails_no_more(tmp_path: Path) -> None:
    assert "pod.failing" in found(diagnosed(_events("Deleted pod: another-{}"), tmp_path / "there"))
    assert "pod.failing" not in found(diagnosed(_events("Deleted pod: catalog-{}"), tmp_path / "gone"))


@pytest.mark.parametrize(
    ("age", "status", "fails"),
    [
        ("28s", "ContainerCreating", False),
        ("28s", "PodInitializing", False),
        ("28s", "ErrImagePull", True),
        ("45s", "ContainerCreating", True),
        ("3m", "ContainerCreating", True),
    ],
)
def test_a_row_tells_how_young_the_pod_is(age: str, status: str, fails: bool, tmp_path: Path) -> None:
    # kubectl 1.34.4, of a job that had just begun; status and age are changed
    rows = (
        "$ kubectl get pods -n nightly\n"
        "NAME                    READY   STATUS              RESTARTS   AGE\n"
        f"report-29921924-r9lcn   0/1     {status:<17}   0          {age}\n"
    )
    assert ("pod.failing" in found(diagnosed({"pods.txt": rows.encode()}, tmp_path))) == fails
