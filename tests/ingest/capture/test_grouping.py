from __future__ import annotations

import numpy as np
import pytest

from kwhy.ingest.capture import grouping
from kwhy.ingest.capture.grouping import Grouping
from kwhy.ingest.capture.headers import Headers, empty_headers


def headers(packets: list[tuple[int, int, int, int, int]]) -> Headers:
    """TCP headers of packets (version, source, source port, destination, destination port)."""
    made = empty_headers(len(packets))
    for row, (version, source, source_port, destination, destination_port) in enumerate(packets):
        made.version[row], made.protocol[row] = version, 6
        made.source_high[row] = made.destination_high[row] = 0 if version == 4 else 0xFD << 56
        made.source_low[row], made.destination_low[row] = source, destination
        made.source_port[row], made.destination_port[row] = source_port, destination_port
    return made


def numbers(group: Grouping, packets: list[tuple[int, int, int, int, int]]) -> list[int]:
    ports = np.zeros(len(packets), dtype=np.uint16)
    found: list[int] = group.assign(headers(packets), np.arange(len(packets)), ports)[0].tolist()
    return found


def test_both_directions_are_one_conversation_and_versions_are_apart() -> None:
    group = Grouping()
    there, back, other_version, other_ports = numbers(
        group, [(4, 1, 10, 2, 20), (4, 2, 20, 1, 10), (6, 1, 10, 2, 20), (4, 1, 20, 2, 10)]
    )
    assert there == back and len({there, other_version, other_ports}) == 3
    ends = group.ends()
    assert sorted(ends.low.tolist()) == ["0.0.0.1", "0.0.0.1", "fd00::1"]


@pytest.mark.parametrize("version", [4, 6])
def test_equal_hashes_never_merge_two_conversations(version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    packets = [(version, 1, 1000 + n % 700, 2, 80) for n in range(5000)]
    expected = numbers(Grouping(), packets)
    monkeypatch.setattr(grouping, "_mixed", lambda keys: np.full(keys.shape[1], 7, dtype=np.uint64))
    group = Grouping()
    collided = numbers(group, packets)
    assert len(set(collided)) == 700
    pairs = set(zip(expected, collided, strict=True))
    assert len(pairs) == 700  # one to one


def test_many_conversations_over_many_calls_keep_their_numbers() -> None:
    group = Grouping()
    first = numbers(group, [(4, client, 5000, 9, 80) for client in range(1, 30_001)])
    again = numbers(group, [(4, 9, 80, client, 5000) for client in range(1, 30_001)])
    assert first == again and len(set(first)) == 30_000
    assert group.ends().low[first[41]] in ("0.0.0.42", "0.0.0.9")
