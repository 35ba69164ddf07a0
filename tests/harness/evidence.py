"""The evidence of a case: read once per process, and cut down or added to without reading again."""

from __future__ import annotations

import tarfile
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath

import msgspec
from tests.harness.case import Case, Recorded

from kwhy.ingest.reading import Evidence, read, read_document
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.document import Document
from kwhy.model.fact import Fact
from kwhy.pipeline import diagnose_evidence


@cache
def evidence_of(recorded: Recorded) -> Evidence:
    return read([str(recorded.source)])


@cache
def diagnosis_of(recorded: Recorded) -> Diagnosis:
    """The diagnosis of everything that was recorded."""
    return judged(recorded.case, evidence_of(recorded))


def judged(case: Case, evidence: Evidence) -> Diagnosis:
    """The diagnosis of some of a case's evidence, with the question that was asked."""
    return diagnose_evidence(evidence, symptom=case.symptom)


@cache
def files_of(recorded: Recorded) -> Mapping[str, bytes]:
    """The recorded files by their path within the evidence."""
    source = recorded.source
    if source.is_dir():
        paths = [path for path in sorted(source.rglob("*")) if path.is_file()]
        return {path.relative_to(source).as_posix(): path.read_bytes() for path in paths}
    files = {}
    with tarfile.open(source) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                files[member.name] = content.read()
    return files


def read_files(files: Mapping[str, bytes], folder: Path) -> Evidence:
    """Lay files into an empty folder and read it."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return read([str(folder)])


def root_document(document: Document) -> Document:
    """The file that a document lies in."""
    while document.parent is not None:
        document = document.parent
    return document


def sources_of(evidence: Evidence) -> list[str]:
    """The files of the evidence, in the order in which they were read."""
    return list(dict.fromkeys(root_document(document).source for document in evidence.documents))


def only(evidence: Evidence, sources: Collection[str]) -> Evidence:
    """The evidence with these files alone."""
    kept = {id(d) for d in evidence.documents if root_document(d).source in sources}
    facts = {kind: same for kind, every in evidence.facts.items() if (same := _within(every, kept))}
    return msgspec.structs.replace(
        evidence,
        documents=tuple(d for d in evidence.documents if id(d) in kept),
        facts=facts,
        unparsed=tuple(item for item in evidence.unparsed if id(item.at.document) in kept),
        counts=tuple(count for count in evidence.counts if id(count.document) in kept),
    )


def _within(facts: Iterable[Fact], documents: Collection[int]) -> list[Fact]:
    return [fact for fact in facts if id(_document_of(fact)) in documents]


def _document_of(fact: Fact) -> Document:
    document = getattr(fact, "document", None)
    return document if isinstance(document, Document) else fact.at.document


def in_order(evidence: Evidence, sources: Iterable[str]) -> Evidence:
    """The same evidence with its files in another order."""
    place = {source: position for position, source in enumerate(sources)}

    def position(document: Document) -> int:
        return place[root_document(document).source]

    return msgspec.structs.replace(
        evidence,
        documents=tuple(sorted(evidence.documents, key=position)),
        facts={
            kind: sorted(same, key=lambda fact: position(_document_of(fact))) for kind, same in evidence.facts.items()
        },
    )


def together(*parts: Evidence) -> Evidence:
    """One evidence from several."""
    facts: dict[type, list[Fact]] = {}
    for part in parts:
        for kind, same in part.facts.items():
            facts.setdefault(kind, []).extend(same)
    first = parts[0]
    return msgspec.structs.replace(
        first,
        documents=tuple(document for part in parts for document in part.documents),
        facts=facts,
        unparsed=tuple(item for part in parts for item in part.unparsed),
        counts=tuple(count for part in parts for count in part.counts),
    )


def read_text(source: str, data: bytes) -> Evidence:
    """Evidence of one file made by a test."""
    return read_document(Document(source, data))


def is_text(source: str) -> bool:
    """Whether a recorded file holds what kubectl prints or logs, not objects of the API."""
    return PurePosixPath(source).parts[0] != "objects"
