"""What the logs of etcd's members say together: whose they are, how they end, who complains of whom."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.log_patterns.etcd import (
    LEADER_ELECTED,
    LEADER_LOST,
    PEER_UNHEALTHY,
    SHUTTING_DOWN,
    SLOW_FDATASYNC,
    STARTING_MEMBER,
)
from kwhy.facts.logs import LogFile, LogHit, LogPattern, LogSample
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

#: The cluster of members; evidence of several clusters at once is not told apart.
CLUSTER = Subject("EtcdCluster", "etcd")
#: What etcd has not repeated for so long before its log ends is over (seconds).
RECENT = 900.0
#: The prober reports a peer that it cannot reach every 5 s (statusErrorInterval, rafthttp/probing_status.go v3.6), the
#: other checks every 30 s.
PEER_REPORTED_WITHIN = 120.0
REFUSED = "connection refused"
#: A member that is stopped hands its office on within an election timeout or two, and logs few lines more (seconds).
_STOP_TAKES = 5.0
_LINES_OF_A_STOP = 100

# "1m2.5s", "341.845546ms", "19.362932ms": time.Duration.String()
_PART = expression(r"(?P<number>\d{1,12}(?:\.\d{1,12})?)(?P<unit>h|ms|m|s|µs|us|ns)")
# dial tcp 10.77.0.2:2380: connect: connection refused
_DIALLED = expression(r"dial tcp (?P<host>[\d.]{7,15}|\[[0-9a-f:]{2,45}\]):\d{1,5}")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}


class MemberLog(msgspec.Struct, frozen=True):
    """One member's log: ``node`` is where it runs, ``ids`` what raft calls it there, ``end`` the clock of its end."""

    document: Document
    node: Subject
    ids: frozenset[str]
    hits: tuple[LogHit, ...]
    end: float | None

    def of(self, *patterns: LogPattern) -> list[LogHit]:
        return [hit for hit in self.hits if hit.pattern in patterns]

    def lasting(self, hit: LogHit, within: float = RECENT) -> bool:
        """Whether the log ended soon after the last of these lines; unknown counts as so."""
        if hit.last.clock is None or self.end is None:
            return True
        return self.end - hit.last.clock <= within

    def losses(self, others: Iterable[MemberLog]) -> list[LogHit]:
        """Lost leaders that do not follow from a member being stopped."""
        stops = [sample for log in others for hit in log.of(SHUTTING_DOWN) for sample in hit.samples]
        own = [sample.line for hit in self.of(SHUTTING_DOWN) for sample in hit.samples]
        return [
            hit
            for hit in self.of(LEADER_LOST)
            if not all(
                any(0 < sample.line - line < _LINES_OF_A_STOP for line in own)
                or any(_follows(sample, stop) for stop in stops)
                for sample in hit.samples
            )
        ]

    @property
    def has_leader(self) -> bool | None:
        """Whether the last word about a leader is that there is one; None: nothing is said, or the member stopped."""
        lost = max((hit.last.line for hit in self.of(LEADER_LOST)), default=0)
        elected = max((hit.last.line for hit in self.of(LEADER_ELECTED)), default=0)
        stopped = max((hit.last.line for hit in self.of(SHUTTING_DOWN)), default=0)
        if (not lost and not elected) or stopped > max(lost, elected):
            return None
        return elected > lost


def _follows(lost: LogSample, stop: LogSample) -> bool:
    """Whether a leader was lost right after a member was told to stop (it hands its office on)."""
    if lost.clock is None or stop.clock is None:
        return False
    return -1.0 <= lost.clock - stop.clock <= _STOP_TAKES


class Complaint(msgspec.Struct, frozen=True):
    """Member ``by`` cannot reach peer ``of``, until its log ends."""

    by: str
    of: str
    refused: bool
    hit: LogHit
    log: MemberLog

    @property
    def host(self) -> str:
        """Where the peer runs, as the error names it ("dial tcp 10.77.0.2:2380: …"); "" where it does not."""
        error = self.hit.last.fields.get("error") or self.hit.last.fields.get("old_error") or ""
        match = _DIALLED.search(error)
        return match["host"].strip("[]") if match is not None else ""

    def evidence(self) -> Evidence:
        error = self.hit.last.fields.get("error") or self.hit.last.fields.get("old_error") or "it does not answer"
        return Evidence(self.hit.locate(self.hit.last), f"peer {self.of}: {error}, {self.hit.count} times")


def _logs(scene: Scene) -> list[MemberLog]:
    ends = {id(log.document): log.last_clock for log in scene.facts(LogFile)}
    by_document: dict[int, list[LogHit]] = {}
    for hit in scene.facts(LogHit):
        if hit.pattern.id.startswith("etcd.") and hit.pattern.component == "etcd" and hit.component in ("etcd", None):
            by_document.setdefault(id(hit.document), []).append(hit)
    found = []
    for key, hits in by_document.items():
        document = hits[0].document
        found.append(MemberLog(document, scene.host_of(document), _ids(hits), tuple(hits), ends.get(key)))
    return found


def _ids(hits: Iterable[LogHit]) -> frozenset[str]:
    names = (
        hit.last.fields.get(field)
        for hit in hits
        if hit.pattern in (STARTING_MEMBER, LEADER_LOST, LEADER_ELECTED)
        for field in ("member", "old_member", "stepped")
    )
    return frozenset(name for name in names if name)


def member_logs(scene: Scene) -> list[MemberLog]:
    """The logs of etcd"""
    return scene.derive_once(_logs)


def logs_on(scene: Scene, node: Subject) -> list[MemberLog]:
    """The log of etcd on the node"""
    return [log for log in member_logs(scene) if log.node == node]


def cluster_logs(scene: Scene, cluster: Subject) -> list[MemberLog]:
    """The logs of etcd's members"""
    return member_logs(scene) if cluster == CLUSTER else []


def complaints(scene: Scene, cluster: Subject) -> list[Complaint]:
    """The logs of etcd's members, with the peers that they cannot reach"""
    found = []
    for log in cluster_logs(scene, cluster):
        for hit in log.of(PEER_UNHEALTHY):
            peer = hit.key.get("peer") or hit.key.get("old_peer")
            if peer and log.lasting(hit, PEER_REPORTED_WITHIN):
                error = hit.last.fields.get("error") or hit.last.fields.get("old_error") or ""
                by = min(log.ids, default=log.document.source)
                found.append(Complaint(by, peer, REFUSED in error, hit, log))
    return found


def took(sample: LogSample) -> float | None:
    """The duration that a line reports (seconds)."""
    fields = sample.fields
    return seconds_of(fields.get("took") or fields.get("old_took") or fields.get("oldest_took") or "")


def seconds_of(duration: str) -> float | None:
    """Go's words for a duration in seconds."""
    parts = list(_PART.finditer(duration))
    return sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts) if parts else None


def longest(hits: Iterable[LogHit]) -> tuple[LogHit, LogSample, float] | None:
    """The longest duration among the samples."""
    timed = [(hit, sample, t) for hit in hits for sample in hit.samples if (t := took(sample)) is not None]
    return max(timed, key=lambda item: item[2], default=None)


def slow_disks(scene: Scene) -> list[MemberLog]:
    """Members whose log ends with fdatasync calls longer than a second."""
    return [log for log in member_logs(scene) if any(log.lasting(hit) for hit in log.of(SLOW_FDATASYNC))]


def _cluster(scene: Scene, _: Subject) -> list[Subject]:
    return [CLUSTER]


def _nodes(scene: Scene, _: Subject) -> list[Subject]:
    """The nodes that members run on, as far as their logs are shown."""
    return list(dict.fromkeys(log.node for log in member_logs(scene)))


IN_CLUSTER = Relation("is a matter of", _cluster)
MEMBERS_NODES = Relation("has members on", _nodes)
