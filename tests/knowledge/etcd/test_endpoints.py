"""What etcdctl shows of a cluster (tests/ingest/parsers/data/etcd/ORIGIN.txt), judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

DATA = Path(__file__).parents[2] / "ingest" / "parsers" / "data" / "etcd"


def of(folder: str, *parts: str) -> Diagnosis:
    return diagnose([str(DATA / folder / part) for part in parts])


def roots(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    return [(c.finding.condition.code, c.finding.subject.name) for c in diagnosis.root_causes if c.role == "root-cause"]


@pytest.mark.parametrize("version", ["34", "36"])
@pytest.mark.parametrize("form", ["table", "json", "simple"])
def test_the_member_that_does_not_answer_is_named(version: str, form: str) -> None:
    diagnosis = of(f"one-down-{version}", f"endpoint-health.{form}.txt", f"member-list.{form}.txt")
    assert roots(diagnosis) == [("etcd.member-down", "10.77.0.2")]
    assert "(etcd-2)" in diagnosis.root_causes[0].finding.title


@pytest.mark.parametrize("form", ["table", "json", "simple"])
def test_without_a_majority_only_members_that_do_not_answer_are_down(form: str) -> None:
    diagnosis = of("quorum-lost-34", *(f"{part}.{form}.txt" for part in ("endpoint-status", "endpoint-health")))
    assert {name for _, name in roots(diagnosis)} == {"10.77.0.1", "10.77.0.2"}
    assert "etcd.no-leader" in {finding.condition.code for finding in diagnosis.findings}


def test_where_every_endpoint_is_unhealthy_health_alone_blames_nobody() -> None:
    diagnosis = of("quorum-lost-34", "endpoint-health.table.txt")
    assert roots(diagnosis) == []
    assert diagnosis.outcome == "unexplained"


@pytest.mark.parametrize(
    "part", ["alarm-list.simple.txt", "alarm-list.json.txt", "endpoint-status.table.txt", "endpoint-health.simple.txt"]
)
def test_the_space_alarm_is_the_root_wherever_it_is_shown(part: str) -> None:
    assert roots(of("nospace-36", part)) == [("etcd.space-exceeded", "etcd")]


def test_a_corrupt_member_is_told(tmp_path: Path) -> None:
    # AlarmType CORRUPT = 2 (etcd v3.6 api/etcdserverpb/rpc.proto)
    text = (DATA / "nospace-36" / "alarm-list.json.txt").read_text().replace('"alarm":1', '"alarm":2')
    (tmp_path / "alarms.json").write_text(text)
    assert roots(diagnose([str(tmp_path)])) == [("etcd.data-corrupt", "etcd")]


def test_an_even_number_of_members_is_a_weakness_and_no_cause(tmp_path: Path) -> None:
    shown = json.loads((DATA / "one-down-36" / "member-list.json.txt").read_text())
    fourth = {
        "ID": 77,
        "name": "etcd-4",
        "peerURLs": ["http://10.77.0.4:2380"],
        "clientURLs": ["http://10.77.0.4:2379"],
    }
    shown["members"].append(fourth)
    (tmp_path / "members.json").write_text(json.dumps(shown, separators=(",", ":")))
    (tmp_path / "health.txt").write_text((DATA / "one-down-36" / "endpoint-health.simple.txt").read_text())
    diagnosis = diagnose([str(tmp_path)])
    assert [code for code, _ in roots(diagnosis)] == ["etcd.member-down"]
    (weakness,) = diagnosis.contributing
    assert weakness.title == "etcd has 4 voting members: 3 must agree, and no more may fail than with 3"


def test_an_even_number_alone_is_not_reported(tmp_path: Path) -> None:
    shown = json.loads((DATA / "one-down-36" / "member-list.json.txt").read_text())
    shown["members"].pop()
    (tmp_path / "members.json").write_text(json.dumps(shown, separators=(",", ":")))
    diagnosis = diagnose([str(tmp_path)])
    assert roots(diagnosis) == [] and not diagnosis.findings
