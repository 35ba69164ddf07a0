"""Given a capture, the tables that `kwhy inspect` prints of what was asked, by whom it was answered, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.ingest.reading import read
from kwhy.model.inspection import Part
from kwhy.pipeline import inspect_evidence

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"


@pytest.fixture(scope="module")
def tables() -> dict[str, Part]:
    capture = FIXTURES / "incident-i3" / "stage-4-object-store" / "eth0.pcap"
    return {part.title.rpartition(" in ")[0]: part for part in inspect_evidence(read([str(capture)]))}


def test_the_server_that_takes_most_of_the_time_comes_first_with_its_name(tables: dict[str, Part]) -> None:
    first = tables["Servers by time"].rows[0].cells
    assert first[:2] == ("100.64.249.132:80", "store.objects.example")
    assert first[6] == "100%"


def test_names_are_listed_with_the_answer_and_the_server_that_gave_it(tables: dict[str, Part]) -> None:
    rows = [row.cells[:4] for row in tables["Names asked for"].rows]
    assert ("store.objects.example", "A", "100.64.249.132", "10.176.46.4 (authoritative)") in rows


def test_calls_are_counted_by_language(tables: dict[str, Part]) -> None:
    calls = {row.cells[0]: row.cells for row in tables["Calls"].rows}
    assert calls["MySQL"][4] == "13"
    assert calls["HTTP"][3] == "store.objects.example"


def test_the_slowest_answer_is_told_with_its_question_and_place(tables: dict[str, Part]) -> None:
    first = tables["Slowest answers"].rows[0].cells
    assert first[3:5] == ("GET /bytes/300000", "200")
    assert first[5] == "eth0.pcap#packet 46"
