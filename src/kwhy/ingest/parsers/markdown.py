"""Issue threads, wiki pages and chat exports: Markdown, Jira or HTML with outputs in fenced code blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: "```", "```console", "~~~", "  ```yaml": CommonMark 0.31, section 4.5 (fenced code blocks), up to three blanks before
_FENCE = expression(r"^ {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
#: "{code}", "{code:bash|title=pods}", "{noformat}": Jira and Confluence; the same line opens and closes.
_BRACES = expression(r"^ {0,3}\{(?P<fence>code|noformat)(?P<info>:[^{}]*)?\}\s*$")
#: "<pre>", "<pre><code>", "</code></pre>": HTML, which issues and wikis allow.
_PRE = expression(r"^\s*(?P<fence>(?:<(?:pre|code)(?: [^<>]{0,200})?>)+|(?:</(?:pre|code)>)+)\s*$")
#: One of these stands in every fence.
_MARKS = ("```", "~~~", "{code", "{noformat", "<pre", "<code", "</pre", "</code")


class _Fence(NamedTuple):
    """``mark`` is what closes the block that the line opens; ``opens`` and ``closes``: what the line can do."""

    mark: str
    opens: bool
    closes: bool


def _fence(line: str) -> _Fence | None:
    if (match := _FENCE.match(line)) is not None:
        return _Fence(match["fence"], opens=True, closes=not match["info"].strip())
    if (match := _BRACES.match(line)) is not None:
        return _Fence("{" + match["fence"], opens=True, closes=match["info"] is None)
    if (match := _PRE.match(line)) is not None:
        ends = match["fence"].startswith("</")
        return _Fence("<pre", opens=not ends, closes=ends)
    return None


def _recognise(head: Head) -> float:
    """A pair of fences, or an opening one that is cut off with the head."""
    if not any(mark in head.text for mark in _MARKS):
        return 0.0
    fences = [fence for line in head.text.split("\n") if (fence := _fence(line)) is not None]
    return 0.99 if len(fences) >= 2 else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    """One nested document per fenced block, and one per stretch of text between them.

    Producers: GitHub, GitLab, Jira, wikis. The text between blocks may hold outputs that nobody fenced.
    """
    start = document.first_line
    block: list[str] = []
    inside = ""
    for number, line in document.lines():
        fence = _fence(line)
        closes = fence is not None and inside and fence.closes and fence.mark.startswith(inside)
        opens = fence is not None and not inside and fence.opens
        if not opens and not closes:
            block.append(line)
            continue
        yield from _nested(document, block, start)
        inside = fence.mark if opens and fence is not None else ""
        block, start = [], number + 1
    yield from _nested(document, block, start)


def _nested(document: Document, block: list[str], start: int) -> Iterator[Document]:
    while block and not block[0].strip():
        block, start = block[1:], start + 1
    if any(line.strip() for line in block):
        data = "\n".join(block).rstrip("\n") + "\n"
        yield Document(document.source, data.encode(), first_line=start, host=document.host, parent=document)


FORMAT = Format("markdown", _recognise, parse)
