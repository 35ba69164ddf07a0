"""Given a file of expectations, names and networks; given anything else, plain words about it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.expectations import Expectation
from kwhy.ingest.parsers.expectations import FORMAT, parse, recognise
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

TEXT = """\
# kwhy expect
---
store.objects.example: 10.219.0.0/16   # the private line
"*.corp.example": [10.0.0.0/8, 192.168.0.0/16]
peers:
  - 10.0.0.0/8
  - fd00::/8
"""


def expected(text: str) -> list[Expectation]:
    return [fact for fact in parse(Document("expect.yaml", text.encode())) if isinstance(fact, Expectation)]


def complaints(text: str) -> list[str]:
    return [fact.why for fact in parse(Document("expect.yaml", text.encode())) if isinstance(fact, Unparsed)]


def test_names_are_read_with_their_networks_and_lines() -> None:
    found = expected(TEXT)
    assert [(e.name, e.networks, e.at.line) for e in found] == [
        ("store.objects.example", ("10.219.0.0/16",), 3),
        ("*.corp.example", ("10.0.0.0/8", "192.168.0.0/16"), 4),
        ("peers", ("10.0.0.0/8", "fd00::/8"), 5),
    ]
    assert complaints(TEXT) == []


def test_a_star_stands_for_the_names_below() -> None:
    corp = expected(TEXT)[1]
    assert corp.concerns("db.corp.example.")
    assert not corp.concerns("corp.example")
    assert corp.admits("192.168.3.4")
    assert not corp.admits("100.64.249.132")
    assert not corp.admits("fd00::1")


def test_what_is_no_network_is_said_with_its_line() -> None:
    assert complaints("db: ten\n") == [
        "'ten' is no network; one like 10.219.0.0/16 was expected",
        "no network is given for db",
    ]
    assert complaints("- 10.0.0.0/8\n") == ["a network of no name; the name belongs in a line before"]
    assert len(complaints("what is this\n")) == 1


def test_it_is_recognised_by_its_first_line_only() -> None:
    assert recognise(Head(TEXT, len(TEXT), None)) == 1.0
    assert recognise(Head("kind: Pod\n", 10, None)) == 0.0
    assert FORMAT.name == "expectations"


@given(st.text(max_size=300))
def test_any_text_is_read_to_its_end(text: str) -> None:
    list(parse(Document("x", text.encode("utf-8", "replace"))))
