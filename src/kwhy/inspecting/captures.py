"""Packet captures: the tables of kwhy.ingest.capture.summary, one set per capture."""

from __future__ import annotations

from collections import defaultdict

from kwhy.facts.packets import Capture, EchoExchange, Flow, IcmpError, NeighbourQuestion
from kwhy.ingest.capture.summary import summary_of
from kwhy.ingest.reading import Evidence
from kwhy.inspecting.dialogues import dialogue_parts
from kwhy.model.fact import Fact
from kwhy.model.inspection import Part, Row
from kwhy.model.parsing import Parsed


def capture_parts(evidence: Evidence, most: int | None) -> list[Part]:
    """``most``: rows per table; None shows all."""
    by_document: dict[int, list[Parsed]] = defaultdict(list)
    found: tuple[Fact, ...] = (
        *evidence.of(Capture),
        *evidence.of(Flow),
        *evidence.of(IcmpError),
        *evidence.of(EchoExchange),
        *evidence.of(NeighbourQuestion),
    )
    for fact in found:
        by_document[id(fact.at.document)].append(fact)
    parts: list[Part] = []
    for capture in evidence.of(Capture):
        document = capture.at.document
        for section in summary_of(by_document.pop(id(document), []), most if most is not None else 1 << 30):
            rows = tuple(Row(row) for row in section.rows)
            parts.append(Part(f"{section.title} of {document.source}", section.header, rows, section.left_out))
        parts += dialogue_parts(evidence, document, most)
    return parts
