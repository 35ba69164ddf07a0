"""Which format a document has, by its content: every format scores, the best wins, ties are told."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kwhy.ingest.encodings import is_binary
from kwhy.ingest.limits import HEAD_BYTES
from kwhy.model.document import Document
from kwhy.model.parsing import Format, Head

#: Formats that score less are not believed: the document is reported as unrecognised.
THRESHOLD = 0.3
#: Binary data is believed to be of a format only where its magic bytes stand.
BINARY_THRESHOLD = 0.9

#: A first look takes so many bytes; its verdict stands where the best score is this high and leads by this much.
FIRST_LOOK = 4096
CERTAIN = 0.9
CLEAR = 0.1


class Recognition(msgspec.Struct, frozen=True):
    """``rivals`` are the names of other formats with the same score; ``failures`` say which recognisers raised.

    ``binary``: the document is no text.
    """

    format: Format | None
    score: float
    binary: bool
    rivals: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def head_of(document: Document, limit: int = HEAD_BYTES, binary: bool | None = None) -> Head:
    """The beginning of a document, cut at a line end where it was cut. Binary data reads as Latin-1, byte by byte.

    ``binary``: what is known of it already.
    """
    data = bytes(document.data[:limit])
    if is_binary(data) if binary is None else binary:
        return Head(data.decode("latin-1"), len(document.data), document.command)
    if len(document.data) > limit:
        data = data[: data.rfind(b"\n") + 1] or data
    return Head(data.decode("utf-8", "replace"), len(document.data), document.command)


def recognised(document: Document, formats: Sequence[Format]) -> Recognition:
    """The best of ``formats`` for ``document``. A recogniser that raises is a defect of kwhy and scores nothing.

    Most documents show in their first lines what they are; only where these leave doubt is more of them looked at.
    """
    binary = is_binary(document.data)
    if len(document.data) > 2 * FIRST_LOOK:
        first = _ranked(head_of(document, FIRST_LOOK), formats)
        if first.certain:
            return first.recognition(binary)
    return _ranked(head_of(document, binary=binary), formats).recognition(binary)


class _Ranking(msgspec.Struct, frozen=True):
    """All scores above nothing, best first."""

    scores: tuple[tuple[float, Format], ...]
    failures: tuple[str, ...]

    @property
    def certain(self) -> bool:
        best = self.scores[0][0] if self.scores else 0.0
        second = self.scores[1][0] if len(self.scores) > 1 else 0.0
        return best >= CERTAIN and best - second >= CLEAR

    def recognition(self, binary: bool) -> Recognition:
        threshold = BINARY_THRESHOLD if binary else THRESHOLD
        best = self.scores[0][0] if self.scores else 0.0
        if best < threshold:
            return Recognition(None, best, binary, (), self.failures)
        winners = [candidate for score, candidate in self.scores if score == best]
        return Recognition(winners[0], best, binary, tuple(winner.name for winner in winners[1:]), self.failures)


def _ranked(head: Head, formats: Sequence[Format]) -> _Ranking:
    scores: list[tuple[float, Format]] = []
    failures: list[str] = []
    for candidate in formats:
        try:
            score = candidate.recognise(head)
        except Exception as error:  # noqa: BLE001 - the boundary at which defects of recognisers are recorded
            failures.append(f"recogniser of {candidate.name}: {type(error).__name__}: {error}")
            continue
        if score > 0.0:
            scores.append((score, candidate))
    scores.sort(key=lambda item: -item[0])
    return _Ranking(tuple(scores), tuple(failures))
