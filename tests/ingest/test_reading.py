"""Reading whole sources: formats by content, nested documents, and a line for everything that was not understood."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.logs import LogFile
from kwhy.facts.objects import Event, Listing, ObjectBatch
from kwhy.ingest.catalogue import all_formats
from kwhy.ingest.reading import Evidence, NothingReadable, read, read_document
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Format, Head, Parsed

FIXTURES = Path(__file__).parent.parent / "fixtures"
PODS = FIXTURES / "api_objects" / "pods.json"


def from_stdin(text: bytes) -> Evidence:
    return read(["-"], stdin=io.BytesIO(text))


def test_the_catalogue_holds_formats_with_names_of_their_own() -> None:
    names = [item.name for item in all_formats()]
    assert {"api-objects-json", "api-objects-yaml", "terminal-session"} <= set(names)
    assert len(set(names)) == len(names)


def test_a_format_is_recognised_whatever_the_file_is_called(tmp_path: Path) -> None:
    (tmp_path / "kubelet.log").write_bytes(PODS.read_bytes())
    (tmp_path / "notes").write_bytes(PODS.with_suffix(".yaml").read_bytes())
    evidence = read([str(tmp_path)])
    assert [document.format for document in evidence.documents] == ["api-objects-json", "api-objects-yaml"]
    assert sum(len(batch.objects) for batch in evidence.of(ObjectBatch)) == 6


def test_facts_are_grouped_by_type_and_counted_by_document() -> None:
    evidence = read([str(FIXTURES / "api_objects" / "events.json")])
    assert len(evidence.of(Event)) == 5
    assert [listing.kind for listing in evidence.of(Listing)] == ["Event"]
    assert [(count.facts, count.unparsed) for count in evidence.counts] == [(6, 0)]
    assert evidence.bytes_read == (FIXTURES / "api_objects" / "events.json").stat().st_size


def test_an_empty_file_is_no_complaint() -> None:
    evidence = from_stdin(b"")
    assert evidence.documents[0].format == "empty"
    assert evidence.unrecognised == ()


@pytest.mark.parametrize("junk", [bytes(range(256)) * 40, b"\x7fELF\x02\x01\x01" + bytes(3000)])
def test_binary_junk_is_listed_with_a_plain_reason(junk: bytes) -> None:
    evidence = from_stdin(junk)
    assert [item.why for item in evidence.unrecognised] == ["binary data of no known format"]


def test_text_of_no_known_format_is_listed() -> None:
    evidence = from_stdin("普通的文字,没有什么格式\n".encode())
    assert [item.why for item in evidence.unrecognised] == ["no parser recognises its contents"]


def test_one_unreadable_source_does_not_stop_the_others() -> None:
    evidence = read(["/nowhere/at/all", str(PODS)])
    assert [item.source for item in evidence.unrecognised] == ["/nowhere/at/all"]
    assert evidence.of(ObjectBatch)


def test_only_unreadable_sources_are_an_error_that_names_them() -> None:
    with pytest.raises(NothingReadable, match="/nowhere/at/all: No such file or directory"):
        read(["/nowhere/at/all"])


def test_windows_line_ends_and_utf_16_change_no_fact() -> None:
    plain = from_stdin(PODS.read_bytes()).of(ObjectBatch)[0].objects
    crlf = from_stdin(PODS.read_bytes().replace(b"\n", b"\r\n")).of(ObjectBatch)[0].objects
    utf16 = from_stdin(PODS.read_text().encode("utf-16")).of(ObjectBatch)[0].objects
    assert plain == crlf == utf16


def _never(head: Head) -> float:
    return 0.0


def _always(head: Head) -> float:
    return 1.0


def _broken_recogniser(head: Head) -> float:
    raise KeyError("oops")


def _broken(document: Document) -> Iterator[Parsed]:
    yield Unparsed(document.at(line=1), "the first line")
    raise ValueError("a defect")


def _nests_for_ever(document: Document) -> Iterator[Parsed]:
    yield Document(document.source, document.data, parent=document)


def test_a_parser_that_raises_is_recorded_and_what_it_gave_before_stays() -> None:
    evidence = read(["-"], stdin=io.BytesIO(b"x\n"), formats=[Format("broken", _always, _broken)])
    assert evidence.failed == ("parser broken on standard input: ValueError: a defect",)
    assert [item.why for item in evidence.unparsed] == ["the first line"]
    assert evidence.coverage().failed_rules == evidence.failed


def test_a_recogniser_that_raises_is_recorded_and_the_others_decide() -> None:
    formats = [Format("bad", _broken_recogniser, _broken), Format("none", _never, _broken)]
    evidence = read(["-"], stdin=io.BytesIO(b"x\n"), formats=formats)
    assert evidence.failed == ("recogniser of bad: KeyError: 'oops'",)


def test_a_tie_is_told() -> None:
    formats = [Format(name, _always, _nests_for_ever) for name in ("one", "two")]
    evidence = read(["-"], stdin=io.BytesIO(b"x\n"), formats=formats)
    assert evidence.notes[0] == "standard input reads as one and as two; taken as the first"


def test_documents_that_nest_without_end_are_stopped() -> None:
    evidence = read(["-"], stdin=io.BytesIO(b"x\n"), formats=[Format("nest", _always, _nests_for_ever)])
    assert len(evidence.documents) == 9
    assert "inside each other" in evidence.unrecognised[0].why


def test_a_problem_in_the_coverage_names_its_place() -> None:
    evidence = from_stdin(b'{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"')
    (document,) = evidence.coverage().documents
    assert document.unparsed == 1
    assert document.problems[0].startswith("standard input:1: the object is cut off")


def test_outputs_glued_together_without_prompts_are_told_apart() -> None:
    table = (FIXTURES / "sessions" / "get-nodes.txt").read_bytes().partition(b"\n")[2]
    stack = (FIXTURES / "sessions" / "crash-bt.txt").read_bytes()
    evidence = from_stdin(table + b"\n" + stack)
    formats = [(document.format, document.first_line) for document in evidence.documents]
    assert formats == [("several-outputs", 1), ("kubectl-table", 1), ("crash-bt", 4)]


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=600), st.sampled_from(sorted(path.name for path in FIXTURES.glob("sessions/*"))), st.floats(0, 1)
)
def test_reading_mutated_evidence_never_fails(junk: bytes, name: str, place: float) -> None:
    data = (FIXTURES / "sessions" / name).read_bytes()
    at = int(place * len(data))
    evidence = read_document(Document("x", data[:at] + junk.replace(b"\0", b"") + data[at:]))
    assert evidence.failed == ()


def test_a_log_that_is_empty_was_looked_at(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "shop_web-1_app.log").write_bytes(b"")
    (tmp_path / "empty.txt").write_bytes(b"")
    evidence = read([str(tmp_path)])
    assert [document.format for document in evidence.documents] == ["empty", "log"]
    assert [(log.pod.pod, log.lines) for log in evidence.of(LogFile) if log.pod] == [("web-1", 0)]
