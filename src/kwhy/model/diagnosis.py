"""The result of a diagnosis: what reports render. Mirrors the JSON contract ``kwhy/diagnosis/v1``."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kwhy.model.condition import Condition, Remedy
from kwhy.model.probe import Risk
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment
from kwhy.model.verdict import Basis, Evidence, Gap

Outcome: TypeAlias = Literal["explained", "partly-explained", "unexplained", "healthy", "insufficient-evidence"]
Role: TypeAlias = Literal["root-cause", "deepest-known"]


class Finding(msgspec.Struct, frozen=True):
    """A condition that holds for a subject. ``id`` is "f1", "f2" … within one diagnosis.

    ``judged`` is the subject that the rule looked at; ``subject`` is the object to fix (its owner, for pods).
    ``merged`` counts the sibling findings that this one stands for.
    """

    id: str
    condition: Condition
    subject: Subject
    title: str
    evidence: tuple[Evidence, ...]
    symptom: bool
    basis: Basis = Basis.STATED
    since: Moment = UNKNOWN_MOMENT
    affected: tuple[Subject, ...] = ()
    values: dict[str, str] = msgspec.field(default_factory=dict)


class Link(msgspec.Struct, frozen=True):
    """Finding ``cause`` explains finding ``effect`` (ids) by the relation ``via``."""

    cause: str
    effect: str
    via: str
    because: tuple[Evidence, ...] = ()


class Solved(msgspec.Struct, frozen=True):
    """Later evidence no longer shows a cause. ``at`` names that evidence; ``because`` refutes the cause there, and is
    empty where it is only no longer seen."""

    at: str
    because: tuple[Evidence, ...] = ()


class RootCause(msgspec.Struct, frozen=True):
    """A ranked end of a causal chain. ``chain`` lists the ids from this finding up to the symptom it explains first.

    ``solved`` is None where nothing shows that the cause is gone.
    """

    rank: int
    role: Role
    finding: Finding
    confidence: float
    explains: tuple[str, ...]
    chain: tuple[str, ...]
    remedies: tuple[Remedy, ...]
    assumed: tuple[str, ...] = ()
    solved: Solved | None = None


class RuledOut(msgspec.Struct, frozen=True):
    """A possible cause that provably does not hold."""

    condition: Condition
    subject: Subject
    because: tuple[Evidence, ...]


class Undetermined(msgspec.Struct, frozen=True):
    """A possible cause that could not be judged, and what is missing."""

    condition: Condition
    subject: Subject
    gaps: tuple[Gap, ...]


class Hypothesis(msgspec.Struct, frozen=True):
    """A smallest set of undetermined conditions that would account for the findings ``accounts_for``."""

    conditions: tuple[tuple[Condition, Subject], ...]
    accounts_for: tuple[str, ...]


class NextStep(msgspec.Struct, frozen=True):
    """A command worth running next. ``separates`` lists the condition codes that its answer tells apart."""

    command: str
    where: str
    why: str
    separates: tuple[str, ...]
    cost: str
    risk: Risk


class DocumentCoverage(msgspec.Struct, frozen=True):
    """What was read from one document. ``problems`` are the reasons of its unparsed parts, with places."""

    source: str
    format: str
    facts: int
    unparsed: int
    problems: tuple[str, ...] = ()


class Coverage(msgspec.Struct, frozen=True):
    """What was read, what was not understood, and which rules failed inside kwhy ("rule: error")."""

    documents: tuple[DocumentCoverage, ...] = ()
    unrecognised: tuple[str, ...] = ()
    failed_rules: tuple[str, ...] = ()
    bytes_read: int = 0


class Diagnosis(msgspec.Struct, frozen=True):
    """Everything a report needs. ``as_of`` is the time the verdict refers to; None where no evidence is dated."""

    as_of: float | None
    outcome: Outcome
    root_causes: tuple[RootCause, ...]
    findings: tuple[Finding, ...]
    contributing: tuple[Finding, ...]
    links: tuple[Link, ...]
    ruled_out: tuple[RuledOut, ...]
    undetermined: tuple[Undetermined, ...]
    unexplained: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    next_steps: tuple[NextStep, ...]
    coverage: Coverage
    notes: tuple[str, ...] = ()
