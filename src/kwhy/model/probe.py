"""Commands that would supply missing evidence. Read-only by definition; what they cost and risk is said."""

from __future__ import annotations

from typing import Literal

import msgspec

from kwhy.model.subject import ANONYMOUS_NODE
from kwhy.model.wording import Names, shell_plain

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
        """The probe with its placeholders filled; what is unknown stays visible as NAME in capitals.

        So does what a shell would not take literally: values come from evidence, and somebody will paste the command.
        """
        names = Names({key: value for key, value in values.items() if value})
        plain = Names({key: value for key, value in names.items() if shell_plain(value)})
        return ProbeCall(
            self.command.format_map(plain),
            self.where.format_map(names).replace(f"node {ANONYMOUS_NODE}", ANONYMOUS_NODE),
            self.unlocks.format_map(names),
            self,
        )


class ProbeCall(msgspec.Struct, frozen=True):
    """A probe for one subject, ready to be typed."""

    command: str
    where: str
    unlocks: str
    probe: Probe
