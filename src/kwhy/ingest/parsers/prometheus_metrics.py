"""The text that components show at /metrics (Prometheus exposition format), whole or cut down by grep.

Seen: etcd 3.4 to 3.6, kube-apiserver 1.34. Only series that rules read become facts; a page holds thousands.
Source: prometheus.io/docs/instrumenting/exposition_formats (text format 0.0.4).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from kwhy.facts.metrics import Distribution, Metric
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

# apiserver_flowcontrol_rejected_requests_total{flow_schema="catch-all",reason="concurrency-limit"} 20
# etcd_server_leader_changes_seen_total 3
_SAMPLE = expression(
    r"(?P<name>[a-zA-Z_:][\w:]{0,200})(?:\{(?P<labels>.{0,2000})\})?\s{1,10}"
    r"(?P<value>[+-]?(?:\d{1,30}(?:\.\d{0,30})?(?:[eE][+-]?\d{1,4})?|Inf|NaN))(?:\s{1,10}-?\d{1,20})?\s*"
)
_LABEL = expression(r"(?P<name>[a-zA-Z_]\w{0,100})=\"(?P<value>(?:[^\"\\]|\\.){0,500})\",?\s?")

#: Counters and gauges that rules read.
_WANTED = frozenset(
    {
        "apiserver_flowcontrol_rejected_requests_total",
        "apiserver_flowcontrol_dispatched_requests_total",
        "apiserver_flowcontrol_nominal_limit_seats",
        "apiserver_flowcontrol_request_concurrency_limit",
        "apiserver_flowcontrol_current_inqueue_requests",
        "apiserver_dropped_requests_total",
        "apiserver_current_inflight_requests",
        "etcd_server_leader_changes_seen_total",
        "etcd_server_has_leader",
        "etcd_server_is_leader",
        "etcd_server_heartbeat_send_failures_total",
        "etcd_mvcc_db_total_size_in_bytes",
        "etcd_server_quota_backend_bytes",
    }
)
_HISTOGRAMS = frozenset(
    {
        "etcd_disk_wal_fsync_duration_seconds",
        "etcd_disk_backend_commit_duration_seconds",
        "etcd_network_peer_round_trip_time_seconds",
        "apiserver_admission_webhook_admission_duration_seconds",
    }
)


def recognise(head: Head) -> float:
    lines = [line[:4000] for line in head.whole_lines[:80]]
    samples = sum(_SAMPLE.fullmatch(line) is not None and ("{" in line or "_" in line) for line in lines)
    comments = sum(line.startswith(("# TYPE ", "# HELP ")) for line in lines)
    if not lines or not samples or samples + comments < 0.9 * len(lines):
        return 0.0
    labelled = sum("{" in line and '="' in line for line in lines)
    return 0.97 if comments else 0.94 if labelled else 0.5


def parse(document: Document) -> Iterator[Parsed]:
    histograms: dict[tuple[str, str], _Draft] = {}
    unknown = 0
    for number, raw in document.lines():
        line = raw[:4000]
        if not line.strip() or line.startswith("#"):
            continue
        match = _SAMPLE.fullmatch(line)
        if match is None:
            unknown += 1
            if unknown == 1:
                yield Unparsed(document.at(number, excerpt=line[:200]), "a metric, its labels and its value expected")
            continue
        name, value = match["name"], float(match["value"])
        base, _, part = name.rpartition("_")
        if name in _WANTED and math.isfinite(value):
            yield Metric(name, _labels(match["labels"]), value, document.at(number, excerpt=line.strip()))
        elif base in _HISTOGRAMS and part in ("bucket", "sum", "count") and math.isfinite(value):
            labels = _labels(match["labels"])
            bound = labels.pop("le", "")
            key = base, repr(sorted(labels.items()))
            draft = histograms.setdefault(key, _Draft(base, labels, number))
            draft.add(part, bound, value, number)
    for draft in histograms.values():
        at = document.at(draft.line, excerpt=document.line(draft.line).strip())
        if draft.count > 0:
            buckets = tuple(sorted(draft.buckets.items()))
            yield Distribution(draft.name, draft.labels, buckets, draft.count, draft.total, at)


class _Draft:
    """A histogram while its lines are read; ``line`` is that of its count."""

    def __init__(self, name: str, labels: dict[str, str], line: int) -> None:
        self.name, self.labels, self.line = name, labels, line
        self.buckets: dict[float, float] = {}
        self.count = self.total = 0.0

    def add(self, part: str, bound: str, value: float, number: int) -> None:
        if part == "bucket":
            self.buckets[_bound(bound)] = value
            self.count = max(self.count, value)
        elif part == "count":
            self.count, self.line = value, number
        else:
            self.total = value


def _bound(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        return math.inf


def _labels(written: str | None) -> dict[str, str]:
    return {match["name"]: match["value"] for match in _LABEL.finditer(written or "")}


FORMAT = Format("prometheus-metrics", recognise, parse)
