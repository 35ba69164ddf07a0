"""Counters of connection tracking are added over the processors, whichever file or program shows them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.conntrack import ConntrackCounters
from kwhy.facts.network import Sysctl
from kwhy.ingest.parsers.conntrack_stats import FORMAT
from kwhy.model.document import Document
from kwhy.model.parsing import Head

RECORDED = Path(__file__).parent / "network"
TEXT = (RECORDED / "conntrack_S.txt").read_text()
PROC = (RECORDED / "proc_net_stat_nf_conntrack.txt").read_text()


def read(text: str, command: str | None = None) -> list[object]:
    return list(FORMAT.parse(Document("s.txt", text.encode(), command=command)))


def counters(text: str) -> ConntrackCounters:
    return next(item for item in read(text) if isinstance(item, ConntrackCounters))


def test_both_forms_are_recognised_by_content() -> None:
    for text in (TEXT, PROC):
        assert FORMAT.recognise(Head(text, len(text), None)) > 0.9


def test_values_of_all_processors_are_added_and_the_first_line_that_has_one_is_quoted() -> None:
    text = TEXT.replace("drop=0", "drop=3", 1).replace("insert_failed=0", "insert_failed=2")
    found = counters(text)
    assert (found["drop"], found["insert_failed"], found["early_drop"]) == (3, 4, 0)
    assert found.at_counter["drop"].line == 1
    assert "early_drop" not in found.at_counter


def test_the_file_counts_in_hexadecimal() -> None:
    head, row, *_ = PROC.splitlines()
    columns = row.split()
    columns[head.split().index("drop")] = "0000001f"
    found = counters(f"{head}\n{' '.join(columns)}\n")
    assert (found["drop"], found["clash_resolve"]) == (31, 0)


def test_the_bare_count_is_known_by_its_command() -> None:
    assert FORMAT.recognise(Head("262144\n", 7, "conntrack -C")) > 0.9
    assert FORMAT.recognise(Head("262144\n", 7, None)) == 0.0
    found = read("262144\n", "conntrack -C")
    assert [(item.key, item.value) for item in found if isinstance(item, Sysctl)] == [
        ("net.netfilter.nf_conntrack_count", "262144")
    ]


@given(st.text(max_size=300))
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert isinstance(read(text), list)


@given(st.integers(0, len(PROC)), st.text(max_size=20))
def test_damaged_counters_are_read_to_their_end(at: int, junk: str) -> None:
    assert read(PROC[:at] + junk + PROC[at + 5 :])


def test_a_long_line_of_digits_is_looked_at_once() -> None:
    # one word of 100 000 digits can be cut into words of 8 to 16 in more ways than anybody has time for
    assert FORMAT.recognise(Head("1" * 100_000, 100_000, None)) == 0.0
