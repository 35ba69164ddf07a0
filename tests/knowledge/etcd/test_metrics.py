"""etcd's disk by its own metrics (tests/ingest/parsers/data/metrics/ORIGIN.txt)."""

from __future__ import annotations

from pathlib import Path

from kwhy.pipeline import diagnose

DATA = Path(__file__).parents[2] / "ingest" / "parsers" / "data" / "metrics"


def test_a_99th_percentile_beyond_the_heartbeat_interval_is_a_slow_disk() -> None:
    (cause,) = diagnose([str(DATA / "etcd-slow-leader-35.txt")]).root_causes
    assert cause.finding.condition.code == "etcd.disk-slow"
    assert "above 1.02 s" in cause.finding.title


def test_a_disk_that_is_slower_than_asked_for_but_not_that_slow_stays_open() -> None:
    diagnosis = diagnose([str(DATA / "etcd-healthy-35.txt")])
    assert not diagnosis.root_causes
    assert any(item.condition.code == "etcd.disk-slow" for item in diagnosis.undetermined)
