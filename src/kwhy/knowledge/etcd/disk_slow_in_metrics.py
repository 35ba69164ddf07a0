"""The disk under etcd is too slow, as the member's metrics say."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.metrics import Distribution
from kwhy.knowledge.etcd.disk_slow import DISK_SLOW, FSYNC_P99, SLOWS, in_words
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Unsure, Verdict, unsure
from kwhy.probes.etcd import FIO, METRICS
from kwhy.scene.scene import Scene

_FSYNC = "etcd_disk_wal_fsync_duration_seconds"
#: A leader that waits so long for one write misses a heartbeat (--heartbeat-interval, 100 ms by default) (seconds).
HEARTBEAT_INTERVAL = 0.1


def _measured(scene: Scene) -> Iterable[Subject]:
    """Hosts whose etcd shows its metrics."""
    return dict.fromkeys(scene.host_of(d.at.document) for d in scene.facts(Distribution) if d.name == _FSYNC)


def _fsync(scene: Scene, node: Subject) -> list[Distribution]:
    """etcd's metrics (etcd_disk_wal_fsync_duration_seconds)"""
    return [each for each in scene.facts_on(node, Distribution) if each.name == _FSYNC]


@rule(DISK_SLOW, rows=("C2", "C3"), leads=SLOWS, among=_measured, symptom=True)
def disk_slow_in_metrics(node: Subject, measured: list[Distribution] = given(_fsync)) -> Verdict:
    """etcd's own metrics say that fdatasync takes too long.

    What it means: One of a hundred writes to the log takes longer than a heartbeat interval.
    How it shows: The histogram etcd_disk_wal_fsync_duration_seconds: the bucket in which 99 of 100 observations are
    reached begins at 100 ms or above.
    What looks like it: Between 10 ms, which etcd's documentation asks for, and 100 ms the disk is slower than it should
    be, and etcd lives with it: that is left open. The histogram counts since the process started.
    Source: etcd.io/docs/v3.5/faq; etcd v3.6 server/storage/wal/metrics.go.
    """
    if not measured:
        return unsure(f"the metrics of etcd on {node.name}", METRICS.of(node=node.name))
    bounds = [(bound, each) for each in measured if (bound := each.quantile(0.99)) is not None]
    if len(measured) > 1 or not bounds:
        return unsure("which member's metrics these are", METRICS.of(node=node.name))
    (lower, upper), each = bounds[0]
    says = f"99 of 100 calls take up to {in_words(upper)}, more than {in_words(lower)} for the slowest of them"
    proof = Evidence(each.at, f"{says}; {each.count:.0f} calls")
    if upper <= FSYNC_P99:
        return Absent((proof,))
    if lower < HEARTBEAT_INTERVAL:
        return Unsure(unsure("whether the disk is slow now", FIO.of(node=node.name)).gaps, (proof,))
    measured_words = f"the 99th percentile of fdatasync is above {in_words(lower)}, where etcd needs less than 10 ms"
    return Present((proof,), {"where": "", "measured": measured_words})
