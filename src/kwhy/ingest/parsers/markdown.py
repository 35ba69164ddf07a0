"""Issue threads, wiki pages and chat exports: Markdown with outputs in fenced code blocks."""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

# "```", "```console", "~~~", "  ```yaml": CommonMark 0.31, section 4.5 (fenced code blocks), up to three spaces before
_FENCE = expression(r"^ {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")


def _recognise(head: Head) -> float:
    """A pair of fences, or an opening one that is cut off with the head."""
    fences = [match for line in head.text.split("\n") if (match := _FENCE.match(line)) is not None]
    return 0.99 if len(fences) >= 2 else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    """One nested document per fenced block, and one per stretch of text between them.

    Producers: GitHub and GitLab issues, wikis. The text between blocks may hold outputs that nobody fenced.
    """
    start = document.first_line
    block: list[str] = []
    fence = ""
    for number, line in document.lines():
        match = _FENCE.match(line)
        closes = match is not None and fence and match["fence"].startswith(fence) and not match["info"].strip()
        opens = match is not None and not fence
        if not opens and not closes:
            block.append(line)
            continue
        yield from _nested(document, block, start)
        fence = match["fence"] if opens and match is not None else ""
        block, start = [], number + 1
    yield from _nested(document, block, start)


def _nested(document: Document, block: list[str], start: int) -> Iterator[Document]:
    while block and not block[0].strip():
        block, start = block[1:], start + 1
    if any(line.strip() for line in block):
        data = "\n".join(block).rstrip("\n") + "\n"
        yield Document(document.source, data.encode(), first_line=start, host=document.host, parent=document)


FORMAT = Format("markdown", _recognise, parse)
