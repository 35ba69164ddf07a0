"""What time services say of the clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.clocks import ClockOffset, ClockState
from kwhy.ingest.parsers import chrony, timedatectl
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document

FOLDER = Path(__file__).parent / "clocks"
# https://www.simplified.guide/linux/time-sync-ntp (Ubuntu, systemd 255), with the service switched off
TIMEDATECTL = """               Local time: Mon 2026-01-12 22:28:08 UTC
           Universal time: Mon 2026-01-12 22:28:08 UTC
                 RTC time: n/a
                Time zone: Etc/UTC (UTC, +0000)
System clock synchronized: yes
              NTP service: active
          RTC in local TZ: no
"""
# ntpq(8), ntp 4.2.8: the columns and signs that the manual explains
NTPQ = """     remote           refid      st t when poll reach   delay   offset  jitter
==============================================================================
*10.0.0.1        .GPS.            1 u   33   64  377    0.123  7200000.5   0.015
 10.0.0.2        .INIT.          16 u    -   64    0    0.000    0.000   0.000
"""


def offsets(name: str) -> list[tuple[str, float]]:
    found = read_document(Document("out.txt", (FOLDER / f"{name}.txt").read_bytes())).of(ClockOffset)
    return [(one.by, round(one.seconds)) for one in found]


@pytest.mark.parametrize(("name", "seconds"), [("ahead", 7200), ("behind", -7200), ("good", 0)])
def test_tracking_tells_how_far_the_clock_is_off(name: str, seconds: float) -> None:
    assert ("chronyc tracking", seconds) in offsets(name)


def test_sources_show_the_offset_that_is_left_after_correction() -> None:
    assert ("chronyc sources", 0) in offsets("behind")


def test_without_a_source_nothing_is_known_of_the_offset() -> None:
    evidence = read_document(Document("out.txt", (FOLDER / "none.txt").read_bytes()))
    assert not evidence.of(ClockOffset)
    assert [state.synchronised for state in evidence.of(ClockState)] == [False]


def test_ntpq_counts_from_the_other_side() -> None:
    [found] = [f for f in chrony.parse(Document("x", NTPQ.encode())) if isinstance(f, ClockOffset)]
    assert (found.seconds, found.reference) == (-7200.0005, "10.0.0.1")


def test_every_line_of_recorded_output_is_understood() -> None:
    for path in FOLDER.glob("*.txt"):
        evidence = read_document(Document(path.name, path.read_bytes()))
        assert not evidence.unparsed
        assert not evidence.unrecognised


def test_timedatectl_says_whether_the_clock_is_kept() -> None:
    [state] = read_document(Document("timedatectl.txt", TIMEDATECTL.encode())).of(ClockState)
    assert (state.synchronised, state.service, state.zone) == (True, True, "Etc/UTC (UTC, +0000)")
    off = TIMEDATECTL.replace("synchronized: yes", "synchronized: no").replace("service: active", "service: inactive")
    [state] = read_document(Document("timedatectl.txt", off.encode())).of(ClockState)
    assert (state.synchronised, state.service) == (False, False)


@given(st.text(max_size=800))
def test_any_text_is_read_to_the_end(text: str) -> None:
    list(chrony.parse(Document("x", text.encode())))
    list(timedatectl.parse(Document("x", text.encode())))


@given(st.integers(0, 1500), st.text(max_size=5))
def test_damaged_output_is_read_to_the_end(at: int, put: str) -> None:
    text = (FOLDER / "behind.txt").read_text()
    read_document(Document("x", (text[:at] + put + text[at:]).encode()))
