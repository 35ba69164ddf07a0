"""Every fault that the scale benchmark plants is named in a small snapshot, and nothing else."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from bench._planted import FAULTS, Truth
from bench._snapshot import Size, write_snapshot
from bench.scale import compared, growth

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose
from kwhy.reports.json import render

SMALL = Size(nodes=17, apps=60, pods_per_app=3, per_fault=1)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Truth], Diagnosis]:
    folder = tmp_path_factory.mktemp("cluster") / "snapshot"
    plants = write_snapshot(folder, SMALL)
    return [plant.truth for plant in plants], diagnose([str(folder)])


def test_forty_kinds_of_faults_are_planted(planted: tuple[list[Truth], Diagnosis]) -> None:
    truths, _ = planted
    assert len(FAULTS) >= 40
    assert len(set(truths)) == len(FAULTS)


def test_every_planted_fault_is_named_and_nothing_else(planted: tuple[list[Truth], Diagnosis]) -> None:
    truths, diagnosis = planted
    named = compared(truths, render(diagnosis).encode())
    assert named.missed == ()
    assert named.false == ()
    assert diagnosis.coverage.failed_rules == ()


def test_every_file_of_the_snapshot_is_understood(planted: tuple[list[Truth], Diagnosis]) -> None:
    _, diagnosis = planted
    assert diagnosis.coverage.unrecognised == ()
    assert not any(document.unparsed for document in diagnosis.coverage.documents)


def test_a_healthy_cluster_has_no_root_cause(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "snapshot", SMALL, ())
    diagnosis = diagnose([str(tmp_path / "snapshot")])
    assert diagnosis.root_causes == ()
    assert diagnosis.findings == ()


def test_a_cause_that_was_not_planted_counts_as_false() -> None:
    report = b"""{"root_causes": [
        {"condition": "a.b", "subject": {"kind": "Node", "name": "n1", "namespace": null}, "role": "root-cause"},
        {"condition": "c.d", "subject": {"kind": "Pod", "name": "p", "namespace": "s"}, "role": "deepest-known"}]}"""
    named = compared([Truth("a.b", "Node/n1"), Truth("a.b", "Node/n2")], report)
    assert named.found == 1
    assert named.missed == (Truth("a.b", "Node/n2"),)
    assert named.false == (Truth("c.d (deepest-known)", "Pod/s/p"),)


def test_growth_is_told_by_its_power() -> None:
    assert math.isclose(growth([(0.1, 0.03), (1.0, 3.0)]), 2.0)
    assert math.isclose(growth([(0.1, 0.3), (1.0 / 3, 1.0), (1.0, 3.0)]), 1.0)
