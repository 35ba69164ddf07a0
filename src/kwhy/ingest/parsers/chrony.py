"""`chronyc tracking`, `chronyc sources`, `chronyc sourcestats`, and `ntpq -p`: how far the clock is off.

Signs differ: tracking says "fast of NTP time" in words; sources and ntpq print the offset of the local clock or of the
peer. Source: chrony 4.3 client.c (process_cmd_tracking, process_cmd_sources: "positive offsets indicate that the local
clock is ahead of the source", chronyc(1)); ntp 4.2.8 ntpq(8) ("offset of server relative to this host", milliseconds).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from kwhy.facts.clocks import ClockOffset, ClockState
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.time import UNKNOWN_MOMENT, Moment, at

#: Reference ID    : 7F000001 (127.0.0.1)
_FIELD: Final = expression(
    r"^(?P<key>Reference ID|Stratum|Ref time \(UTC\)|System time|Last offset|RMS offset|Frequency|Residual freq|Skew"
    r"|Root delay|Root dispersion|Update interval|Leap status)\s*: (?P<value>.{0,200})$"
)
#: 7200.000000000 seconds slow of NTP time
_SYSTEM_TIME: Final = expression(r"^(?P<seconds>\d{1,12}\.\d{1,12}) seconds (?P<way>fast|slow) of NTP time$")
#: ^* 127.0.0.1                     2   0   377     1    -18us[  -24us] +/- 5965us
_SOURCE: Final = expression(
    r"^(?P<mode>[\^=#])(?P<state>[*+\-?x~ ]) (?P<name>\S{1,255})\s+(?P<stratum>\d{1,2})\s+-?\d{1,2}"
    r"\s+(?P<reach>[0-7]{1,3})\s+\S{1,6}\s+(?P<adjusted>[+-]\d{1,12}(?:\.\d+)?)(?P<unit>ns|us|ms|s|m|h|d|y)?\["
)
_SOURCES_HEADER: Final = expression(r"^MS Name/IP address\s+Stratum Poll Reach LastRx Last sample")
_OTHER: Final = expression(
    r"^(?:=+|\s*[|.'/\\].*|\d{3} OK|(?:210 )?Number of sources.*|Name/IP Address\s.*|\S+(?:\s+-?\d+){3}\s.*)$"
)
#:      remote           refid      st t when poll reach   delay   offset  jitter
#: Name/IP Address            NP  NR  Span  Frequency  Freq Skew  Offset  Std Dev
_STATISTICS_HEADER: Final = expression(r"^Name/IP Address\s+NP\s+NR\s+Span")
_NTPQ_HEADER: Final = expression(r"^\s*remote\s+refid\s+st\s+t\s+when\s+poll\s+reach\s+delay\s+offset\s+jitter")
#: *10.0.0.1        .GPS.            1 u   33   64  377    0.123  -7200.5   0.015
_PEER: Final = expression(
    r"^(?P<state>[*+\-x#o. ])(?P<name>\S{1,255})\s+\S+\s+\d{1,2}\s+[ulbmsBpA-Z-]\s+\S+\s+\S+\s+(?P<reach>[0-7]{1,3})"
    r"\s+-?[\d.]{1,20}\s+(?P<offset>[+-]?[\d.]{1,20})\s+-?[\d.]{1,20}$"
)
#: One of these stands in every output that is read here.
_SIGNS: Final = ("Stratum", "Name/IP", "refid")
_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "y": 31556952.0}
#: The source that is followed, and the ones that are combined with it (chronyc(1), ntpq(8)).
_FOLLOWED: Final = "*o#"


def _recognise(head: Head) -> float:
    if not any(word in head.text for word in _SIGNS):
        return 0.0
    lines = head.whole_lines
    fields = sum(1 for line in lines if _FIELD.match(line))
    if fields >= 4:
        return 0.97
    headers = (_SOURCES_HEADER, _NTPQ_HEADER, _STATISTICS_HEADER)
    if any(header.match(line) for line in lines[:40] for header in headers):
        return 0.97
    return 0.0


def parse(document: Document) -> Iterator[Parsed]:
    reference, when = "", UNKNOWN_MOMENT
    for number, line in document.lines():
        where = document.at(number, excerpt=line.strip())
        field = _FIELD.match(line)
        if field is not None:
            key, value = field["key"], field["value"].strip()
            if key == "Reference ID":
                reference = value.partition("(")[2].rstrip(")")
            elif key.startswith("Ref time"):
                when = _reference_time(value)
            elif key == "System time" and reference:
                if (told := _SYSTEM_TIME.match(value)) is not None:
                    seconds = float(told["seconds"]) * (1 if told["way"] == "fast" else -1)
                    yield ClockOffset(at=where, seconds=seconds, by="chronyc tracking", reference=reference, when=when)
                else:
                    yield Unparsed(where, '"… seconds fast (or slow) of NTP time" was expected')
            elif key == "Leap status":
                yield ClockState(at=where, synchronised=value != "Not synchronised", service=True)
        elif (source := _SOURCE.match(line)) is not None:
            if source["state"] in _FOLLOWED and source["reach"] != "0":
                seconds = float(source["adjusted"]) * _UNITS[source["unit"] or "s"]
                yield ClockOffset(at=where, seconds=seconds, by="chronyc sources", reference=source["name"])
        elif (peer := _PEER.match(line)) is not None:
            if peer["state"] in _FOLLOWED:
                seconds = -float(peer["offset"]) / 1000
                yield ClockOffset(at=where, seconds=seconds, by="ntpq", reference=peer["name"])
        elif line.strip() and not (_SOURCES_HEADER.match(line) or _NTPQ_HEADER.match(line) or _OTHER.match(line)):
            yield Unparsed(document.at(number, excerpt=line.strip()[:200]), "no line of chronyc or ntpq that is known")


def _reference_time(text: str) -> Moment:
    """Sun Nov 22 07:51:40 2026"""
    try:
        epoch = datetime.strptime(" ".join(text.split()), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return UNKNOWN_MOMENT
    return at(epoch) if epoch > 0 else UNKNOWN_MOMENT


FORMAT: Final = Format("chrony", _recognise, parse)
