"""Sources → documents → facts: everything that kwhy reads goes through :func:`read`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO, TypeVar, cast

import msgspec

from kwhy.facts.collection import NotRead
from kwhy.ingest.archives import Opened
from kwhy.ingest.catalogue import all_formats
from kwhy.ingest.decorations import undecorated, without_margin
from kwhy.ingest.encodings import is_binary, normalised
from kwhy.ingest.goroutines.embedded import LoggedDump
from kwhy.ingest.layouts import confirmed, said_by_path
from kwhy.ingest.limits import HEAD_BYTES, Limits
from kwhy.ingest.raw import RawFile, Unreadable
from kwhy.ingest.recognise import CERTAIN, Recognition, recognised
from kwhy.ingest.redact import redacted
from kwhy.ingest.refusals import unread_lines
from kwhy.ingest.session.blocks import begins_several, blocks_of
from kwhy.ingest.session.prose import reads_as_prose
from kwhy.ingest.sources import Opener, files_of
from kwhy.model.diagnosis import Coverage, DocumentCoverage
from kwhy.model.document import Document, Unparsed
from kwhy.model.fact import Fact
from kwhy.model.parsing import Format

F = TypeVar("F")

#: The format that splits itself.
SESSION = "terminal-session"
#: Somebody's own words beside outputs: told from outputs that nobody understood.
PROSE = "prose"
#: How many places of unparsed parts the report names per document; the number of all is kept.
PROBLEMS_SHOWN = 5


class NothingReadable(Exception):  # noqa: N818 - an error of the caller's, named as people would say it
    """None of the sources could be read. ``why`` has one sentence for each."""

    def __init__(self, why: tuple[Unreadable, ...]) -> None:
        super().__init__("; ".join(f"{item.source}: {item.why}" for item in why) or "no source was given")
        self.why = why


class DocumentCount(msgspec.Struct, frozen=True):
    """What one document gave. Nested documents are counted on their own."""

    document: Document
    facts: int
    unparsed: int


class Evidence(msgspec.Struct, frozen=True):
    """Everything that was read.

    ``documents`` holds outer documents before the ones inside them. ``facts`` groups by type, in document order.
    ``unrecognised``: sources that no parser understood or that could not be read, with the reason. ``failed``: parsers
    that raised, a defect of kwhy ("parser NAME on SOURCE: error"). ``notes``: what a reader should know besides.
    """

    documents: tuple[Document, ...]
    facts: dict[type, list[Fact]]
    unparsed: tuple[Unparsed, ...]
    unrecognised: tuple[Unreadable, ...]
    counts: tuple[DocumentCount, ...]
    failed: tuple[str, ...]
    notes: tuple[str, ...]
    bytes_read: int

    def of(self, kind: type[F]) -> list[F]:
        """All facts of one type, in document order."""
        return cast("list[F]", self.facts.get(kind, []))

    def coverage(self) -> Coverage:
        """What was read and what was not understood, for the report."""
        problems: dict[int, list[str]] = {}
        for item in self.unparsed:
            shown = problems.setdefault(id(item.at.document), [])
            if len(shown) < PROBLEMS_SHOWN:
                shown.append(f"{_place(item)}: {item.why}")
        documents = tuple(
            DocumentCoverage(
                count.document.source,
                count.document.format,
                count.facts,
                count.unparsed,
                tuple(problems.get(id(count.document), ())),
            )
            for count in self.counts
        )
        unrecognised = tuple(f"{item.source}: {item.why}" for item in self.unrecognised)
        unrecognised += unread_lines(self.of(NotRead))
        return Coverage(documents, unrecognised, self.failed, self.bytes_read)


def _form(block: Document, formats: Sequence[Format]) -> str | None:
    """What a part of a document is: the name of its format, or prose; None where nothing tells."""
    found = recognised(block, formats).format
    return found.name if found is not None else PROSE if reads_as_prose(block.text) else None


def _place(item: Unparsed) -> str:
    if item.at.path is not None:
        return f"{item.at.source}#{item.at.path}"
    return f"{item.at.source}:{item.at.line}" if item.at.line is not None else item.at.source


def read(
    sources: Sequence[str],
    *,
    progress: Callable[[str], None] | None = None,
    limits: Limits | None = None,
    stdin: BinaryIO | None = None,
    formats: Sequence[Format] | None = None,
    openers: Mapping[str, Opener] | None = None,
) -> Evidence:
    """Read all sources. What cannot be read or understood is listed; the rest goes on.

    ``openers`` open the sources that are no files.
    Raises :class:`NothingReadable` where no source could be read at all.
    """
    reading = _Reading(limits or Limits(), formats if formats is not None else all_formats())
    files = 0
    for item in files_of(sources, limits, stdin, openers):
        if isinstance(item, Unreadable):
            reading.unrecognised.append(item)
            continue
        files += 1
        if progress is not None:
            progress(item.source)
        reading.file(item)
    if not files and (reading.unrecognised or not sources):
        raise NothingReadable(tuple(reading.unrecognised))
    return reading.evidence()


def read_further(evidence: Evidence, items: Iterable[Opened], *, formats: Sequence[Format] | None = None) -> Evidence:
    """``evidence`` and what ``items`` add to it; nothing is read twice."""
    reading = _Reading(
        Limits(),
        formats if formats is not None else all_formats(),
        list(evidence.documents),
        {kind: list(facts) for kind, facts in evidence.facts.items()},
        list(evidence.unparsed),
        list(evidence.unrecognised),
        list(evidence.counts),
        list(evidence.failed),
        list(evidence.notes),
        evidence.bytes_read,
    )
    for item in items:
        if isinstance(item, Unreadable):
            reading.unrecognised.append(item)
        else:
            reading.file(item)
    return reading.evidence()


def read_document(document: Document, formats: Sequence[Format] | None = None) -> Evidence:
    """Read one document that is at hand (``kwhy inspect``, tests)."""
    reading = _Reading(Limits(), formats if formats is not None else all_formats())
    reading.bytes_read = len(document.data)
    reading.document(document)
    return reading.evidence()


@dataclass
class _Reading:
    """What was read so far."""

    limits: Limits
    formats: Sequence[Format]
    documents: list[Document] = field(default_factory=list)
    facts: dict[type, list[Fact]] = field(default_factory=dict)
    unparsed: list[Unparsed] = field(default_factory=list)
    unrecognised: list[Unreadable] = field(default_factory=list)
    counts: list[DocumentCount] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bytes_read: int = 0

    def evidence(self) -> Evidence:
        return Evidence(
            tuple(self.documents),
            self.facts,
            tuple(self.unparsed),
            tuple(self.unrecognised),
            tuple(self.counts),
            tuple(dict.fromkeys(self.failed)),
            tuple(dict.fromkeys(self.notes)),
            self.bytes_read,
        )

    def file(self, file: RawFile) -> None:
        self.bytes_read += len(file.data)
        said = confirmed(said_by_path(file.source), bytes(file.data[:HEAD_BYTES]))
        data = file.data if is_binary(file.data) else normalised(file.data)
        self.document(Document(file.source, data, command=said.command, host=said.host))

    def document(self, document: Document, depth: int = 0) -> None:
        """Parse a document and what is nested in it, depth first, in the order of the source."""
        pending = [(document, depth)]
        while pending:
            current, level = pending.pop()
            nested = self._one(current)
            if nested and level >= self.limits.document_nesting:
                self._set_aside(nested[0], f"more than {level} documents inside each other; not read")
                continue
            pending += [(child, level + 1) for child in reversed(nested)]

    def _one(self, document: Document) -> list[Document]:
        self.documents.append(document)
        recognition = self._recognised(document)
        self.failed += recognition.failures
        chosen = recognition.format
        may_hold_several = not isinstance(document, LoggedDump) and (chosen is None or chosen.name != SESSION)
        if may_hold_several and (blocks := self._several_outputs(document, recognition.binary)):
            document.format = "several-outputs"
            self.counts.append(DocumentCount(document, 0, 0))
            return blocks
        if chosen is None:
            self._without_format(document, recognition.binary)
            return []
        document.format = chosen.name
        if recognition.rivals:
            self.notes.append(
                f"{document.source} reads as {chosen.name} and as {', '.join(recognition.rivals)}; taken as the first"
            )
        return self._parsed(document, chosen)

    def _recognised(self, document: Document) -> Recognition:
        """What the document is, read without what an editor, a chat or a web page put before its lines."""
        if not is_binary(document.data):
            document.data = undecorated(document.data)
        recognition = recognised(document, self.formats)
        if recognition.binary or recognition.score >= CERTAIN or (plain := without_margin(document.data)) is None:
            return recognition
        bare = replace(document, data=plain)
        other = recognised(bare, self.formats)
        if other.score <= recognition.score:
            return recognition
        document.data = plain
        return other

    def _several_outputs(self, document: Document, binary: bool) -> list[Document]:
        """The parts of a document in which outputs of different formats are glued together; nothing if it is one."""
        if binary or not begins_several(bytes(document.data[:HEAD_BYTES])):
            return []
        blocks = blocks_of(document)
        found = {_form(block, self.formats) for block in blocks} - {None}
        return blocks if len(found) >= 2 else []

    def _without_format(self, document: Document, binary: bool) -> None:
        if not document.data:
            document.format = "empty"
            self.counts.append(DocumentCount(document, 0, 0))
        elif document.parent is not None and not binary and reads_as_prose(document.text):
            document.format = PROSE
            self.counts.append(DocumentCount(document, 0, 0))
        elif binary:
            self._set_aside(document, "binary data of no known format")
        else:
            self._set_aside(document, "no parser recognises its contents")

    def _set_aside(self, document: Document, why: str) -> None:
        place = document.source if document.first_line == 1 else f"{document.source}:{document.first_line}"
        of = f", output of `{redacted(document.command)}`" if document.command else ""
        self.unrecognised.append(Unreadable(place, why + of))

    def _parsed(self, document: Document, chosen: Format) -> list[Document]:
        nested: list[Document] = []
        facts = unparsed = 0
        for item in self._guarded(document, chosen):
            if isinstance(item, Document):
                nested.append(item)
            elif isinstance(item, Unparsed):
                unparsed += 1
                self.unparsed.append(item)
            else:
                facts += 1
                kind = type(item)
                if (same := self.facts.get(kind)) is None:
                    same = self.facts[kind] = []
                same.append(item)
        self.counts.append(DocumentCount(document, facts, unparsed))
        return nested

    def _guarded(self, document: Document, chosen: Format) -> Iterator[Fact | Document | Unparsed]:
        """The one boundary at which a defect of a parser is caught: recorded, and the rest is read on."""
        try:
            yield from chosen.parse(document)
        except Exception as error:  # noqa: BLE001 - see the docstring
            self.failed.append(f"parser {chosen.name} on {document.source}: {type(error).__name__}: {error}")
