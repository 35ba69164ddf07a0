"""The account that `kwhy collect` gives of its reading becomes facts, whatever it is mutilated to."""

from __future__ import annotations

import lzma
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.collection import Collection, NotRead
from kwhy.ingest.manifest import Manifest, ReadList, Refusal, written
from kwhy.ingest.parsers.collection import FORMAT
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document, Unparsed
from kwhy.model.time import Moment

FIXTURE = Path(__file__).parents[2] / "fixtures" / "live" / "responses.json.xz"

FORBIDDEN = Refusal("list", "secrets", "", "Secret", "secrets is forbidden", "shop", forbidden=True)
MANIFEST = Manifest(
    kwhy="0.1.0",
    finished="2026-11-22T02:47:39Z",
    server_version="v1.34.4",
    narrowed="Only namespace shop was read.",
    whole=(ReadList("api/v1/pods.json", 90),),
    not_read=(FORBIDDEN,),
)


def test_an_account_is_recognised_and_read_back() -> None:
    evidence = read_document(Document("kwhy-collection.json", written(MANIFEST)))
    assert evidence.documents[0].format == "kwhy-collection"
    (collection,) = evidence.of(Collection)
    assert collection.finished == Moment(1795315659.0, 1795315660.0)
    assert (collection.server_version, collection.narrowed) == ("v1.34.4", "Only namespace shop was read.")
    (refusal,) = evidence.of(NotRead)
    assert refusal.permission == "list secrets in namespace shop"
    assert refusal.at.path == "not_read[0]"
    assert evidence.unparsed == ()


def test_what_was_not_read_stands_in_the_coverage() -> None:
    coverage = read_document(Document("kwhy-collection.json", written(MANIFEST))).coverage()
    assert coverage.unrecognised == ("cluster: not read in namespace shop: secrets (the account may not list)",)


def test_other_json_is_no_account() -> None:
    recorded = lzma.decompress(FIXTURE.read_bytes())[:100_000]
    evidence = read_document(Document("x.json", recorded))
    assert evidence.documents[0].format != "kwhy-collection"


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_told_not_raised(data: bytes) -> None:
    assert all(isinstance(item, Unparsed | Collection | NotRead) for item in FORMAT.parse(Document("x", data)))


@given(st.integers(0, len(written(MANIFEST))), st.binary(max_size=5))
def test_an_account_that_is_cut_or_changed_is_told_not_raised(position: int, insertion: bytes) -> None:
    whole = written(MANIFEST)
    for data in (whole[:position], whole[:position] + insertion + whole[position:]):
        items = list(FORMAT.parse(Document("x", data)))
        assert all(isinstance(item, Unparsed | Collection | NotRead) for item in items)
        assert items
