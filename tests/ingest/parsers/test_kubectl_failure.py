"""What kubectl prints where it cannot work, as recorded (data/kubectl_failures/ORIGIN.txt)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.kubectl import KubectlError
from kwhy.ingest.parsers.kubectl_failure import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

DATA = Path(__file__).parent / "data" / "kubectl_failures"
RECORDED = sorted(path.name for path in DATA.glob("*.txt") if path.name != "ORIGIN.txt")


def parsed(text: str) -> list[Parsed]:
    return list(FORMAT.parse(Document("said.txt", text.encode("utf-8", "replace"))))


def recognised(text: str) -> float:
    return FORMAT.recognise(Head(text, len(text), None))


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_failures_are_recognised_and_read_whole(name: str) -> None:
    text = (DATA / name).read_text()
    assert recognised(text) > 0.95
    facts = parsed(text)
    assert facts and not [fact for fact in facts if isinstance(fact, Unparsed)]


def test_five_equal_lines_of_the_discovery_cache_are_one_error() -> None:
    errors = [fact for fact in parsed((DATA / "proxy-refuses.txt").read_text()) if isinstance(fact, KubectlError)]
    assert [error.message.startswith("Get ") for error in errors] == [True, False]
    assert "proxyconnect tcp: dial tcp" in errors[0].message
    assert '"https://10.0.0.5:6443/api?timeout=32s"' in errors[0].message


def test_a_command_typed_before_is_no_failure_and_is_kept() -> None:
    text = "kubectl get pods\nError from server: etcdserver: leader changed\n"
    assert recognised(text) > 0.95
    (error,) = parsed(text)
    assert isinstance(error, KubectlError)
    assert (error.command, error.message) == ("kubectl get pods", "etcdserver: leader changed")


@pytest.mark.parametrize(
    "text",
    [
        'Error from server (NotFound): pods "web-0" not found\n',
        "Error from server: error dialing backend: dial tcp 10.0.0.7:10250: i/o timeout\n",
        "error: timed out waiting for the condition\n",
        "NAME   READY   STATUS\nweb-0   1/1   Running\n",
        "",
    ],
)
def test_answers_about_one_object_and_other_texts_are_left_to_others(text: str) -> None:
    assert recognised(text) == 0.0


@given(st.text(max_size=300))
def test_any_text_terminates(text: str) -> None:
    parsed(text)
    assert 0.0 <= recognised(text) <= 1.0


@given(st.sampled_from(RECORDED), st.integers(0, 2000), st.integers(0, 2000), st.binary(max_size=30))
def test_mutated_output_never_raises(name: str, start: int, size: int, junk: bytes) -> None:
    raw = (DATA / name).read_bytes()
    list(FORMAT.parse(Document("x", raw[:start] + junk + raw[start + size :])))
