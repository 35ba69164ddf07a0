"""Rules: judgements with their inputs in the signature.

A rule is a plain function. Its first parameter is the subject it judges; every other parameter is an input, declared by
a default made with :func:`given`. The engine reads the signature, computes the inputs (once per subject, shared by all
rules) and calls the function; called directly with explicit arguments it is an ordinary typed function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, ParamSpec, TypeVar, cast

import msgspec

from kwhy.model.condition import Condition
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")


class Given(msgspec.Struct, frozen=True):
    """An input of a rule: a pure function of the scene and the judged subject. Its docstring names what it needs."""

    compute: Callable[[Any, Subject], object]

    @property
    def needs(self) -> str:
        """The first line of the function's docstring, for `kwhy explain`."""
        return (self.compute.__doc__ or self.compute.__name__).strip().splitlines()[0].rstrip(".")


def given(compute: Callable[[S, Subject], T]) -> T:
    """Declare an input of a rule. Typed as what ``compute`` returns, so that mypy checks the rule's body."""
    return cast(T, Given(compute))


class Relation(msgspec.Struct, frozen=True):
    """A named way from a subject to related subjects, in time proportional to its answers.

    It may name subjects that no fact mentions (the kubelet of this node): judged with all unobserved, they become
    the next question.
    """

    name: str
    find: Callable[[Any, Subject], Iterable[Subject]]


class Lead(msgspec.Struct, frozen=True):
    """Declared beside the cause: "this explains EFFECT of the subjects that reach me by this relation".

    ``via`` leads from the effect's subject to candidate subjects of the cause. ``worsens`` marks a contributing
    weakness: it is reported, never as a root.
    """

    effect: Condition
    via: Relation
    worsens: bool = False


def leads_to(effect: Condition, via: Relation) -> Lead:
    return Lead(effect, via)


def worsens(effect: Condition, via: Relation) -> Lead:
    return Lead(effect, via, worsens=True)


class Rule(msgspec.Struct, Generic[P], frozen=True):
    """A judgement of one condition.

    ``among`` enumerates the subjects that are judged without being asked (symptoms, and what is no inventory: dumps,
    captures, lone scraps); None: judged only when an effect asks. ``symptom``: what a person would call the failure.
    ``answers``: a state that somebody chose is no failure, but it answers questions in these terms of
    :data:`kwhy.reasoning.symptom_words.TERMS`; it counts as a symptom where it is asked about.
    """

    condition: Condition
    judge: Callable[P, Verdict]
    rows: tuple[str, ...]
    leads: tuple[Lead, ...]
    among: Callable[[Any], Iterable[Subject]] | None
    symptom: bool
    answers: tuple[str, ...]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Verdict:
        return self.judge(*args, **kwargs)

    @property
    def name(self) -> str:
        return f"{self.judge.__module__}.{self.judge.__name__}"


def rule(
    condition: Condition,
    *,
    rows: tuple[str, ...],
    leads: tuple[Lead, ...] = (),
    among: Callable[[Any], Iterable[Subject]] | None = None,
    symptom: bool = False,
    answers: tuple[str, ...] = (),
) -> Callable[[Callable[P, Verdict]], Rule[P]]:
    """Declare the decorated function as a way to judge ``condition``.

    Several rules may judge one condition: it is present if any proves it, else absent if any refutes it, else
    undetermined with the gaps of all.
    """
    if (symptom or answers) and among is None:
        raise ValueError(f"{condition.code}: a rule for symptoms or answers enumerates its subjects")

    def declare(judge: Callable[P, Verdict]) -> Rule[P]:
        return Rule(condition, judge, rows, leads, among, symptom, answers)

    return declare
