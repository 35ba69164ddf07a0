"""The Table that the API server renders (`kubectl get --raw` with Accept: …as=Table): cells, no objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from kwhy.facts.objects import ApiStruct, ObjectMeta, Observation
from kwhy.ingest.api.collecting import DECODE_ERRORS, Collected
from kwhy.ingest.kubectl.command import parse_command
from kwhy.ingest.kubectl.kinds import bare
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Parsed


class _Column(ApiStruct, frozen=True):
    name: str = ""


class _RowObject(ApiStruct, frozen=True):
    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()


class _Row(ApiStruct, frozen=True):
    cells: list[Any] | None = None
    object: msgspec.Raw = msgspec.Raw()


class _Table(ApiStruct, frozen=True):
    """metav1.Table (k8s.io/apimachinery v0.34 pkg/apis/meta/v1/types.go)."""

    column_definitions: list[_Column] | None = None
    rows: list[_Row] | None = None


def table_facts(document: Document, raw: bytes, prefix: str) -> Iterator[Parsed]:
    """One partial observation per row; whole objects where the rows carry them (includeObject=Object)."""
    try:
        table = msgspec.json.decode(raw, type=_Table)
    except DECODE_ERRORS as error:
        yield Unparsed(document.at(path=prefix.rstrip(".")), f"a Table of the API server was expected: {error}")
        return
    columns = [column.name.upper() for column in table.column_definitions or []]
    command = parse_command(document.command)
    asked = command.kinds[0] if command is not None and len(command.kinds) == 1 else ""
    whole = Collected(document, f"{prefix}rows")
    for index, row in enumerate(table.rows or []):
        path = f"{prefix}rows[{index}]"
        shown = _shown(row)
        if shown is None or not shown.metadata.name:
            yield Unparsed(document.at(path=path), "a row that does not say which object it shows")
        elif shown.kind not in ("", "PartialObjectMetadata"):
            whole.raw(row.object, index)
        elif not asked:
            yield Unparsed(document.at(path=path), "a row of a Table; neither it nor a command line says of which kind")
        else:
            cells = {name: str(cell) for name, cell in zip(columns, row.cells or [], strict=False)}
            struct = bare(asked, shown.metadata)
            yield Observation(
                struct, document, whole=False, path=f"{path}.object", printed=cells, observed=document.captured
            )
    yield from whole.facts()


def _shown(row: _Row) -> _RowObject | None:
    try:
        return msgspec.json.decode(row.object, type=_RowObject)
    except DECODE_ERRORS:
        return None
