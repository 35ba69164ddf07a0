"""Replicas that fall under their load, and what only looks like it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

CASE = "workload/overwhelmed/replicas_fall_in_turn"
SELLER = [("workload.overwhelmed", "Deployment/tickets-live/seller")]


def says(*lines: str) -> Files:
    """The recorded cluster, its sellers with other last words."""
    files = objects_and_logs(recorded(CASE))
    for name in files:
        if "_seller" in name:
            files[name] = "".join(f"2026-11-22T04:02:3{n}.448001368Z {line}\n" for n, line in enumerate(lines)).encode()
    return files


def test_the_load_is_said_with_the_number_of_replicas(tmp_path: Path) -> None:
    diagnosis = diagnosed(objects_and_logs(recorded(CASE)), tmp_path)
    assert roots(diagnosis) == SELLER
    assert "its 3 replicas can hold: request queue overflow" in diagnosis.root_causes[0].finding.title


@pytest.mark.parametrize(
    "line",
    [
        "java.util.concurrent.RejectedExecutionException: Task T@7ea987ac rejected from "
        "java.util.concurrent.ThreadPoolExecutor@12a3a380[Running, pool size = 10, active threads = 10]",  # OpenJDK
        "[22-Nov-2026 04:02:32] WARNING: [pool www] server reached pm.max_children setting (5), consider raising",
        "2026/11/22 04:02:32 [alert] 29#29: 768 worker_connections are not enough",  # nginx
    ],
)
def test_servers_say_it_in_their_own_words(line: str, tmp_path: Path) -> None:
    assert roots(diagnosed(says("listening on :8080", line), tmp_path)) == SELLER


def test_a_limit_met_long_before_the_end_is_not_why_it_ended(tmp_path: Path) -> None:
    lines = [
        "request queue overflow: 11 requests in flight, limit 10",
        *["GET /buy 200"] * 5,
        "panic: index out of range",
    ]
    assert SELLER[0] not in roots(diagnosed(says(*lines), tmp_path))


def test_requests_pile_up_where_their_own_calls_hang(tmp_path: Path) -> None:
    call = 'ERROR Get "http://seats/free": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    files = says(call, "request queue overflow: 11 requests in flight, limit 10")
    assert SELLER[0] not in roots(diagnosed(files, tmp_path))


def test_a_revision_of_a_minute_ago_may_have_lowered_what_a_replica_holds(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(CASE))

    def add_former(items: list[Any]) -> None:
        newest = next(item for item in items if item["metadata"]["name"] == "seller-7c9d79db84")
        former = json.loads(json.dumps(newest))
        former["metadata"] |= {"name": "seller-5f6d", "uid": "5f6d", "creationTimestamp": "2026-11-20T04:01:27Z"}
        former["spec"]["replicas"] = former["status"]["replicas"] = 0
        newest["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2"
        items.append(former)

    change(files, "objects/replicasets.json", add_former)
    diagnosis = diagnosed(files, tmp_path)
    assert SELLER[0] not in roots(diagnosis)
    assert "workload.overwhelmed" in {u.condition.code for u in diagnosis.undetermined}


def test_without_logs_nobody_knows_why_it_ends(tmp_path: Path) -> None:
    files = {name: data for name, data in objects_and_logs(recorded(CASE)).items() if "_seller" not in name}
    assert not roots(diagnosed(files, tmp_path))


def test_a_list_without_an_autoscaler_is_a_weakness_beside_the_cause(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(CASE))
    files["hpa.txt"] = b"$ kubectl get hpa -n tickets-live\nNo resources found in tickets-live namespace.\n"
    diagnosis = diagnosed(files, tmp_path / "listed")
    assert roots(diagnosis) == SELLER
    assert "autoscaling.absent" in {finding.condition.code for finding in diagnosis.contributing}
    assert "autoscaling.absent" not in found(diagnosed(objects_and_logs(recorded(CASE)), tmp_path / "not-listed"))
