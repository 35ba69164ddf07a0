"""Logs are read where a container does not run as it should, and of no other."""

from __future__ import annotations

import json

import msgspec
import pytest
from tests.live.recorded_api import recorded

from kwhy.facts.objects import Pod
from kwhy.ingest.layouts import said_by_path
from kwhy.live.logs import MOST_LOGS, SIBLINGS, Log, wanted

RUNNING = {"ready": True, "restartCount": 0, "state": {"running": {}}}


def pod(status: dict[str, object], name: str = "web-1", phase: str = "Running", owner: str = "web") -> Pod:
    return msgspec.convert(
        {
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": "shop",
                "ownerReferences": [{"kind": "ReplicaSet", "name": owner, "controller": True}],
            },
            "status": {"phase": phase, "containerStatuses": [{"name": "app", **status}]},
        },
        Pod,
    )


@pytest.mark.parametrize(
    ("status", "runs"),
    [
        (RUNNING, []),
        ({**RUNNING, "ready": False}, [False]),
        ({**RUNNING, "restartCount": 3}, [True, False]),
        ({"ready": False, "restartCount": 5, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}, [True, False]),
        ({"ready": False, "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff"}}}, []),
        ({"ready": False, "restartCount": 0, "state": {"terminated": {"exitCode": 1}}}, [False]),
    ],
)
def test_a_container_is_suspicious_by_its_state(status: dict[str, object], runs: list[bool]) -> None:
    assert [log.previous for log in wanted([pod(status)]).logs] == runs


def test_a_job_that_completed_is_no_suspect() -> None:
    done = pod({"ready": False, "restartCount": 0, "state": {"terminated": {"exitCode": 0}}}, phase="Succeeded")
    assert wanted([done], lambda each: True).logs == ()


def test_a_pod_that_is_fine_is_read_where_something_else_asks_about_it() -> None:
    assert wanted([pod(RUNNING)], lambda each: True).logs == (Log("shop", "web-1", "app"),)


def test_of_many_pods_that_fail_alike_a_few_are_read() -> None:
    pods = [pod({**RUNNING, "ready": False}, name=f"web-{number}") for number in range(50)]
    assert len(wanted(pods).logs) == SIBLINGS


def test_too_many_logs_are_counted_not_read() -> None:
    pods = [pod({**RUNNING, "ready": False}, owner=f"web-{n}", name=f"web-{n}-a") for n in range(MOST_LOGS + 7)]
    choice = wanted(pods)
    assert (len(choice.logs), choice.left_out) == (MOST_LOGS, 7)


def test_of_the_recorded_cluster_the_pods_that_fail_are_chosen() -> None:
    answer = recorded()["admin", "/api/v1/pods", (("limit", "500"),)]
    pods = [msgspec.convert({**item, "kind": "Pod"}, Pod) for item in json.loads(answer.body)["items"]]
    chosen = wanted(pods).logs
    assert {"banners", "catalog", "render", "sessions"} <= {log.namespace for log in chosen}
    assert "shop" not in {log.namespace for log in chosen}
    assert "avatars" not in {log.namespace for log in chosen}, "its container was never created"


def test_the_name_of_a_logs_document_says_whose_it_is() -> None:
    document = Log("kube-system", "coredns-56b6bb9bd9-cf9wg", "coredns", previous=True).document
    said = said_by_path(document).command
    assert said == "kubectl logs -n kube-system coredns-56b6bb9bd9-cf9wg -c coredns --previous"
