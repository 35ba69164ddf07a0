"""`timedatectl` and `timedatectl status`: the clock, its zone, and whether a time service keeps it.

Source: systemd v219 to v257 src/timedate/timedatectl.c (print_status_info): "NTP synchronized" and "NTP enabled" before
v239, "System clock synchronized" and "systemd-timesyncd.service active" or "NTP service" since.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from kwhy.facts.clocks import ClockState
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.time import UNKNOWN_MOMENT, Moment, at

#: "               Local time: Thu 2017-09-21 16:08:56 CEST"
_FIELD: Final = expression(
    r"^\s*(?P<key>Local time|Universal time|RTC time|Time zone|Timezone|System clock synchronized|NTP synchronized"
    r"|NTP service|NTP enabled|Network time on|systemd-timesyncd\.service active|RTC in local TZ|DST active)"
    r": (?P<value>.{0,100})$"
)
_OTHER: Final = expression(r"^\s*(?:Last DST change|Next DST change|DST |\w{3} \d{4}-|Warning|\s+The system|\s)")
_TRUE: Final = ("yes", "active")
_UTC: Final = expression(r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:UTC|GMT)")


def _recognise(head: Head) -> float:
    if "Universal time" not in head.text:
        return 0.0
    keys = {match["key"] for line in head.whole_lines[:20] if (match := _FIELD.match(line))}
    return 0.97 if "Universal time" in keys and len(keys) >= 4 else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    values: dict[str, str] = {}
    said = document.first_line
    for number, line in document.lines():
        field = _FIELD.match(line)
        if field is not None:
            values[field["key"]] = field["value"].strip()
            if field["key"] in ("System clock synchronized", "NTP synchronized"):
                said = number
        elif line.strip() and not _OTHER.match(line):
            yield Unparsed(document.at(number, excerpt=line.strip()[:200]), "no line of timedatectl that is known")
    synchronised = values.get("System clock synchronized", values.get("NTP synchronized"))
    service = next(
        (values[key] for key in ("NTP service", "systemd-timesyncd.service active", "NTP enabled") if key in values),
        None,
    )
    yield ClockState(
        at=document.at(said, excerpt=document.line(said).strip()),
        synchronised=synchronised in _TRUE if synchronised else None,
        service=service in _TRUE if service else None,
        clock=_utc(values.get("Universal time", "")),
        zone=values.get("Time zone", values.get("Timezone")),
    )


def _utc(text: str) -> Moment:
    match = _UTC.search(text)
    if match is None:
        return UNKNOWN_MOMENT
    try:
        return at(datetime.strptime(match["time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return UNKNOWN_MOMENT


FORMAT: Final = Format("timedatectl", _recognise, parse)
