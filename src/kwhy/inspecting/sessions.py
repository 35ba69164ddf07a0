"""Sessions and glued outputs: the commands that were found, and what their outputs were taken for."""

from __future__ import annotations

from kwhy.ingest.reading import Evidence
from kwhy.inspecting.rows import shortened
from kwhy.model.inspection import Part, Row

NOT_TOLD = "(no prompt)"


def session_parts(evidence: Evidence, most: int | None) -> list[Part]:
    """``most``: commands per part; None shows all."""
    facts = {id(count.document): count.facts for count in evidence.counts}
    rows = [
        Row(
            (document.command or NOT_TOLD, document.host or "", document.format, str(facts.get(id(document), 0))),
            f"{document.source}:{document.first_line}",
        )
        for document in evidence.documents
        if document.parent is not None
    ]
    part = shortened("Commands", ("command", "host", "read as", "facts"), rows, most)
    return [part] if part.rows else []
