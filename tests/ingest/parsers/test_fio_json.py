"""fio's JSON, as recorded (data/fio/ORIGIN.txt)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.fio import FioJob
from kwhy.ingest.parsers.fio_json import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

DATA = Path(__file__).parent / "data" / "fio"


def jobs(text: str) -> list[FioJob]:
    return [fact for fact in FORMAT.parse(Document("fio.json", text.encode())) if isinstance(fact, FioJob)]


@pytest.mark.parametrize(
    ("name", "p99"), [("slow.json", 0.103284736), ("slow.jsonplus", 0.10328474), ("fast.json", None)]
)
def test_the_99th_percentile_and_the_options(name: str, p99: float | None) -> None:
    text = (DATA / name).read_text()
    assert FORMAT.recognise(Head(text, len(text), None)) > 0.9
    (job,) = jobs(text)
    assert job.sync is not None and job.sync.percentiles
    if p99 is not None:
        assert job.sync.percentile(99.0) == pytest.approx(p99, rel=0.1)
    assert (job.calls_sync, job.synchronous, job.directory) == (True, False, "/tmp/etcdlab/d1")
    assert job.disks == ("loop0",)
    assert job.observed.known


def test_fio_2_counts_in_microseconds_and_measures_no_fsync() -> None:
    # the shape of fio 2.2: github.com/litmuschaos/test-tools/pull/80
    clat = {"min": 1, "max": 38109, "mean": 5.93, "percentile": {"99.000000": 3, "0.00": 0}}
    job = {"jobname": "w", "error": 0, "write": {"total_ios": 9, "clat": clat}}
    (fact,) = jobs(json.dumps({"fio version": "fio-2.2.8", "jobs": [job]}))
    assert fact.sync is None
    assert fact.writes is not None and fact.writes.percentile(99.0) == pytest.approx(3e-6)
    assert fact.calls_sync is None


@pytest.mark.parametrize("text", ['{"fio version": "fio-3.33", "jobs": []}', '{"fio version": "fio-3.33", "jobs": [{'])
def test_what_cannot_be_read_is_told(text: str) -> None:
    (problem,) = FORMAT.parse(Document("fio.json", text.encode()))
    assert isinstance(problem, Unparsed)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_output_never_raises(data: st.DataObject) -> None:
    raw = (DATA / "slow.json").read_bytes()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    list(FORMAT.parse(Document("x", raw[:start] + data.draw(st.binary(max_size=40)) + raw[end:])))
