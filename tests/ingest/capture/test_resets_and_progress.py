"""Given captures of real faults, what flows show of resets, and of data that never arrived."""

from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.facts.packets import Flow
from kwhy.ingest.parsers.capture import parse
from kwhy.model.document import Document

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "captures"


def flows(name: str) -> list[Flow]:
    data = (FIXTURES / f"{name}.pcap").read_bytes()
    return [fact for fact in parse(Document(f"{name}.pcap", data)) if isinstance(fact, Flow)]


def test_large_segments_are_never_acknowledged_behind_a_narrow_link() -> None:
    stalled = flows("fault-mtu_filtered")[-1]
    assert stalled.ab.largest_retransmitted == stalled.ab.largest == 1448
    assert stalled.ab.largest_acknowledged == 0


def test_lost_segments_of_full_size_arrive_in_the_end_where_packets_are_lost_at_random() -> None:
    lossy = flows("loss")
    assert any(side.retransmitted and side.largest_acknowledged == side.largest for f in lossy for side in (f.ab, f.ba))


def test_a_reset_by_a_middlebox_comes_over_other_hops() -> None:
    cut = next(flow for flow in flows("fault-reset_by_middlebox") if flow.outcome == "reset")
    assert cut.rst is not None
    assert (cut.rst.hops, cut.ba.hops) == (64, (63, 63))
    assert cut.data_before_rst == 78


def test_the_silence_before_a_reset_is_measured() -> None:
    forgotten = next(flow for flow in flows("fault-idle_forgotten") if flow.outcome == "reset")
    assert forgotten.silent_before_rst == pytest.approx(5.0, abs=0.2)


def test_a_full_receive_buffer_lasts_until_it_has_room() -> None:
    assert flows("fault-zero_window")[0].ba.full_time > 3
