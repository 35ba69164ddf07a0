"""`kwhy inspect` on fio and etcdctl (data: tests/ingest/parsers/data)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.ingest.reading import read
from kwhy.inspecting.etcd import etcd_parts
from kwhy.model.inspection import Part
from kwhy.scene.scene import Scene

DATA = Path(__file__).parents[1] / "ingest" / "parsers" / "data"


def parts_of(name: str) -> dict[str, Part]:
    evidence = read([str(DATA / name)])
    return {part.title.partition(":")[0]: part for part in etcd_parts(Scene(evidence.documents, evidence.facts), None)}


@pytest.mark.parametrize(
    ("name", "p99", "verdict"),
    [
        ("slow.txt", "146 ms", "too slow for etcd"),
        ("fast.json", "", "fast enough"),
        ("in-memory.txt", "524 ns", "cannot tell"),
        ("no-sync.txt", "", "cannot tell"),
    ],
)
def test_fio_is_shown_with_number_and_verdict(name: str, p99: str, verdict: str) -> None:
    (row,) = parts_of(f"fio/{name}")["fio"].rows
    assert row.cells[4].startswith(verdict)
    assert not p99 or row.cells[2] == p99


def test_members_and_health_are_listed() -> None:
    rows = parts_of("etcd/one-down-34")["etcd"].rows
    assert rows


def test_histograms_are_shown_by_their_quantiles() -> None:
    rows = parts_of("metrics/etcd-slow-leader-35.txt")["Durations"].rows
    fsync = next(row for row in rows if "wal_fsync" in row.cells[0])
    assert fsync.cells[1:] == ("218", "4 ms", "2.05 s")
