"""What fio measured of disks, with etcd's measure beside it, and who is who in etcd."""

from __future__ import annotations

from kwhy.facts.etcd import EndpointHealth, EndpointStatus, EtcdAlarm, EtcdMember
from kwhy.facts.fio import FioJob
from kwhy.facts.metrics import Distribution
from kwhy.inspecting.rows import place, shortened
from kwhy.knowledge.etcd.disk_slow import FSYNC_P99, DiskTest, in_words, tests_of
from kwhy.model.inspection import Part, Row
from kwhy.scene.scene import Scene

#: Facts that the parts show.
SHOWN: frozenset[type] = frozenset({FioJob, EndpointStatus, EndpointHealth, EtcdMember, EtcdAlarm, Distribution})


def etcd_parts(scene: Scene, most: int | None) -> list[Part]:
    """``most``: rows per part; None shows all."""
    tested = ("job", "median", "99 %", "99.9 %", "verdict")
    parts = [
        shortened("fio: time until a write is safe; etcd asks for 10 ms at 99 %", tested, _tests(scene), most),
        shortened("etcd: members", ("id", "name", "serves", ""), _members(scene), most),
        shortened("etcd: endpoints", ("endpoint", "answers", "term", "index", "size"), _statuses(scene), most),
        shortened("etcd: health", ("endpoint", "healthy", "why not"), _healths(scene), most),
        shortened("etcd: alarms", ("alarm", "raised by"), _alarms(scene), most),
        shortened("Durations", ("histogram", "observed", "median up to", "99 % up to"), _durations(scene), most),
    ]
    return [part for part in parts if part.rows]


def _tests(scene: Scene) -> list[Row]:
    return [_test(test) for test in tests_of(scene.facts(FioJob))]


def _test(test: DiskTest) -> Row:
    job = test.job
    if test.safe is None:
        return Row((job.name, "", "", "", "cannot tell: nothing was measured of fsync or fdatasync"), place(job.at))
    values = [test.safe.percentile(percent) for percent in (50.0, 99.0, 99.9)]
    words = [in_words(value) if value is not None else "" for value in values]
    p99 = test.p99
    if test.in_memory:
        verdict = "cannot tell: no disk answers so fast; this is memory or a cache"
    elif p99 is None:
        verdict = "cannot tell: no percentiles are shown"
    else:
        verdict = "fast enough" if p99 <= FSYNC_P99 else "too slow for etcd"
    return Row((job.name, *words, verdict), place(test.safe.at))


def _members(scene: Scene) -> list[Row]:
    return [
        Row((m.id, m.name or "(not started)", ", ".join(m.clients), "" if m.voting else "learner"), place(m.at))
        for m in scene.facts(EtcdMember)
    ]


def _statuses(scene: Scene) -> list[Row]:
    rows = []
    for s in scene.facts(EndpointStatus):
        says = s.errors or ("leads" if s.leads else "follows")
        size = f"{s.size / 1e6:.1f} MB" if s.size is not None else ""
        rows.append(Row((s.endpoint, says, str(s.term), str(s.index), size), place(s.at)))
    return rows


def _healths(scene: Scene) -> list[Row]:
    return [Row((h.endpoint, "yes" if h.healthy else "no", h.error), place(h.at)) for h in scene.facts(EndpointHealth)]


def _alarms(scene: Scene) -> list[Row]:
    return [Row((alarm.kind, alarm.member), place(alarm.at)) for alarm in scene.facts(EtcdAlarm)]


def _durations(scene: Scene) -> list[Row]:
    rows = []
    for each in scene.facts(Distribution):
        bounds = [each.quantile(share) for share in (0.5, 0.99)]
        words = [_bound(bound[1]) if bound is not None else "" for bound in bounds]
        labels = ", ".join(f"{key}={value}" for key, value in each.labels.items())
        rows.append(Row((f"{each.name} {labels}".strip(), f"{each.count:.0f}", *words), place(each.at)))
    return rows


def _bound(seconds: float) -> str:
    return "beyond the last bucket" if seconds == float("inf") else in_words(seconds)
