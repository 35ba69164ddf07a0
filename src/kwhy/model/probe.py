"""Commands that would supply missing evidence. Read-only by definition; what they cost and risk is said."""

from __future__ import annotations

import shlex
from typing import Literal

import msgspec

Risk = Literal["none", "low", "medium", "high"]


class Probe(msgspec.Struct, frozen=True):
    """A command template. Placeholders (``{name}``, ``{namespace}``, ``{node}`` …) are filled by :meth:`of`.

    ``where`` says where to run it ("anywhere with kubectl", "node {node}"); ``cost`` how long or heavy it is.
    ``unlocks`` names, in words, the evidence that it supplies.
    """

    command: str
    unlocks: str
    where: str = "anywhere with kubectl"
    cost: str = "seconds"
    risk: Risk = "none"

    def of(self, **values: str | None) -> ProbeCall:
        """The probe with its placeholders filled; a value of None stays visible as NAME in capitals.

        Values come from evidence, so they are quoted for the shell that an engineer will paste the command into.
        """
        names = {key: value if value else key.upper() for key, value in values.items()}
        quoted = {key: shlex.quote(name) for key, name in names.items()}
        return ProbeCall(self.command.format_map(_Named(quoted)), self.where.format_map(_Named(names)), self)


class _Named(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key.upper()


class ProbeCall(msgspec.Struct, frozen=True):
    """A probe for one subject, ready to be typed."""

    command: str
    where: str
    probe: Probe
