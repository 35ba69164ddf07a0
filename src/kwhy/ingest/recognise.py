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


class Recognition(msgspec.Struct, frozen=True):
    """``rivals`` are the names of other formats with the same score; ``failures`` say which recognisers raised."""

    format: Format | None
    score: float
    rivals: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def head_of(document: Document) -> Head:
    """The beginning of a document, cut at a line end where it was cut. Binary data reads as Latin-1, byte by byte."""
    data = bytes(document.data[:HEAD_BYTES])
    if is_binary(data):
        return Head(data.decode("latin-1"), len(document.data), document.command)
    if len(document.data) > HEAD_BYTES:
        data = data[: data.rfind(b"\n") + 1] or data
    return Head(data.decode("utf-8", "replace"), len(document.data), document.command)


def recognised(document: Document, formats: Sequence[Format]) -> Recognition:
    """The best of ``formats`` for ``document``. A recogniser that raises is a defect of kwhy and scores nothing."""
    head = head_of(document)
    threshold = BINARY_THRESHOLD if is_binary(document.data) else THRESHOLD
    scores: list[tuple[float, Format]] = []
    failures: list[str] = []
    for candidate in formats:
        try:
            scores.append((candidate.recognise(head), candidate))
        except Exception as error:  # noqa: BLE001 - the boundary at which defects of recognisers are recorded
            failures.append(f"recogniser of {candidate.name}: {type(error).__name__}: {error}")
    best = max((score for score, _ in scores), default=0.0)
    if best < threshold:
        return Recognition(None, best, (), tuple(failures))
    winners = [candidate for score, candidate in scores if score == best]
    return Recognition(winners[0], best, tuple(winner.name for winner in winners[1:]), tuple(failures))
