"""A case: recorded evidence and what is true of it (``case.yaml``)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from kwhy.model.diagnosis import Outcome
from kwhy.model.subject import Subject

CASES = Path(__file__).resolve().parent.parent / "cases"
ARCHIVE = "evidence.tar.xz"


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition of a subject, and the places that prove it: "file:line" or "file#path" within the evidence."""

    condition: str
    subject: str
    because: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.condition} of {self.subject}"


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``case.yaml`` says.

    ``truth`` is one sentence about what was wrong. ``root`` is what kwhy must name, "none" where its rules do not know
    the cause yet, or where nothing is wrong; ``deepest`` is then what it must name as proven so far. ``absent`` are
    conditions that must never be named as root cause, whatever part of the evidence is shown. ``coarser`` are
    conditions that say the same of the same subject less exactly: right where evidence is missing. ``chain`` are the
    conditions on the way from the root to the symptoms, the root's included. ``asks`` are parts of commands that the
    next steps must hold. ``text_only``: what is still found where only what kubectl prints is shown (None: the case
    has no objects to take away). ``symptom``: what was asked, in words; None where nothing was.
    """

    origin: str
    truth: str
    outcome: Outcome
    root: Claim | tuple[Claim, ...] | Literal["none"]
    deepest: tuple[Claim, ...] = ()
    present: tuple[Claim, ...] = ()
    absent: tuple[str, ...] = ()
    coarser: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    text_only: Literal["same", "none"] | None = None
    symptom: str | None = None

    @property
    def roots(self) -> tuple[Claim, ...]:
        if self.root == "none":
            return ()
        return (self.root,) if isinstance(self.root, Claim) else self.root

    @property
    def healthy(self) -> bool:
        return self.outcome == "healthy"

    @property
    def known(self) -> frozenset[str]:
        """Conditions that may stand at the end of what is proven."""
        claimed = (*self.deepest, *self.present, *self.roots)
        return frozenset(self.chain) | {claim.condition for claim in claimed}


class Recorded(msgspec.Struct, frozen=True):
    """A case with the place of its evidence: a folder, or an archive of one."""

    name: str
    folder: Path
    case: Case

    @property
    def source(self) -> Path:
        archive = self.folder / ARCHIVE
        return archive if archive.is_file() else self.folder / "evidence"


def written(subject: Subject) -> str:
    """A subject as cases write it: Kind/name, Kind/namespace/name, or Kind/node/name for what lives on a node."""
    return "/".join(part for part in (subject.kind, subject.namespace or subject.node, subject.name) if part)


@cache
def all_cases() -> tuple[Recorded, ...]:
    """Every case, by the path of its folder."""
    found = []
    for path in sorted(CASES.rglob("case.yaml")):
        name = path.parent.relative_to(CASES).as_posix()
        try:
            case = msgspec.yaml.decode(path.read_bytes(), type=Case)
        except msgspec.ValidationError as error:
            raise AssertionError(f"{name}/case.yaml: {error}") from error
        found.append(Recorded(name, path.parent, case))
    return tuple(found)
