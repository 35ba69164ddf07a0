from __future__ import annotations

from html.parser import HTMLParser

import pytest

from kwhy.model.diagnosis import Diagnosis
from kwhy.reports import html

VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Collects tags and checks that they nest."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


@pytest.mark.parametrize("name", ["explained", "healthy", "insufficient", "unexplained", "hostile"])
def test_the_page_is_well_formed_and_loads_nothing(name: str, request: pytest.FixtureRequest) -> None:
    tags = read(html.render(request.getfixturevalue(name))).tags
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object"}
    assert not {attribute for _, attributes in tags for attribute in attributes} & {"src", "href", "onload", "style"}


def test_the_root_cause_is_title_and_first_heading(explained: Diagnosis) -> None:
    page = html.render(explained)
    assert "<title>kwhy: terwayd on node n1 waits" in page
    assert page.index("Root cause 96 %") < page.index("<h3>Proof</h3>") < page.index("<h3>Leads to</h3>")


def test_hostile_evidence_is_text(hostile: Diagnosis) -> None:
    page = html.render(hostile)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\x1b" not in page
