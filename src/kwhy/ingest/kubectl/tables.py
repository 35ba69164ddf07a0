"""One `kubectl get`, `kubectl top` or `kubectl events` table to facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import UNSET

from kwhy.facts.kubectl import ReadyEndpoints, printed_age
from kwhy.facts.objects import Event, ObjectMeta, Observation
from kwhy.ingest.kubectl.columns import FREE_TEXT, Header, cut_at, read_header, split_row, unwrap
from kwhy.ingest.kubectl.command import KubectlCommand
from kwhy.ingest.kubectl.events import event_of_row, is_event_header
from kwhy.ingest.kubectl.kinds import is_known, kind_of, resource
from kwhy.ingest.kubectl.rows import HEADLESS, api_object, kind_by_columns
from kwhy.ingest.kubectl.words import EMPTY, label_list
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject

TableFact = Observation | Event | ReadyEndpoints | Unparsed
Lines = list[tuple[int, str]]


class _Row(NamedTuple):
    line: int
    text: str
    cells: dict[str, str]


#: Paths of -o custom-columns that stand for a column of the default table.
_PATHS = {"metadata.name": "NAME", "metadata.namespace": "NAMESPACE", "spec.nodeName": "NODE", "status.podIP": "IP"}


def starts_table(line: str, command: KubectlCommand | None) -> bool:
    """Whether ``line`` is the header of a table that kwhy reads."""
    header = read_header(line)
    if header is None:
        return False
    if command is not None and command.verb in ("get", "top", "events") and command.prints_text:
        return True
    return _shows_objects(header)


def _shows_objects(header: Header) -> bool:
    first = header.names[1] if header.names[0] == "NAMESPACE" else header.names[0]
    if is_event_header(header):
        return True
    if first not in ("NAME", "POD"):
        return False
    return kind_by_columns(header.names, ()) is not None or header.names[-1] == "AGE" or "AGE" in header.names


def read_table(lines: Lines, document: Document, command: KubectlCommand | None) -> Iterator[TableFact]:
    """The facts of one table, ``lines`` being its header (if it has one) and its rows."""
    lines = unwrap(lines)
    header = _custom_header(lines[0][1], command) or read_header(lines[0][1])
    if header is None:
        yield from _headless(lines, document, command)
        return
    rows: list[_Row] = []
    width = cut_at([text for _, text in lines])
    for number, text in lines[1:]:
        cells = split_row(text, header)
        if cells is None or sum(bool(cell) for cell in cells) < 2:
            yield Unparsed(
                document.at(number, excerpt=text.strip()), f"expected the columns {', '.join(header.names)} here"
            )
            continue
        row = dict(zip(header.names, cells, strict=True))
        if width is not None and len(text) == width:
            _drop_cut_cell(row)
        rows.append(_Row(number, text, row))
    yield from _facts(rows, header, document, command)


def _custom_header(line: str, command: KubectlCommand | None) -> Header | None:
    """The header of -o custom-columns, its columns named by their paths: STATUS may show any field."""
    if command is None or not command.columns:
        return None
    starts: list[int] = []
    position = 0
    for name, _ in command.columns:
        position = line.find(name, position)
        if position < 0:
            return None
        starts.append(position)
        position += len(name)
    names = tuple(_PATHS.get(path, path) for _, path in command.columns)
    return Header(names, tuple(starts)) if len(set(names)) == len(names) else None


def _drop_cut_cell(row: dict[str, str]) -> None:
    """Forget the last cell of a row that the terminal cut, unless it is evidently entire."""
    last = next((name for name in reversed(row) if row[name]), None)
    if last is None or last in FREE_TEXT or row[last] in EMPTY or printed_age(row[last]) is not None:
        return
    if last == "LABELS" and f"-{row[last].rpartition('=')[2]}-" in row.get("NAME", ""):
        return  # the last label is the whole pod-template-hash, which stands in the pod's name too
    del row[last]


def _headless(lines: Lines, document: Document, command: KubectlCommand | None) -> Iterator[TableFact]:
    rows = []
    for number, text in lines:
        cells = _headless_cells(text, command)
        if cells is None:
            yield Unparsed(document.at(number, excerpt=text.strip()), "expected a table of kubectl with a header here")
        else:
            rows.append(_Row(number, text, cells))
    if rows:
        names = max((tuple(row.cells) for row in rows), key=len)
        yield from _facts(rows, Header(names, tuple(range(len(names)))), document, command)


_GAP = expression(r" {2,}|\t+")


def _headless_cells(text: str, command: KubectlCommand | None) -> dict[str, str] | None:
    """The cells of a row without header, where the command tells the kind."""
    if command is None or command.verb not in ("get", "events") or not command.prints_text:
        return None
    first = _GAP.split(text.strip(), maxsplit=2)[1 if command.all_namespaces and "  " in text.strip() else 0]
    prefix = resource(first.partition("/")[0]) if "/" in first else None
    kind = prefix.kind if prefix else command.kinds[0] if len(command.kinds) == 1 else ""
    if command.output == "name":
        return {"NAME": text.strip()} if "/" in text and " " not in text.strip() else None
    default, wide = HEADLESS.get(kind, ((), ()))
    if not default:
        return None
    names = (("NAMESPACE",) if command.all_namespaces else ()) + default + (wide if command.output == "wide" else ())
    required = len(default) + command.all_namespaces
    cells = _GAP.split(text.strip(), maxsplit=len(names) - 1 if names[-1] in FREE_TEXT else 0)
    if not required <= len(cells) <= len(names):
        return None
    return dict(zip(names, cells, strict=False))


def _facts(rows: list[_Row], header: Header, document: Document, command: KubectlCommand | None) -> Iterator[TableFact]:
    if is_event_header(header) and (command is None or command.kinds in ((), ("Event",)) or "Event" in command.kinds):
        yield from _events(rows, document, command)
        return
    kind = _kind(header, rows, command)
    seen: dict[tuple[str, str, str], Observation] = {}
    for row in rows:
        observation = _observation(row, kind, document, command)
        if observation is None:
            why = "a row of a table whose kind neither its columns nor the command tell"
            yield Unparsed(document.at(row.line, excerpt=row.text.strip()), why)
            continue
        if command is not None and command.watch:  # a later row is a later sight of the same object
            meta = observation.object.metadata
            seen[observation.kind, meta.namespace, meta.name] = observation
            continue
        yield from _with_endpoints(observation, row, document)
    yield from seen.values()


def _events(rows: list[_Row], document: Document, command: KubectlCommand | None) -> Iterator[TableFact]:
    namespace = (command.namespace or "") if command else ""
    for row in rows:
        event = event_of_row(row.cells, namespace, row.line, row.text.strip(), document)
        yield event or Unparsed(
            document.at(row.line, excerpt=row.text.strip()), "expected a row of `kubectl get events` here"
        )


def _kind(header: Header, rows: list[_Row], command: KubectlCommand | None) -> str | None:
    """The kind of rows without a resource prefix."""
    told = kind_by_columns(header.names, [row.cells for row in rows])
    asked = command.kinds[0] if command is not None and len(command.kinds) == 1 else None
    if asked is None:
        return told
    if told is not None and is_known(asked):
        return told  # two kinds that kwhy knows: what was printed decides
    return asked


def _observation(row: _Row, kind: str | None, document: Document, command: KubectlCommand | None) -> Observation | None:
    cells = row.cells
    name = cells.get("POD") or cells.get("NAME", "")
    prefix, slash, rest = name.partition("/")
    if slash and rest:
        kind, name = kind_of(prefix), rest
    if kind is None or not name:
        return None
    if kind == "StorageClass":
        name = name.removesuffix(" (default)")
    namespace = cells.get("NAMESPACE") or (command.namespace_of(kind) if command else "")
    metadata = ObjectMeta(
        name=name, namespace=namespace, labels=label_list(cells["LABELS"]) if "LABELS" in cells else UNSET
    )
    return Observation(
        object=api_object(kind, metadata, cells),
        document=document,
        whole=False,
        line=row.line,
        printed=cells
        if "POD" not in cells
        else {f"{key} {cells.get('NAME', '')}": value for key, value in cells.items()},
        observed=document.captured,
    )


#: formatEndpoints: "10.244.0.5:80,10.244.0.6:80,10.244.0.7:80 + 2 more...".
_ENDPOINTS = expression(r"(?P<list>[^\s+]*)(?: \+ (?P<more>\d{1,9}) more\.\.\.)?")


def ready_endpoints(text: str) -> tuple[tuple[str, ...], int] | None:
    """The addresses that formatEndpoints printed, and how many more there are."""
    text = text.strip()
    if text in EMPTY:
        return (), 0
    matched = _ENDPOINTS.fullmatch(text)
    if matched is None:
        return None
    return tuple(address for address in matched["list"].split(",") if address), int(matched["more"] or 0)


def _with_endpoints(observation: Observation, row: _Row, document: Document) -> Iterator[TableFact]:
    yield observation
    if observation.kind != "Endpoints" or "ENDPOINTS" not in row.cells:
        return
    shown = ready_endpoints(row.cells["ENDPOINTS"])
    if shown is not None:
        meta = observation.object.metadata
        service = Subject("Service", meta.name, meta.namespace or None)
        yield ReadyEndpoints(service, "", shown[0], shown[1], document.at(row.line, excerpt=row.text.strip()))
