from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kwhy.reports.page import Line, wrapped

words = st.text(alphabet="ab 节点。\u00a0", max_size=60)


@given(words, st.integers(2, 30))
def test_wrapping_keeps_every_character_that_shows_and_never_passes_the_edge(text: str, width: int) -> None:
    lines = list(wrapped(text, width))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= width for line in lines)


def test_lines_break_between_words() -> None:
    assert list(wrapped("one two three", 8)) == ["one two", "three"]


def test_a_word_wider_than_the_page_is_folded() -> None:
    assert list(wrapped("节点未就绪", 4)) == ["节点", "未就", "绪"]


def test_an_empty_text_is_one_empty_line() -> None:
    assert list(wrapped("", 10)) == [""]


def test_colours_are_escape_sequences_around_the_same_text() -> None:
    line = Line([("ROOT ", "bold red"), ("plain", ""), ("  ", "dim"), ("   ", "")])
    assert line.coloured() == "\x1b[1;31mROOT \x1b[0mplain"
    assert re.sub(r"\x1b\[[\d;]*m", "", line.coloured()) == line.plain()
