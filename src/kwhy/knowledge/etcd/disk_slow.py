"""The disk under etcd is too slow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from kwhy.facts.fio import FioJob, Latency
from kwhy.facts.processes import ProcessSeen, same_program
from kwhy.knowledge.etcd.heartbeat_late import HEARTBEAT_IS_LATE
from kwhy.knowledge.etcd.leader_changes import LEADER_CHANGES
from kwhy.knowledge.etcd.logs import MEMBERS_NODES
from kwhy.knowledge.etcd.slow import ETCD_SLOW
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Unsure, Verdict, unsure
from kwhy.probes.etcd import FIO
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

DISK_SLOW = Condition(
    code="etcd.disk-slow",
    kind="Node",
    nature=Nature.ROOT,
    title="The disk{where} of {subject} is too slow for etcd: {measured}",
    summary="etcd waits for the disk before it answers or sends a heartbeat; a slow disk costs elections and timeouts.",
    remedies=(
        Remedy(
            id="relieve-the-disk",
            title="Take other writers off etcd's disk",
            when="now",
            risk="low",
            steps=(
                Step("See who else writes to it.", "iostat -x 1 5; pidstat -d 1 5"),
                Step("Stop or move what is not etcd: image pulls, logs, backups, other databases."),
                Step("Give etcd precedence over the rest.", "ionice -c2 -n0 -p $(pgrep -x etcd)"),
            ),
            verify=(
                Step(
                    "The 99th percentile is below 10 ms.",
                    "fio --rw=write --ioengine=sync --fdatasync=1 --directory=DIR_ON_ETCDS_DISK --size=22m --bs=2300 "
                    "--name=etcd-disk",
                ),
                Step("etcd reports no slow fdatasync any more.", "crictl logs --since=10m $(crictl ps --name etcd -q)"),
            ),
            undo=(Step("Start again what was stopped."),),
        ),
        Remedy(
            id="give-etcd-its-own-disk",
            title="Move etcd to a faster disk of its own",
            when="lasting",
            risk="medium",
            steps=(
                Step("Take a snapshot first.", "etcdctl snapshot save /root/etcd-backup.db"),
                Step(
                    "One member at a time, the leader last: stop it, copy its data directory to a local SSD, start it."
                ),
                Step("On a cloud, choose a volume by its latency and IOPS, not by its size alone."),
            ),
            verify=(Step("All members are healthy.", "etcdctl endpoint health --cluster"),),
            undo=(Step("Start the member from its former directory, within its election timeout's worth of lag."),),
        ),
    ),
)

#: "p99 duration should be less than 10ms" (etcd.io/docs/v3.5/faq, "What does the etcd warning 'failed to send out
#: heartbeat on time' mean?", on wal_fsync_duration_seconds) (seconds).
FSYNC_P99 = 0.010
#: No device acknowledges a flush so soon; a file system in memory has nothing to flush (seconds).
NO_DEVICE = 2e-6
#: fio measures fsync and fdatasync since this release (fio v3.5, stat.c add_sync_clat_sample).
MEASURES_SYNC = (3, 5)

# --data-dir=/var/lib/etcd
_DATA_DIR = expression(r"--data-dir[= ](?P<dir>/\S{1,300})")
_RELEASE = expression(r"(\d{1,3})\.(\d{1,4})")


class DiskTest(msgspec.Struct, frozen=True):
    """A fio job, and the latency until its writes were safe; None: the job did not wait for that, or fio is too old."""

    job: FioJob
    safe: Latency | None

    @property
    def p99(self) -> float | None:
        return self.safe.percentile(99.0) if self.safe is not None else None

    @property
    def in_memory(self) -> bool:
        median = self.safe.percentile(50.0) if self.safe is not None else None
        return median is not None and median < NO_DEVICE

    def says(self) -> Evidence:
        assert self.safe is not None  # only judged tests are quoted
        mean = in_words(self.safe.mean)
        p99 = in_words(self.p99 or 0.0)
        return Evidence(
            self.safe.at, f"99th percentile {p99} ({mean} on average); etcd's documentation asks for less than 10 ms"
        )


def in_words(seconds: float) -> str:
    """A duration with its unit, three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def disk_tests(scene: Scene, node: Subject) -> list[DiskTest]:
    """fio's test of the disk (fdatasync after each write)"""
    return tests_of(scene.facts_on(node, FioJob))


def tests_of(jobs: Sequence[FioJob]) -> list[DiskTest]:
    """Each job with the latency that counts: of fsync, or of writes to a file opened with O_SYNC."""
    found = []
    for job in jobs:
        safe = job.sync
        if safe is None and job.synchronous and job.writes is not None:
            safe = job.writes
        found.append(DiskTest(job, safe))
    return found


def _tested(scene: Scene) -> Iterable[Subject]:
    """Hosts on which fio was run."""
    return dict.fromkeys(scene.host_of(job.at.document) for job in scene.facts(FioJob))


def data_directory(scene: Scene, node: Subject) -> tuple[str, Evidence] | None:
    """Where etcd keeps its data, as its flags say"""
    for process in scene.facts_on(node, ProcessSeen):
        match = _DATA_DIR.search(process.command) if same_program(process.program, "etcd") else None
        if match is not None:
            return match["dir"], Evidence(process.at, f"etcd keeps its data in {match['dir']}")
    return None


def _elsewhere(directory: str, data: str) -> bool:
    """Whether two directories can only be on one file system by accident: they share no path but the root."""
    one, other = directory.strip("/").split("/"), data.strip("/").split("/")
    return directory != "" and directory.startswith("/") and one[:2] != other[:2]


#: What a slow disk under etcd does.
SLOWS = (
    leads_to(HEARTBEAT_IS_LATE, via=ITSELF),
    leads_to(LEADER_CHANGES, via=MEMBERS_NODES),
    leads_to(ETCD_SLOW, via=MEMBERS_NODES),
)


@rule(DISK_SLOW, rows=("C3",), leads=SLOWS, among=_tested, symptom=True)
def disk_slow_in_a_test(
    node: Subject,
    tests: Sequence[DiskTest] = given(disk_tests),
    data: tuple[str, Evidence] | None = given(data_directory),
) -> Verdict:
    """fio finds that the disk takes too long until a write is safe.

    What it means: etcd calls fdatasync before it acknowledges a write. Where one of a hundred calls takes longer than
    10 ms, requests queue up, heartbeats are late and, with long stalls, the leader is lost.
    How it shows: The 99th percentile of fio's section "fsync/fdatasync/sync_file_range", in the unit that its heading
    names (nsec, usec, msec).
    What looks like it: A good average with a bad 99th percentile is a slow disk all the same. A job without fsync
    or fdatasync measures the page cache; clat is then no measure of the disk. A file system in memory answers in less
    than a microsecond. A test in a directory on another disk says nothing about etcd's.
    Source: etcd.io/docs/v3.5/faq and op-guide/hardware (99th percentile of fdatasync below 10 ms); fio stat.c.
    """
    judged = [test for test in tests if test.p99 is not None and not test.in_memory]
    if not judged:
        return _cannot_tell(node, tests)
    worst = max(judged, key=lambda test: test.p99 or 0.0)
    if data is not None and _elsewhere(worst.job.directory, data[0]):
        gap = unsure(f"the disk under {data[0]}: fio tested {worst.job.directory}", FIO.of(node=node.name))
        return Unsure(gap.gaps, (data[1],))
    if (worst.p99 or 0.0) <= FSYNC_P99:
        return Absent((worst.says(),))
    where = f" under {worst.job.directory}" if worst.job.directory else ""
    measured = f"fdatasync takes {in_words(worst.p99 or 0.0)} at the 99th percentile, where etcd needs less than 10 ms"
    because = tuple(test.says() for test in judged if (test.p99 or 0.0) > FSYNC_P99)
    values = {"where": where, "measured": measured, "p99": in_words(worst.p99 or 0.0)}
    return Present(because, values, since=by(worst.job.observed), basis=Basis.STATED)


def _cannot_tell(node: Subject, tests: Sequence[DiskTest]) -> Verdict:
    """What the tests that were made do not show."""
    probe = FIO.of(node=node.name)
    if any(test.in_memory for test in tests):
        return unsure("the disk's own latency: fio wrote to a file system in memory, or to a cache", probe)
    for test in tests:
        release = _RELEASE.match(test.job.version)
        if release is not None and (int(release[1]), int(release[2])) < MEASURES_SYNC:
            return unsure(f"the latency of fdatasync: fio {test.job.version} does not measure it, 3.5 does", probe)
        if test.job.error:
            return unsure(f"a test that ends: fio failed with {test.job.error}", probe)
    return unsure("the latency of fdatasync: the test calls neither fsync nor fdatasync", probe)
