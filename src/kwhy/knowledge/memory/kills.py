"""Whom the kernel killed for memory, and for whose limit, by its own log."""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

import msgspec

from kwhy.facts.log_patterns.kernel import OOM_KILL, OOM_KILLED
from kwhy.facts.logs import LogFile, LogHit, LogSample
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

#: /kubepods/burstable/podfe4cc065-cc58-11e9-bf64-00163e08cd06/1f…; kubepods-burstable-podfe4cc065_cc58_….slice
_POD = expression(r"pod(?P<uid>[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")
_CONTAINER = expression(r"(?:^|[-/])(?P<id>[0-9a-f]{64})(?:\.scope)?(?:/|$)")
#: A kernel log that went on so long (seconds) without another kill speaks of the past.
LATELY = 600.0


class Kill(msgspec.Struct, frozen=True):
    """A process that the kernel killed. ``limit`` is whose memory had run out: a control group's, or the node's.

    ``pod_uid`` and ``container`` are the victim's, "" where its group is no pod's. ``resident`` is its anonymous memory
    in bytes, None where not told. ``lately``: within ten minutes of the log's end.
    """

    limit: Literal["group", "node"]
    task: str
    pid: int
    pod_uid: str
    container: str
    resident: int | None
    lately: bool
    evidence: Evidence
    hit: LogHit


def kills_on(scene: Scene, node: Subject) -> list[Kill]:
    """Processes that the kernel of the node killed for memory, by its log"""
    return [kill for kill in scene.derive_once(all_kills) if scene.host_of(kill.hit.document) == node]


def kills_in(scene: Scene, pod: Subject) -> list[Kill]:
    """Processes of the pod that the kernel killed for memory, by its log"""
    index = scene.derive_once(_kills_by_uid)
    if not index:
        return []
    uids = {str(observation.object.metadata.uid) for observation in scene.observations(pod)}
    return [kill for uid in uids for kill in index.get(uid, ())]


def _kills_by_uid(scene: Scene) -> dict[str, list[Kill]]:
    index: dict[str, list[Kill]] = defaultdict(list)
    for kill in scene.derive_once(all_kills):
        if kill.pod_uid:
            index[kill.pod_uid].append(kill)
    return index


def all_kills(scene: Scene) -> list[Kill]:
    """Every process that some kernel's log says was killed for memory."""
    ends = {id(log.document): log.last_clock for log in scene.facts(LogFile)}
    resident: dict[tuple[int, str], int] = {}
    for hit in scene.facts(LogHit):
        if hit.pattern == OOM_KILLED:
            for sample in hit.samples:
                if sample.fields.get("anon_rss"):
                    resident[id(hit.document), sample.fields["pid"]] = int(sample.fields["anon_rss"]) * 1024
    hits = (hit for hit in scene.facts(LogHit) if hit.pattern == OOM_KILL)
    return [_kill(hit, hit.last, ends.get(id(hit.document)), resident) for hit in hits]


def _kill(hit: LogHit, sample: LogSample, end: float | None, resident: dict[tuple[int, str], int]) -> Kill:
    fields = sample.fields
    group = fields.get("task_memcg", "")
    pod, container = _POD.search(group), _CONTAINER.search(group)
    of_group = "MEMCG" in fields.get("constraint", "")
    task = fields.get("task", "a process")
    whose = "its control group's limit" if of_group else "memory of the whole node"
    lately = end is None or sample.clock is None or end - sample.clock <= LATELY
    return Kill(
        limit="group" if of_group else "node",
        task=task,
        pid=int(fields.get("pid") or 0),
        pod_uid=pod["uid"].replace("_", "-") if pod else "",
        container=container["id"] if container else "",
        resident=resident.get((id(hit.document), fields.get("pid", ""))),
        lately=lately,
        evidence=Evidence(hit.locate(sample), f"the kernel killed {task} for want of {whose}"),
        hit=hit,
    )
