from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kwhy.ingest.capture.sequences import KEEP_ALIVE, LATE, NEW, RETRANSMITTED, TWICE, Segments, judged

SENT = st.lists(st.tuples(st.integers(0, 400), st.integers(2, 60)), min_size=1, max_size=60)


def codes(sent: list[tuple[int, int]], initial: int, idents: list[int] | None = None) -> list[int]:
    """The verdict on segments (offset, size) of one connection that begins at ``initial``."""
    count = len(sent)
    verdicts: list[int] = judged(
        Segments(
            np.zeros(count, dtype=np.int64),
            np.array([(initial + offset) & 0xFFFFFFFF for offset, _ in sent], dtype=np.uint32),
            np.array([size for _, size in sent], dtype=np.int64),
            np.array(idents or range(1, count + 1), dtype=np.uint32),
            np.arange(count, dtype=np.int64),
            np.zeros(count, dtype=np.bool_),
        )
    ).tolist()
    return verdicts


def expected(sent: list[tuple[int, int]]) -> list[int]:
    """The same, byte by byte."""
    seen: set[int] = set()
    verdicts = []
    for offset, size in sent:
        span = set(range(offset, offset + size))
        behind = bool(seen) and offset <= max(seen)
        verdicts.append(NEW if not behind else RETRANSMITTED if span & seen else LATE)
        seen |= span
    return verdicts


@given(SENT, st.sampled_from([0, 1000, 2**32 - 200, 2**31 - 100]))
def test_ranges_are_judged_as_if_byte_by_byte_also_where_numbers_wrap(
    sent: list[tuple[int, int]], initial: int
) -> None:
    assert codes(sent, initial) == expected(sent)


@given(st.lists(SENT, min_size=1, max_size=6))
def test_connections_do_not_influence_each_other(connections: list[list[tuple[int, int]]]) -> None:
    together = judged(
        Segments(
            np.repeat(np.arange(len(connections)), [len(sent) for sent in connections]),
            np.array([offset for sent in connections for offset, _ in sent], dtype=np.uint32),
            np.array([size for sent in connections for _, size in sent], dtype=np.int64),
            np.arange(1, 1 + sum(map(len, connections)), dtype=np.uint32),
            np.arange(sum(map(len, connections)), dtype=np.int64),
            np.zeros(sum(map(len, connections)), dtype=np.bool_),
        )
    )
    assert together.tolist() == [code for sent in connections for code in expected(sent)]


def test_an_equal_identification_is_the_same_packet_seen_again() -> None:
    assert codes([(0, 10), (0, 10), (10, 10), (0, 10)], 7, [5, 5, 6, 7]) == [NEW, TWICE, NEW, RETRANSMITTED]


def test_one_byte_just_before_the_expected_one_keeps_alive() -> None:
    assert codes([(0, 10), (9, 1), (10, 5)], 7) == [NEW, KEEP_ALIVE, NEW]


def test_four_gigabytes_in_one_connection_wrap_without_a_false_retransmission() -> None:
    step = 1 << 20
    sent = [(index * step, step) for index in range(5000)]
    assert set(codes(sent, 12345, [0] * 5000)) == {NEW}
