from __future__ import annotations

import json as stdlib
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import kwhy.reports
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.time import Moment
from kwhy.reports import json

SCHEMA = stdlib.loads(Path(kwhy.reports.__file__).with_name("diagnosis.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def report(diagnosis: Diagnosis, top: int | None = None) -> Any:
    return stdlib.loads(json.render(diagnosis, top=top))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ["explained", "healthy", "insufficient", "unexplained", "hostile"])
def test_every_report_follows_the_published_schema(name: str, request: pytest.FixtureRequest) -> None:
    VALIDATOR.validate(report(request.getfixturevalue(name)))


def test_the_schema_refuses_a_report_without_a_verdict(healthy: Diagnosis) -> None:
    broken = report(healthy)
    del broken["verdict"]
    assert not VALIDATOR.is_valid(broken)


def test_a_root_cause_has_the_fields_of_the_contract(explained: Diagnosis) -> None:
    root = report(explained)["root_causes"][0]
    assert root["id"] == "f3"
    assert root["rank"] == 1
    assert root["role"] == "root-cause"
    assert root["condition"] == root["docs"] == "cni.daemon-stuck-in-netlink"
    assert root["subject"] == {"kind": "Process", "namespace": None, "name": "terwayd", "node": "n1"}
    assert root["confidence"] == 0.96
    assert root["since"] == "2019-07-28T14:36:43Z"
    assert root["explains"] == ["f1", "f2"]
    assert root["affected"][0] == {"kind": "Pod", "namespace": "shop", "name": "web-1", "node": None}


def test_evidence_names_source_line_excerpt_and_meaning(explained: Diagnosis) -> None:
    assert report(explained)["root_causes"][0]["evidence"][0] == {
        "source": "4-terwayd-goroutine.txt",
        "line": 1,
        "path": None,
        "excerpt": "goroutine 67570 [syscall, 1595 minutes, locked to thread]:",
        "says": "goroutine 67570 has been in a system call for 1595 minutes",
    }


def test_a_remedy_is_rendered_for_the_subject(explained: Diagnosis) -> None:
    now, lasting = report(explained)["root_causes"][0]["remedies"]
    assert now["title"] == "Restart terwayd on n1"
    assert now["steps"][1]["command"] == ["kubectl -n kube-system delete pod DAEMON_POD"]
    assert now["steps"][0]["command"] == []
    assert (now["when"], lasting["when"]) == ("now", "lasting")


def test_an_open_question_lists_what_is_missing_and_the_command(explained: Diagnosis) -> None:
    (question,) = report(explained)["undetermined"]
    assert question["missing"] == ["how long writes to the disk take"]
    assert question["probe"] == ["iostat -x 1 5"]


@pytest.mark.parametrize(
    ("moment", "since"),
    [
        (Moment(), None),
        (Moment(1564420303.0, None), None),
        (Moment(None, 1564420303.0), "2019-07-29T17:11:43Z"),
        (Moment(1564420300.0, 1564420303.0), "2019-07-29T17:11:43Z"),
    ],
)
def test_since_is_the_moment_by_which_it_had_begun(explained: Diagnosis, moment: Moment, since: str | None) -> None:
    cause = explained.root_causes[0]
    finding = msgspec.structs.replace(cause.finding, since=moment)
    changed = msgspec.structs.replace(explained, root_causes=(msgspec.structs.replace(cause, finding=finding),))
    assert report(changed)["root_causes"][0]["since"] == since


def test_top_limits_root_causes_and_zero_gives_all(explained: Diagnosis) -> None:
    two = msgspec.structs.replace(explained, root_causes=explained.root_causes * 2)
    assert len(report(two, top=1)["root_causes"]) == 1
    assert len(report(two, top=0)["root_causes"]) == 2


def test_undated_evidence_gives_no_time(healthy: Diagnosis) -> None:
    assert report(healthy)["as_of"] is None
