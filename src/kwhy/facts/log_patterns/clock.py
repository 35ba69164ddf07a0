"""chronyd and systemd-timesyncd: clocks that are off."""

from __future__ import annotations

from kwhy.facts.logs import LogPattern

CLOCK_WRONG_BY = LogPattern(
    "chronyd.clock-wrong",
    "chronyd",
    ("System clock wrong by",),
    r"System clock wrong by (?P<seconds>-?\d{1,12}\.\d{1,9}) seconds",
    ("2026-11-22T05:51:33Z System clock wrong by 7200.000025 seconds",),
    "chrony 4.3 reference.c (maybe_log_offset): positive where the clock is behind; 3.x adds ', adjustment started'",
)
