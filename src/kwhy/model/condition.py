"""Named states of subjects, and what mends them."""

from __future__ import annotations

from enum import Enum
from typing import Literal

import msgspec

from kwhy.model.probe import Risk


class Nature(Enum):
    """Whether a condition can stand at the end of a chain of causes.

    An EFFECT always has a cause, known or not; only a ROOT may be reported as a root cause. Without this mark every
    missing link would promote an effect to root cause.
    """

    EFFECT = "effect"
    ROOT = "root-capable"


class Step(msgspec.Struct, frozen=True):
    """One step of a remedy: what to do in words, and the command if there is one (templates like titles)."""

    say: str
    command: str | None = None


class Remedy(msgspec.Struct, frozen=True):
    """A way to mend a condition. Texts are templates over the finding's values and its subject's names."""

    id: str
    title: str
    when: Literal["now", "lasting"]
    risk: Risk
    steps: tuple[Step, ...]
    verify: tuple[Step, ...]
    undo: tuple[Step, ...]


class Condition(msgspec.Struct, frozen=True):
    """A named state of a subject.

    ``code`` is stable (``layer.what``). ``kind`` is the kind of subject judged. ``title`` is a sentence template:
    it may use {subject}, {name}, {namespace}, {node} of the subject and the values the rule gives to Present.
    """

    code: str
    kind: str
    nature: Nature
    title: str
    summary: str
    remedies: tuple[Remedy, ...] = ()

    @property
    def layer(self) -> str:
        return self.code.partition(".")[0]

    def __hash__(self) -> int:
        return hash(self.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and other.code == self.code
