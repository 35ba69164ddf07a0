"""When a container that was restarted has got over it. Recorded from Kubernetes 1.34.4: a program that crashed five
times, each after less than a second, until the owner of its directory was put right."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kwhy.facts.objects import ContainerStatus
from kwhy.knowledge.pod.restarts import outlived
from kwhy.scene.clock import parse_timestamp

RECORDED: dict[str, Any] = {
    "name": "archive",
    "ready": True,
    "restartCount": 5,
    "state": {"running": {"startedAt": "2026-11-22T02:42:29Z"}},
    "lastState": {
        "terminated": {
            "exitCode": 1,
            "reason": "Error",
            "startedAt": "2026-11-22T02:41:00Z",
            "finishedAt": "2026-11-22T02:41:00Z",
        }
    },
}


def at(moment: str, **changed: Any) -> bool:
    status = msgspec.convert({**RECORDED, **changed}, ContainerStatus)
    return outlived(status, parse_timestamp(moment))


def test_a_run_far_longer_than_the_one_before_is_success() -> None:
    assert at("2026-11-22T02:42:53Z")


def test_a_run_that_has_just_begun_says_nothing() -> None:
    assert not at("2026-11-22T02:42:31Z")


def test_a_run_as_long_as_the_one_before_says_nothing() -> None:
    slow = {"terminated": {**RECORDED["lastState"]["terminated"], "startedAt": "2026-11-22T02:40:20Z"}}
    assert not at("2026-11-22T02:42:53Z", lastState=slow)


@pytest.mark.parametrize("changed", [{"ready": False}, {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}])
def test_a_container_that_is_not_well_has_not_got_over_it(changed: dict[str, Any]) -> None:
    assert not at("2026-11-22T02:42:53Z", **changed)
