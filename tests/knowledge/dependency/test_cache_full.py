"""Caches that take no writes because their memory is full."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import diagnosed, found, objects_and_logs, recorded, roots

FULL = "dependency.cache-full"
CASE = "dependency/cache_full/maxmemory"


def test_the_cache_is_to_blame_whose_limit_is_reached(tmp_path: Path) -> None:
    assert roots(diagnosed(objects_and_logs(recorded(CASE)), tmp_path)) == [(FULL, "Deployment/cache-oom/redis")]


def test_without_its_limit_the_next_command_asks_for_it(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(CASE))
    files["objects/pods.json"] = files["objects/pods.json"].replace(b'"--maxmemory"', b'"--loglevel"')
    diagnosis = diagnosed(files, tmp_path)
    assert FULL not in found(diagnosis)
    assert any("info memory" in step.command for step in diagnosis.next_steps)


def test_a_cache_that_evicts_is_not_explained_by_its_limit(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(CASE))
    files["objects/pods.json"] = files["objects/pods.json"].replace(b'"noeviction"', b'"allkeys-lru"')
    assert FULL not in found(diagnosed(files, tmp_path))
