"""Lines of a terminal page: styled pieces, wrapped by the cells that their characters take.

The report needs a label, wrapped text and a place at the right edge, nothing else; importing a library's whole console
for that would take a tenth of a small diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from rich.cells import cell_len, chop_cells

from kwhy.model.expressions import expression

#: Select Graphic Rendition parameters (ECMA-48 8.3.117).
_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
_WORD = expression(r"\s*\S+\s*")


class Line(msgspec.Struct):
    """Pieces of text with their styles ("bold red")."""

    pieces: list[tuple[str, str]]

    @property
    def cells(self) -> int:
        return sum(cell_len(text) for text, _ in self.pieces)

    def plain(self) -> str:
        return "".join(text for text, _ in self.pieces).rstrip()

    def coloured(self) -> str:
        """The line with its escape sequences; blanks at its end are dropped."""
        kept = len(self.plain())
        shown: list[str] = []
        for text, style in self.pieces:
            text, kept = text[:kept], max(kept - len(text), 0)
            codes = sorted({_CODES[word] for word in style.split()})
            if text:
                shown.append(f"\x1b[{';'.join(map(str, codes))}m{text}\x1b[0m" if codes else text)
        return "".join(shown)


def wrapped(text: str, width: int) -> Iterator[str]:
    """``text`` in lines of at most ``width`` cells, without blanks at their ends; words too long are folded."""
    for line in text.split("\n"):
        start = 0
        for end in [*_breaks(line, width), len(line)]:
            yield line[start:end].rstrip()
            start = end


def _breaks(text: str, width: int) -> Iterator[int]:
    """Where a line has to be broken. A word brings the blanks behind it, which may stand beyond the edge."""
    used = 0
    for found in _WORD.finditer(text):
        word, start = found[0], found.start()
        length = cell_len(word.rstrip())
        if length <= width - used:
            used += cell_len(word)
        elif length > width:
            for piece in chop_cells(word, width):
                if start:
                    yield start
                start += len(piece)
                used = cell_len(piece)
        elif used and start:
            yield start
            used = cell_len(word)
