"""What tcpdump prints before a packet's addresses: time, interface, link header.

Times become nanoseconds on the clock of the print: epoch (-tt), local date (-tttt), time of day, or elapsed (-ttt).
"""

from __future__ import annotations

import re
from calendar import timegm
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from kwhy.ingest.capture.printed_lines import DIRECTION, ENDS, ETHERNET, INTERFACE, STAMP
from kwhy.ingest.capture.records import NO_TIME, Int64s
from kwhy.model.expressions import expression
from kwhy.model.time import UNKNOWN_MOMENT, Moment, at

ClockKind: TypeAlias = Literal["none", "epoch", "local", "time of day", "elapsed"]

_HALF_DAY: Final = 43_200 * 10**9
_DAY: Final = 2 * _HALF_DAY
#: Local times are those of the capturing or printing machine, whose offset lies between UTC-12 and UTC+14.
_EAST: Final = 14 * 3600.0
_WEST: Final = 12 * 3600.0
ARP: Final = 0
UNKNOWN: Final = -1
_FAMILIES: Final = {"IP": 4, "IP6": 6, "IPv4": 4, "IPv6": 6, "ARP,": ARP, "ARP": ARP, "arp": ARP}
_FAMILY: Final = expression(r"(?P<family>IP6|IP|ARP,|arp) ")


class Head(NamedTuple):
    """``heading``: 1 leaving, 0 entering, -1 not printed. ``length``: of the frame, with -e."""

    time: int
    interface: str | None
    heading: int
    length: int | None
    family: int
    rest: str


@dataclass(eq=False)
class Clock:
    """The clock of a print: its first packet decides which it is."""

    kind: ClockKind = "none"
    begun: bool = False

    def head(self, text: str) -> Head | None:
        """Time, interface and link header of a line; None if it does not begin a packet."""
        stamp = STAMP.match(text)
        if stamp is None and self.begun and self.kind != "none":
            return None  # an inner packet of a tunnel, or payload: lines that begin packets have times here
        position = stamp.end() if stamp else 0
        interface, heading = None, -1
        if (found := INTERFACE.match(text, position)) or (found := DIRECTION.match(text, position)):
            interface = found.groupdict().get("interface")
            heading = int(found["direction"] == "Out")
            position = found.end()
        length, family = None, UNKNOWN
        if "ethertype " in text[position : position + 160] and (ethernet := ETHERNET.match(text, position)):
            length, position = int(ethernet["length"]), ethernet.end()
            family = _FAMILIES.get(ethernet["inner"] or ethernet["outer"], UNKNOWN)
        elif found := _FAMILY.match(text, position):
            family, position = _FAMILIES[found["family"]], found.end()
        elif stamp is None:
            return None
        rest = text[position:]
        if stamp is None and family in (4, 6) and not (ENDS.match(rest) or rest.startswith("(")):
            return None
        return Head(self._time(stamp), interface, heading, length, family, rest)

    def _time(self, stamp: re.Match[str] | None) -> int:
        kind, time = _stamped(stamp) if stamp else ("none", NO_TIME)
        if not self.begun:
            self.kind, self.begun = kind, True
        return time if kind == self.kind else NO_TIME

    def moment(self, time: int) -> Moment:
        """A moment, as far as this clock determines one: a time of day alone does not."""
        if time == NO_TIME:
            return UNKNOWN_MOMENT
        if self.kind == "epoch":
            return at(time / 1e9)
        if self.kind == "local":
            return Moment(time / 1e9 - _EAST, time / 1e9 + _WEST)
        return UNKNOWN_MOMENT

    def continuous(self, times: Int64s) -> Int64s:
        """Times that can be subtracted: -ttt prints steps, and a clock without date begins again at midnight."""
        known = np.flatnonzero(times != NO_TIME)
        if len(known) < 2:
            return times
        values = times[known]
        result = times.copy()
        if self.kind == "elapsed" and (np.diff(values) < 0).any():
            result[known] = np.cumsum(values)
        elif self.kind == "time of day":
            midnights = np.cumsum(np.concatenate(([0], np.diff(values) < -_HALF_DAY)))
            result[known] = values + midnights * _DAY
        return result


def _stamped(stamp: re.Match[str]) -> tuple[ClockKind, int]:
    """The kind of a time and its nanoseconds."""
    if stamp["epoch"]:
        seconds, _, fraction = stamp["epoch"].partition(".")
        return "epoch", int(seconds) * 10**9 + int(fraction.ljust(9, "0"))
    clock, _, fraction = stamp["clock"].partition(".")
    hours, minutes, seconds = clock.split(":")
    time = (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * 10**9 + int(fraction.ljust(9, "0"))
    if stamp["date"]:
        year, month, day = (int(part) for part in stamp["date"].split("-"))
        if not (1970 <= year <= 2200 and 1 <= month <= 12 and 1 <= day <= 31):
            return "local", NO_TIME
        return "local", time + timegm((year, month, day, 0, 0, 0)) * 10**9
    if stamp["lead"]:
        return "elapsed", -time if "-" in stamp["lead"] else time
    return "time of day", time
