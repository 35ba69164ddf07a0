"""The kubelet's complaints about PLEG as passes of relist: when each began, and how long it had run."""

from __future__ import annotations

import msgspec

from kwhy.facts.log_patterns.kubelet import PLEG_NOT_HEALTHY
from kwhy.facts.log_patterns.kubelet_start import STARTED
from kwhy.facts.logs import LogHit
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Evidence
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

#: Starts of one pass, computed from different lines, agree within this (seconds): lines are stamped a little later.
SAME_PASS = 2.0
#: A pass that began this soon after the kubelet's start is worth saying so: where a node turns NotReady three minutes
#: after each restart, the first relists hang (seconds).
NEAR_START = 60.0
#: relistThreshold (Kubernetes v1.34 pkg/kubelet/pleg/generic.go).
RELIST_THRESHOLD = 180.0
# "pleg was last seen active 3m0.000091019s ago", "27h14m51.413818128s" (time.Duration.String)
_AGE = expression(r"pleg was last seen active (?P<age>[\dhms.µn]{2,40}) ago")
_DURATION = expression(r"(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?$")


class Pass(msgspec.Struct, frozen=True):
    """One relist that ran past the threshold.

    ``start`` is on the clock of its document (seconds; None where the line has no time); ``age`` is how long it had
    run by the last line about it. ``lines`` counts the lines, ``ages`` are those they print.
    """

    start: float | None
    age: float
    lines: int
    evidence: tuple[Evidence, ...]
    began: Moment
    ages: frozenset[float] = frozenset()


class PlegHistory(msgspec.Struct, frozen=True):
    """The passes in order of time, newest last, and the starts of the kubelet in the same log, by its clock."""

    passes: tuple[Pass, ...]
    starts: tuple[tuple[float, Evidence], ...]

    @property
    def newest(self) -> Pass:
        return self.passes[-1]

    @property
    def start_before(self) -> tuple[float, Evidence] | None:
        """The kubelet's start shortly before the newest pass: seconds between them, and its line."""
        begun = self.newest.start
        near = [
            (begun - clock, e) for clock, e in self.starts if begun is not None and 0 <= begun - clock <= NEAR_START
        ]
        return near[-1] if near else None

    @property
    def seconds_after_start(self) -> float | None:
        return self.start_before[0] if self.start_before is not None else None


def go_duration(text: str) -> float | None:
    """Seconds of a Go duration ("3m0.9s", "27h14m51s"); None for anything else."""
    match = _DURATION.match(text)
    if not match or not any(match.groups()):
        return None
    hours, mins, secs = match.groups()
    return int(hours or 0) * 3600 + int(mins or 0) * 60 + float(secs or 0)


def pleg_history(scene: Scene, node: Subject) -> PlegHistory:
    """The kubelet log's lines "PLEG is not healthy", or the node's Ready condition that repeats them"""
    hits = [hit for hit in scene.facts_on(node, LogHit) if hit.pattern == PLEG_NOT_HEALTHY]
    passes = _distinct([found for hit in hits for found in _passes(hit)])
    stated = _from_condition(scene, node)
    if stated is not None:
        passes = _with_condition(passes, stated)
    starts = [hit for hit in scene.facts_on(node, LogHit) if hit.pattern == STARTED]
    begun = [(hit, sample) for hit in starts for sample in hit.samples if sample.clock is not None]
    return PlegHistory(
        tuple(passes),
        tuple((sample.clock or 0.0, Evidence(hit.locate(sample), "the kubelet started")) for hit, sample in begun),
    )


def _passes(hit: LogHit) -> list[Pass]:
    """Group the lines of one document by the start of the pass that they speak of (time minus age)."""
    found: list[list[tuple[float | None, float, Evidence, Moment]]] = []
    for sample in hit.samples:
        age = go_duration(sample.fields.get("age", ""))
        if age is None:
            continue
        start = sample.clock - age if sample.clock is not None else None
        evidence = Evidence(hit.locate(sample), f"PLEG was last active {sample.fields['age']} ago")
        began = _minus(sample.when, age)
        if found and _same(found[-1][-1], start, age):
            found[-1].append((start, age, evidence, began))
        else:
            found.append([(start, age, evidence, began)])
    return [
        Pass(
            group[0][0],
            group[-1][1],
            hit.count if len(found) == 1 else len(group),
            _ends(group),
            group[0][3],
            frozenset(age for _, age, _, _ in group),
        )
        for group in found
    ]


def _distinct(passes: list[Pass]) -> list[Pass]:
    """One entry per pass in the order of time: copies of a log, or excerpts of it, speak of the same passes.

    Ages are printed to the nanosecond, so an equal age means the same line; where none is equal, beginnings decide.
    """
    merged: list[Pass] = []
    for one in sorted(passes, key=lambda p: (not p.began.known, p.start or 0.0, p.age)):
        same = next((known for known in merged if _one_pass(known, one)), None)
        if same is None:
            merged.append(one)
        else:
            merged[merged.index(same)] = msgspec.structs.replace(
                same, age=max(same.age, one.age), lines=max(same.lines, one.lines), ages=same.ages | one.ages
            )
    return merged


def _one_pass(known: Pass, other: Pass) -> bool:
    if known.ages & other.ages:
        return True
    return known.start is not None and other.start is not None and abs(known.start - other.start) <= SAME_PASS


def _minus(when: Moment, seconds: float) -> Moment:
    return Moment(
        when.earliest - seconds if when.earliest is not None else None,
        when.latest - seconds if when.latest is not None else None,
    )


def _same(last: tuple[float | None, float, Evidence, Moment], start: float | None, age: float) -> bool:
    if last[0] is None or start is None:
        return age >= last[1]
    return abs(start - last[0]) <= SAME_PASS


def _ends(group: list[tuple[float | None, float, Evidence, Moment]]) -> tuple[Evidence, ...]:
    return (group[0][2], group[-1][2]) if len(group) > 1 else (group[0][2],)


def _from_condition(scene: Scene, node: Subject) -> Pass | None:
    ready = NodeView(scene, node).condition("Ready")
    if not ready.observed or ready.value is None or ready.value.status != "False":
        return None
    match = _AGE.search(ready.value.message or "")
    age = go_duration(match["age"]) if match else None
    if age is None:
        return None
    told = parse_timestamp(ready.value.last_heartbeat_time)
    began = Moment(told - age, told - age) if told is not None else Moment()
    return Pass(began.latest, age, 1, (Evidence(ready.place, f"PLEG was last active {match['age']} ago"),), began)  # type: ignore[index]


def _with_condition(passes: list[Pass], stated: Pass) -> list[Pass]:
    """The condition repeats the newest pass of the log, unless the times of both exclude that."""
    if not passes:
        return [stated]
    newest = passes[-1]
    if _apart(newest.began, stated.began):
        return sorted([*passes, stated], key=lambda p: p.began.latest or 0.0)
    return [*passes[:-1], msgspec.structs.replace(newest, evidence=newest.evidence + stated.evidence)]


def _apart(one: Moment, other: Moment) -> bool:
    """Whether two moments cannot be one; bounds that are wide (no zone, no year) exclude little."""
    slack = SAME_PASS * 2
    before = one.latest is not None and other.earliest is not None and one.latest + slack < other.earliest
    after = one.earliest is not None and other.latest is not None and one.earliest - slack > other.latest
    return before or after
