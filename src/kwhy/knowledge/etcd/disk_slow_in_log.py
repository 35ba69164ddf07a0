"""The disk under etcd is too slow, as the member's own log says."""

from __future__ import annotations

from kwhy.facts.log_patterns.etcd import SLOW_FDATASYNC
from kwhy.knowledge.etcd.disk_slow import DISK_SLOW, SLOWS, DiskTest, disk_tests
from kwhy.knowledge.etcd.logs import MemberLog, logs_on, longest, member_logs, slow_disks
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ETCD_LOG, FIO
from kwhy.scene.scene import Scene

#: One slow call may be a snapshot's or a neighbour's moment.
SEVERAL = 2


def _how_many_slow(scene: Scene, _: Subject) -> tuple[int, int]:
    """How many members' disks are slow, of how many logs"""
    return len(slow_disks(scene)), len(member_logs(scene))


@rule(DISK_SLOW, rows=("C2", "C3"), leads=SLOWS)
def disk_slow_in_log(
    node: Subject,
    logs: list[MemberLog] = given(logs_on),
    tests: list[DiskTest] = given(disk_tests),
    slow: tuple[int, int] = given(_how_many_slow),
) -> Verdict:
    """etcd says that fdatasync of its log takes longer than a second.

    What it means: The member measured the call itself: the disk held it up, not the network and not a peer. Where the
    leader's disk is slow, heartbeats are late and everybody waits; a follower's slow disk harms less.
    How it shows: "slow fdatasync" (3.5 and later), "wal: sync duration of …, expected less than 1s" (3.4), repeated
    until the log ends.
    What looks like it: One such line at a snapshot or at the start of a backup. A network that is slow shows late
    answers of peers and no slow fdatasync. Where the disks of all members are slow at once, look at what they share:
    the storage behind them, or a job that runs on all of them.
    Source: etcd v3.6 server/storage/wal/wal.go (sync, warnSyncDuration = 1 s), wal/wal.go (v3.4.23).
    """
    hits = [hit for log in logs for hit in log.of(SLOW_FDATASYNC)]
    now = [hit for log in logs for hit in log.of(SLOW_FDATASYNC) if log.lasting(hit)]
    if sum(hit.count for hit in now) < SEVERAL:
        if hits or logs:
            at = hits[0].at if hits else logs[0].hits[0].at
            says = "a single slow fdatasync, or one long ago" if hits else "this log tells of no slow fdatasync"
            return Absent((Evidence(at, says),))
        return unsure(f"the log of etcd on {node.name}", ETCD_LOG.of(node=node.name), FIO.of(node=node.name))
    worst = longest(now)
    peak = f" (up to {worst[2]:.1f} s)" if worst is not None else ""
    count = sum(hit.count for hit in now)
    because = tuple(Evidence(hit.locate(hit.last), f"{hit.count} slow calls{peak}") for hit in now)
    proof = tuple(test.says() for test in tests if test.p99 is not None and not test.in_memory)
    shared = f"; so are those of {slow[0]} of {slow[1]} members: they share something" if slow[0] > 1 else ""
    measured = f"fdatasync took longer than 1 s {count} times{peak}{shared}"
    return Present((*because, *proof), {"where": "", "measured": measured}, since=by(now[0].first.when))
