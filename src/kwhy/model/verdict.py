"""What a rule says about one condition of one subject."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

import msgspec

from kwhy.model.document import Locator
from kwhy.model.probe import ProbeCall
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class Basis(Enum):
    """What a verdict rests on; confidence is pooled by it, never felt per condition."""

    STATED = "the component's own statement"
    RECOMPUTED = "recomputed from objects"
    INFERRED = "inferred from co-occurrence"


class Evidence(msgspec.Struct, frozen=True):
    """A place and what it says, in a plain sentence."""

    at: Locator
    says: str


class Present(msgspec.Struct, frozen=True):
    """The condition holds. ``values`` fill the title. ``since`` bounds its beginning.

    ``blames`` names the object to fix where that is not the judged subject; ``affected`` are the victims.
    """

    because: tuple[Evidence, ...]
    values: Mapping[str, object] = msgspec.field(default_factory=dict)
    since: Moment = UNKNOWN_MOMENT
    basis: Basis = Basis.STATED
    blames: Subject | None = None
    affected: tuple[Subject, ...] = ()


class Absent(msgspec.Struct, frozen=True):
    """The condition provably does not hold. ``because`` is the proof; it must not be empty."""

    because: tuple[Evidence, ...]


class Gap(msgspec.Struct, frozen=True):
    """Evidence that is missing, and the commands that would supply it."""

    what: str
    probes: tuple[ProbeCall, ...] = ()


class Unsure(msgspec.Struct, frozen=True):
    """Neither proven nor refuted. ``gaps`` say what would decide it; ``because`` what speaks for it so far."""

    gaps: tuple[Gap, ...]
    because: tuple[Evidence, ...] = ()


Verdict: TypeAlias = Present | Absent | Unsure


def unsure(what: str, *probes: ProbeCall) -> Unsure:
    """Undetermined for want of one thing."""
    return Unsure((Gap(what, probes),))
