from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kwhy.model.diagnosis import Diagnosis
from kwhy.reports import markdown

COMMONMARK = MarkdownIt("commonmark")


def test_the_root_cause_is_the_first_heading_below_the_verdict(explained: Diagnosis) -> None:
    headings = [line for line in markdown.render(explained).splitlines() if line.startswith("#")]
    assert headings[0] == "# kwhy: explained"
    assert headings[1].startswith("## Root cause (96 %): terwayd on node n1 waits")


def test_proof_lines_quote_the_evidence_as_code(explained: Diagnosis) -> None:
    assert "`goroutine 67570 [syscall, 1595 minutes, locked to thread]:`" in markdown.render(explained)


def test_hostile_evidence_is_shown_and_never_becomes_markup(hostile: Diagnosis) -> None:
    html = COMMONMARK.render(markdown.render(hostile))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<strong>x</strong>" not in html


@given(st.text(max_size=80))
def test_any_text_in_a_code_span_stays_one_code_span(text: str) -> None:
    one_line = " ".join(text.split())
    html = COMMONMARK.render(f"- {markdown.code(one_line)}")
    assert html.count("<code>") == 1


@given(st.text(alphabet=st.sampled_from("*_`<>[]()#!~|&1.-+=\\ab$ "), max_size=40))
def test_escaped_text_never_becomes_markup(text: str) -> None:
    html = COMMONMARK.render(f"- x {markdown.escaped(' '.join(text.split()))}")
    assert {part.split(">")[0] for part in html.split("<")[1:]} <= {"ul", "/ul", "li", "/li"}
