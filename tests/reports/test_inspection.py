from __future__ import annotations

import json

import pytest

from kwhy.facts.hosts import HostName
from kwhy.facts.objects import ConfigMap, Container, EnvVar, ObjectMeta, Observation, Pod, PodSpec
from kwhy.ingest.redact import redacted
from kwhy.model.diagnosis import Coverage, DocumentCoverage
from kwhy.model.document import Document, Unparsed
from kwhy.model.fact import Fact
from kwhy.model.inspection import Part, Row
from kwhy.reports.inspection import render_json, render_text

COVERAGE = Coverage((DocumentCoverage("dump.txt", "goroutine-dump", 2, 0),), bytes_read=1021)
GROUPS = Part("Groups", (), (Row(("7 goroutines [select]",), "dump.txt:1", ("main.(*Fabric).Attach",)),), 3)
RULES = Part("Rules", ("priority", "rule"), (Row(("512", "from all lookup main"), "rules.txt:2"),))
HEADER = Part("Dump", ("", ""), (Row(("program", "netfabricd")), Row(("goroutines", "18"))))
WIDE = Part("Flows", ("from", "to", "outcome"), (Row(("10.77.1.2:43648 " * 3, "10.77.2.2:7002 " * 3, "closed")),))


def text(*parts: Part, width: int = 80) -> str:
    return render_text(COVERAGE, parts, {}, (), every=False, hide=redacted, width=width)


def test_documents_come_first() -> None:
    assert text().splitlines()[:2] == ["dump.txt: goroutine-dump, 2 facts", "1.0 kB read"]


def test_a_sentence_stands_behind_its_place_with_its_lines_below() -> None:
    assert (
        "Groups\n  dump.txt:1  7 goroutines [select]\n      main.(*Fabric).Attach\n  and 3 more (--all lists them)\n"
    ) in text(GROUPS)


def test_a_table_that_fits_stands_in_columns() -> None:
    assert "Rules\n  priority  rule\n  512       from all lookup main  rules.txt:2\n" in text(RULES)


def test_names_and_values_stand_side_by_side() -> None:
    assert "Dump\n  program     netfabricd\n  goroutines  18\n" in text(HEADER)


def test_a_table_too_wide_becomes_one_paragraph_for_each_row() -> None:
    report = text(WIDE)
    assert "  from 10.77.1.2:43648" in report
    assert "outcome closed" in report
    assert all(len(line) <= 80 for line in report.splitlines())


def test_what_acts_on_a_terminal_is_stripped() -> None:
    hostile = Part("A \x1b[31mtitle", (), (Row(("red \x1b[2Jtext\u202e",), "a\x1b]0;b\x07.txt:1", ("x\ny",)),))
    report = text(hostile)
    assert "\x1b" not in report
    assert "\u202e" not in report
    assert "x ⏎ y" in report
    parts = json.loads(render_json(COVERAGE, [hostile], {}, (), hide=redacted))["parts"]
    assert parts[0]["title"] == "A title"
    assert parts[0]["rows"] == [{"says": "red text", "at": "a.txt:1", "below": ["x\ny"]}]


@pytest.mark.parametrize("width", [40, 80])
def test_a_secret_is_masked_though_its_line_is_wrapped(width: int) -> None:
    said = Part("Found", ("what",), (Row(("a long line before it and then password=hunter2hunter2",)),))
    assert "hunter2" not in text(said, width=width)
    assert "hunter2" not in render_json(COVERAGE, [said], {}, (), hide=redacted)


def test_json_names_the_cells_of_a_row() -> None:
    parts = json.loads(render_json(COVERAGE, [RULES, HEADER, GROUPS], {}, (), hide=str))["parts"]
    assert parts[0]["rows"] == [{"priority": "512", "rule": "from all lookup main", "at": "rules.txt:2"}]
    assert parts[1]["rows"] == [{"program": "netfabricd"}, {"goroutines": "18"}]
    assert parts[2]["left_out"] == 3


def test_facts_that_no_part_shows_are_listed_by_type() -> None:
    document = Document("hostname.txt", b"")
    facts: dict[type, list[Fact]] = {HostName: [HostName("node-a", document.at(1))]}
    report = render_text(Coverage(), (), facts, (), every=False, hide=str)
    assert "HostName: 1\n  hostname.txt:1  name=node-a\n" in report
    (fact,) = json.loads(render_json(Coverage(), (), facts, (), hide=str))["facts"]["HostName"]
    assert fact == {"at": {"source": "hostname.txt", "line": 1, "path": None}, "name": "node-a"}


def test_what_was_not_understood_is_listed_with_its_place() -> None:
    unparsed = (Unparsed(Document("a.log", b"").at(line=3), "a line without a time"),)
    assert "Not understood: 1\n  a.log:3: a line without a time\n" in render_text(
        Coverage(), (), {}, unparsed, every=False, hide=str
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_values_of_objects_that_may_be_secret_are_not_shown(form: str) -> None:
    document = Document("objects.json", b"")
    pod = Pod(ObjectMeta("web"), PodSpec(containers=[Container("c", env=[EnvVar("PASSWORD", "hunter2")])]))
    settings = ConfigMap(ObjectMeta("settings"), data={"dsn": "hunter2"})
    facts: dict[type, list[Fact]] = {
        Observation: [Observation(pod, document, True), Observation(settings, document, True)]
    }
    if form == "text":
        report = render_text(Coverage(), (), facts, (), every=True, hide=str)
    else:
        report = render_json(Coverage(), (), facts, (), hide=str)
    assert "web" in report
    assert "hunter2" not in report


def test_masking_keeps_json_whole() -> None:
    report = render_json(COVERAGE, [GROUPS], {}, (), hide=lambda text: text.replace("select", '"masked"'))
    assert json.loads(report)["parts"][0]["rows"][0]["says"] == '7 goroutines ["masked"]'
