"""One diagnosis of several moments: each was judged alone; here it is told what was solved before what.

A cause of one stage is solved at a later one where its condition is refuted there, or, without proof, where nothing
shows it and its symptom any more. A symptom that stays although the cause before it was solved shows that the fix did
not change it: something else keeps it up.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kwhy.model.diagnosis import Coverage, Diagnosis, Finding, RootCause, Solved
from kwhy.model.subject import Subject
from kwhy.model.time import iso
from kwhy.model.verdict import Absent, Evidence
from kwhy.reasoning.combining import side_by_side
from kwhy.reasoning.judging import Judge
from kwhy.reasoning.symptom_words import terms_of

#: What a person feels wherever it comes from: "slow" today and "slow" tomorrow is one complaint.
_FELT = "slow"


class Judged(msgspec.Struct, frozen=True):
    """A stage with its diagnosis, and the judge that can be asked further about it."""

    name: str
    when: float | None
    diagnosis: Diagnosis
    judge: Judge

    @property
    def called(self) -> str:
        moment = self.when if self.when is not None else self.diagnosis.as_of
        return self.name if moment is None else f"{self.name} ({iso(moment)})"


def staged(stages: Sequence[Judged], coverage: Coverage) -> Diagnosis:
    """The diagnoses of stages, oldest first, as one: what is not solved comes first, then what was, by time."""
    told = [
        msgspec.structs.replace(stage.diagnosis, root_causes=_with_ends(stages, number))
        for number, stage in enumerate(stages)
    ]
    named = [(stage.name, diagnosis) for stage, diagnosis in zip(stages, told, strict=True)]
    apart = f"{len(stages)} stages are kept apart: {', '.join(stage.called for stage in stages)}"
    whole = side_by_side(named, coverage, apart)
    last = stages[-1].diagnosis
    causes = [cause for cause in whole.root_causes if cause.role == "root-cause" or cause.solved is None]
    order = {_key(cause): number for number, diagnosis in enumerate(told) for cause in diagnosis.root_causes}
    causes.sort(key=lambda c: (c.solved is not None, c.role != "root-cause", order.get(_key(c), 0)))
    return msgspec.structs.replace(
        whole,
        as_of=last.as_of if last.as_of is not None else whole.as_of,
        root_causes=tuple(msgspec.structs.replace(cause, rank=rank) for rank, cause in enumerate(causes, 1)),
        next_steps=last.next_steps,
        notes=(whole.notes[0], *_stayed(stages, told), *whole.notes[1:]),
    )


def _key(cause: RootCause) -> tuple[str, Subject, tuple[Evidence, ...]]:
    return cause.finding.condition.code, cause.finding.subject, cause.finding.evidence


def _with_ends(stages: Sequence[Judged], number: int) -> tuple[RootCause, ...]:
    """The causes of one stage, each with its end at a later one. What the next stage shows too is told there."""
    following = stages[number + 1].diagnosis.root_causes if number + 1 < len(stages) else ()
    return tuple(
        msgspec.structs.replace(cause, solved=_end(stages, number, cause))
        for cause in stages[number].diagnosis.root_causes
        if not any(_same_cause(cause.finding, other.finding) for other in following)
    )


def _end(stages: Sequence[Judged], number: int, cause: RootCause) -> Solved | None:
    """The first later stage from which on the cause is refuted or at least no longer seen; None where it goes on."""
    found: Solved | None = None
    for stage in reversed(stages[number + 1 :]):
        if any(_same_cause(cause.finding, other.finding) for other in stage.diagnosis.root_causes):
            break
        found = Solved(stage.called, _proof(stage, stages[number].diagnosis, cause))
    return found


def _proof(stage: Judged, diagnosis: Diagnosis, cause: RootCause) -> tuple[Evidence, ...]:
    """What refutes the cause at a later stage, or else the symptom that it explained; () where nothing does."""
    findings = {finding.id: finding for finding in diagnosis.findings}
    explained = [findings[name] for name in cause.explains if name in findings]
    for finding in (cause.finding, *(f for f in explained if f.symptom)):
        for subject in _namesakes(stage.judge, finding.subject):
            verdict = stage.judge.verdict(finding.condition, subject)
            if isinstance(verdict, Absent) and verdict.because:
                return verdict.because[:2]
    return ()


def _namesakes(judge: Judge, subject: Subject) -> list[Subject]:
    """The subject as a later stage may call it: a host that nothing names is called after a document."""
    if not subject.anonymous:
        return [subject]
    hosts = judge.scene.hosts.all
    if subject.kind == "Node":
        return list(hosts)
    return [msgspec.structs.replace(subject, node=host.name) for host in hosts]


def _same_cause(one: Finding, other: Finding) -> bool:
    if one.condition != other.condition:
        return False
    mine, theirs = one.subject, other.subject
    if mine == theirs:
        return True
    if mine.anonymous or theirs.anonymous:
        return mine.kind == theirs.kind and (mine.kind == "Node" or mine.name == theirs.name)
    return False


def _stayed(stages: Sequence[Judged], told: Sequence[Diagnosis]) -> list[str]:
    """Where a cause was solved and what people felt stayed."""
    notes = []
    for number in range(len(stages) - 1):
        solved = [c for c in told[number].root_causes if c.role == "root-cause" and c.solved is not None]
        if not solved:
            continue
        before = [finding for finding in told[number].findings if finding.symptom]
        stays = next(
            (f for f in told[number + 1].findings if f.symptom and any(_one_complaint(f, b) for b in before)), None
        )
        if stays is not None:
            notes.append(
                f"Solving {solved[0].finding.condition.code} of {stages[number].name} did not change the symptom; at "
                f"{stages[number + 1].called} it is still there: {stays.title}"
            )
    return notes


def _one_complaint(one: Finding, other: Finding) -> bool:
    """Whether a person would call both the same trouble."""
    if _same_cause(one, other):
        return True
    return _FELT in terms_of(one.title) and _FELT in terms_of(other.title)
