from __future__ import annotations

import json
import tarfile

import pytest

from kwhy.demo_incidents import NODE_NOTREADY
from kwhy.facts.objects import ConfigMap, Container, EnvVar, ObjectMeta, Observation, Pod, PodSpec
from kwhy.ingest.parsers.goroutine_dump import FORMAT
from kwhy.model.diagnosis import Coverage, DocumentCoverage
from kwhy.model.document import Document, Unparsed
from kwhy.model.fact import Fact
from kwhy.reports.inspection import render_json, render_text

COVERAGE = Coverage((DocumentCoverage("4-terwayd-goroutine.txt", "goroutine-dump", 2, 0),), bytes_read=1021)


@pytest.fixture(scope="module")
def dump() -> dict[type, list[Fact]]:
    """The facts of a real goroutine dump."""
    with tarfile.open(NODE_NOTREADY.archive) as archive:
        member = archive.extractfile("4-terwayd-goroutine.txt")
        assert member is not None
        document = Document("4-terwayd-goroutine.txt", member.read())
    facts: dict[type, list[Fact]] = {}
    for item in FORMAT.parse(document):
        assert not isinstance(item, Document | Unparsed)
        facts.setdefault(type(item), []).append(item)
    return facts


def test_a_goroutine_group_shows_place_state_wait_and_innermost_frames(dump: dict[type, list[Fact]]) -> None:
    text = render_text(COVERAGE, dump, (), every=False, hide=str)
    assert "4-terwayd-goroutine.txt: goroutine-dump, 2 facts" in text
    assert "4-terwayd-goroutine.txt:1  1 goroutine [syscall, longest 1595 min, locked to thread]" in text
    assert "NetlinkSocket" in text


def test_what_was_not_understood_is_listed_with_its_place() -> None:
    unparsed = (Unparsed(Document("a.log", b"").at(line=3), "a line without a time"),)
    assert "Not understood: 1\n  a.log:3: a line without a time\n" in render_text(
        Coverage(), {}, unparsed, every=False, hide=str
    )


def test_json_holds_every_fact_with_its_place(dump: dict[type, list[Fact]]) -> None:
    report = json.loads(render_json(COVERAGE, dump, (), hide=str))
    (group,) = report["facts"]["GoroutineGroup"]
    assert group["at"] == {"source": "4-terwayd-goroutine.txt", "line": 1, "path": None}
    assert group["longest_minutes"] == 1595


@pytest.mark.parametrize("form", ["text", "json"])
def test_values_of_objects_that_may_be_secret_are_not_shown(form: str) -> None:
    document = Document("objects.json", b"")
    pod = Pod(ObjectMeta("web"), PodSpec(containers=[Container("c", env=[EnvVar("PASSWORD", "hunter2")])]))
    settings = ConfigMap(ObjectMeta("settings"), data={"dsn": "hunter2"})
    facts: dict[type, list[Fact]] = {
        Observation: [Observation(pod, document, True), Observation(settings, document, True)]
    }
    if form == "text":
        report = render_text(Coverage(), facts, (), every=True, hide=str)
    else:
        report = render_json(Coverage(), facts, (), hide=str)
    assert "web" in report
    assert "hunter2" not in report


def test_secrets_in_texts_are_masked_and_json_stays_json(dump: dict[type, list[Fact]]) -> None:
    report = render_json(COVERAGE, dump, (), hide=lambda text: text.replace("syscall", '"masked"'))
    assert json.loads(report)["facts"]["GoroutineGroup"][0]["state"] == '"masked"'
