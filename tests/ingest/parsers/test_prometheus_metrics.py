"""Metrics as components show them (data/metrics/ORIGIN.txt)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.metrics import Distribution, Metric
from kwhy.ingest.parsers.prometheus_metrics import FORMAT
from kwhy.ingest.reading import read
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

DATA = Path(__file__).parent / "data" / "metrics"
RECORDED = ["apiserver-overload.txt", "etcd-healthy-35.txt", "etcd-slow-leader-35.txt"]


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_metrics_are_recognised(name: str) -> None:
    text = (DATA / name).read_text()
    assert FORMAT.recognise(Head(text, len(text), None)) > 0.9


def test_labels_and_values_are_read_with_their_lines() -> None:
    metrics = read([str(DATA / "apiserver-overload.txt")]).of(Metric)
    (refused,) = [
        m for m in metrics if m.labels.get("flow_schema") == "catch-all" and m.name.endswith("requests_total")
    ]
    assert (refused.value, refused.labels["reason"], refused.at.line) == (20.0, "concurrency-limit", 21)


@pytest.mark.parametrize(("name", "above"), [("etcd-slow-leader-35.txt", 1.0), ("etcd-healthy-35.txt", 0.0)])
def test_a_quantile_lies_between_the_bounds_of_its_bucket(name: str, above: float) -> None:
    (fsync,) = [d for d in read([str(DATA / name)]).of(Distribution) if "wal_fsync" in d.name]
    bounds = fsync.quantile(0.99)
    assert bounds is not None
    lower, upper = bounds
    assert lower < upper and lower >= above
    assert fsync.count > 100


def test_round_trips_are_told_apart_by_peer() -> None:
    found = [d for d in read([str(DATA / "etcd-slow-leader-35.txt")]).of(Distribution) if "round_trip" in d.name]
    assert {d.labels["To"] for d in found} == {"69d88a3f5ae88b6f", "79c4fb063b06262a"}


def test_what_is_no_metric_is_told_once() -> None:
    facts = list(FORMAT.parse(Document("x", b"etcd_server_has_leader 1\ncurl: (7) refused\nmore\n")))
    assert [type(fact) for fact in facts] == [Metric, Unparsed]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(RECORDED), st.integers(0, 2500), st.integers(0, 2500), st.binary(max_size=30))
def test_mutated_metrics_never_raise(name: str, start: int, size: int, junk: bytes) -> None:
    raw = (DATA / name).read_bytes()
    data = raw[:start] + junk + raw[start + size :]
    for fact in FORMAT.parse(Document("x", data)):
        if isinstance(fact, Distribution):
            fact.quantile(0.99)
    assert 0.0 <= FORMAT.recognise(Head(data.decode("utf-8", "replace"), len(data), None)) <= 1.0


@given(st.text(max_size=300))
def test_any_text_terminates(text: str) -> None:
    list(FORMAT.parse(Document("x", text.encode("utf-8", "replace"))))
