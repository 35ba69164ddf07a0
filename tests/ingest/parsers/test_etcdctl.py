"""What etcdctl prints, as recorded (data/etcd/ORIGIN.txt)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.etcd import EndpointHealth, EndpointStatus, EtcdAlarm, EtcdMember
from kwhy.ingest.parsers.etcdctl import FORMAT
from kwhy.ingest.reading import read
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

DATA = Path(__file__).parent / "data" / "etcd"
RECORDED = sorted(DATA.glob("*/*.txt"))
FORMS = ["table", "json", "simple"]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_recorded_output_is_recognised(path: Path) -> None:
    (document,) = read([str(path)]).documents
    assert document.format == "etcdctl"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("version", ["34", "36"])
def test_each_form_shows_the_same_endpoints(version: str, form: str) -> None:
    statuses = read([str(DATA / f"one-down-{version}" / f"endpoint-status.{form}.txt")]).of(EndpointStatus)
    assert [(s.endpoint, s.member, s.leads) for s in statuses] == [
        ("http://10.77.0.1:2379", "69d88a3f5ae88b6f", True),
        ("http://10.77.0.3:2379", "69613aab7e17b22b", False),
    ]
    assert all(s.term == 2 and s.index > 200 and s.applied and not s.errors and not s.learner for s in statuses)
    assert all(s.size and 200_000 < s.size < 500_000 for s in statuses)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("version", ["34", "36"])
def test_each_form_shows_who_is_unhealthy_and_why(version: str, form: str) -> None:
    healths = read([str(DATA / f"one-down-{version}" / f"endpoint-health.{form}.txt")]).of(EndpointHealth)
    assert {h.endpoint: (h.healthy, h.error) for h in healths} == {
        "http://10.77.0.1:2379": (True, ""),
        "http://10.77.0.2:2379": (False, "context deadline exceeded"),
        "http://10.77.0.3:2379": (True, ""),
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("version", ["34", "36"])
def test_each_form_shows_the_members(version: str, form: str) -> None:
    members = read([str(DATA / f"one-down-{version}" / f"member-list.{form}.txt")]).of(EtcdMember)
    assert {(m.id, m.name, m.clients, m.started, m.voting) for m in members} == {
        ("69d88a3f5ae88b6f", "etcd-1", ("http://10.77.0.1:2379",), True, True),
        ("79c4fb063b06262a", "etcd-2", ("http://10.77.0.2:2379",), True, True),
        ("69613aab7e17b22b", "etcd-3", ("http://10.77.0.3:2379",), True, True),
    }


@pytest.mark.parametrize("form", ["json", "simple"])
def test_alarms_name_their_members(form: str) -> None:
    alarms = read([str(DATA / "nospace-36" / f"alarm-list.{form}.txt")]).of(EtcdAlarm)
    assert {(a.kind, a.member) for a in alarms} == {
        ("NOSPACE", "69d88a3f5ae88b6f"), ("NOSPACE", "79c4fb063b06262a"), ("NOSPACE", "69613aab7e17b22b")
    }  # fmt: skip


def test_a_cell_broken_into_lines_is_one_row() -> None:
    statuses = read([str(DATA / "nospace-35-endpoint-status.table.txt")]).of(EndpointStatus)
    assert [s.endpoint[-6:-5] for s in statuses] == ["1", "2", "3"]


def test_a_failure_alone_is_told() -> None:
    text = (DATA / "quorum-lost-36" / "member-list.table.txt").read_bytes()
    (problem,) = FORMAT.parse(Document("x", text))
    assert isinstance(problem, Unparsed) and "etcdctl failed" in problem.why


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(RECORDED), st.integers(0, 3000), st.integers(0, 3000), st.binary(max_size=30))
def test_mutated_output_never_raises(path: Path, start: int, size: int, junk: bytes) -> None:
    raw = path.read_bytes()
    data = raw[:start] + junk + raw[start + size :]
    list(FORMAT.parse(Document("x", data)))
    assert 0.0 <= FORMAT.recognise(Head(data.decode("utf-8", "replace"), len(data), None)) <= 1.0


@given(st.text(max_size=300))
def test_any_text_terminates(text: str) -> None:
    list(FORMAT.parse(Document("x", text.encode("utf-8", "replace"))))
