"""The disk under etcd, judged by fio: recorded runs (tests/ingest/parsers/data/fio/ORIGIN.txt) and what looks alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

FIO = Path(__file__).parents[2] / "ingest" / "parsers" / "data" / "fio"
CODE = "etcd.disk-slow"


def diagnosed(tmp_path: Path, text: str, **more: str) -> Diagnosis:
    (tmp_path / "fio.txt").write_text(text)
    for name, content in more.items():
        (tmp_path / f"{name}.txt").write_text(content)
    return diagnose([str(tmp_path)])


def roots(diagnosis: Diagnosis) -> list[str]:
    return [cause.finding.condition.code for cause in diagnosis.root_causes]


@pytest.mark.parametrize(
    "name", ["slow.txt", "average-good-p99-bad.txt", "slow.json", "slow.jsonplus", "slow.both.txt"]
)
def test_a_99th_percentile_above_ten_milliseconds_is_too_slow(tmp_path: Path, name: str) -> None:
    assert roots(diagnosed(tmp_path, (FIO / name).read_text())) == [CODE]


def test_the_title_states_number_threshold_and_whose(tmp_path: Path) -> None:
    (cause,) = diagnosed(tmp_path, (FIO / "average-good-p99-bad.txt").read_text()).root_causes
    assert "35.4 ms at the 99th percentile, where etcd needs less than 10 ms" in cause.finding.title
    assert "etcd's documentation" in cause.finding.evidence[0].says


@pytest.mark.parametrize("name", ["two-jobs.txt", "fast.json"])
def test_a_fast_disk_is_ruled_out(tmp_path: Path, name: str) -> None:
    diagnosis = diagnosed(tmp_path, (FIO / name).read_text())
    assert roots(diagnosis) == [] and not diagnosis.undetermined


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no-sync.txt", "calls neither fsync nor fdatasync"),
        ("in-memory.txt", "in memory"),
        ("o-sync.txt", "calls neither fsync nor fdatasync"),
    ],
)
def test_a_test_of_something_else_leaves_it_open(tmp_path: Path, name: str, why: str) -> None:
    diagnosis = diagnosed(tmp_path, (FIO / name).read_text())
    assert roots(diagnosis) == []
    assert any(why in gap.what for item in diagnosis.undetermined for gap in item.gaps)


def test_an_old_fio_does_not_measure_it(tmp_path: Path) -> None:
    text = (FIO / "no-sync.txt").read_text().replace("fio-3.33", "fio-3.1")
    diagnosis = diagnosed(tmp_path, text)
    assert any("fio 3.1 does not measure it" in gap.what for item in diagnosis.undetermined for gap in item.gaps)


def test_a_test_on_another_file_system_says_nothing_about_etcds(tmp_path: Path) -> None:
    processes = "$ ps -eo pid,ppid,args\n    PID    PPID COMMAND\n      1       0 /sbin/init\n    812       1 "
    processes += "etcd --name=m1 --data-dir=/var/lib/etcd\n"
    diagnosis = diagnosed(tmp_path, (FIO / "slow.json").read_text(), ps=processes)
    assert roots(diagnosis) == []
    assert any("fio tested /tmp/etcdlab/d1" in gap.what for item in diagnosis.undetermined for gap in item.gaps)
