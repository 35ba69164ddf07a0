"""Rollouts that wait for the place of their own old pod: recorded, as it is and with one thing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, recorded, roots

INDEX = "Deployment/vectors/index"
NO_ROOM = [("workload.rollout-has-no-room", INDEX)]
FULL = [("scheduling.not-enough-room", INDEX)]


def _files() -> Files:
    """Without what is printed of the Deployment; the nodes' sums are only printed."""
    kept = ("objects/", "describe/nodes", "describe/get-nodes")
    return {name: data for name, data in recorded("workload/rollout_has_no_room").items() if name.startswith(kept)}


def _roots(folder: Path, strategy: dict[str, Any], replicas: int = 1) -> list[tuple[str, str]]:
    files = _files()

    def edit(items: list[Any]) -> None:
        items[0]["spec"].update(strategy=strategy, replicas=replicas)

    change(files, "objects/deployments.json", edit)
    return roots(diagnosed(files, folder))


def _rolling(unavailable: object, surge: object = 1) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}}


@pytest.mark.parametrize("unavailable", [0, "0%", "25%"])
def test_a_rollout_that_may_stop_no_old_pod_first_has_no_room(unavailable: object, tmp_path: Path) -> None:
    assert _roots(tmp_path, _rolling(unavailable)) == NO_ROOM


@pytest.mark.parametrize("strategy", [_rolling(1), _rolling("100%"), _rolling("25%", 0), {"type": "Recreate"}])
def test_a_rollout_that_may_stop_one_first_is_not_to_blame(strategy: dict[str, Any], tmp_path: Path) -> None:
    assert _roots(tmp_path, strategy) == FULL


def test_a_quarter_of_four_is_one(tmp_path: Path) -> None:
    assert ("workload.rollout-has-no-room", INDEX) not in _roots(tmp_path, _rolling("25%"), replicas=4)


def test_an_old_pod_that_holds_less_would_not_make_room(tmp_path: Path) -> None:
    files = _files()

    def smaller(items: list[Any]) -> None:
        for pod in items:
            if pod["spec"].get("nodeName"):
                pod["spec"]["containers"][0]["resources"]["requests"]["memory"] = "1Gi"

    change(files, "objects/pods.json", smaller)
    assert ("workload.rollout-has-no-room", INDEX) not in roots(diagnosed(files, tmp_path))
