"""Manifests that are no YAML and components that print their usage, as recorded (data/static_pods/ORIGIN.txt)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.static_pods import ManifestFault, StartRefused
from kwhy.ingest.parsers.static_pod_manifest import FORMATS
from kwhy.ingest.reading import read
from kwhy.model.document import Document
from kwhy.model.parsing import Head

DATA = Path(__file__).parent / "data" / "static_pods"
MANIFEST, USAGE = FORMATS


def test_a_tab_is_found_with_line_and_column() -> None:
    (fault,) = read([str(DATA / "kube-scheduler.yaml")]).of(ManifestFault)
    assert (fault.program, fault.line, fault.column) == ("kube-scheduler", 15, 1)
    assert fault.text == "the line is indented with a tab; YAML allows blanks only"
    assert fault.at.line == 15


def test_a_wrong_indentation_is_found() -> None:
    (fault,) = read([str(DATA / "kube-controller-manager.yaml")]).of(ManifestFault)
    assert (fault.program, fault.line) == ("kube-controller-manager", 20)
    assert "wrong number of blanks" in fault.text


@pytest.mark.parametrize("name", ["kube-apiserver.yaml", "etcd.yaml"])
def test_what_is_yaml_is_left_to_the_objects(name: str) -> None:
    text = (DATA / name).read_text()
    assert MANIFEST.recognise(Head(text, len(text), None)) == 0.0


@pytest.mark.parametrize(
    ("name", "program", "error"),
    [
        ("kube-apiserver.log", "kube-apiserver", "unknown flag: --bogus-flag"),
        (
            "kube-controller-manager.log",
            "kube-controller-manager",
            'invalid argument "maybe" for "--allocate-node-cidrs"',
        ),
    ],
)
def test_why_a_component_printed_its_usage(name: str, program: str, error: str) -> None:
    (refused,) = read([str(DATA / name)]).of(StartRefused)
    assert refused.program == program and refused.error.startswith(error)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["kube-scheduler.yaml", "etcd.yaml", "kube-controller-manager.log"]),
    st.integers(0, 1500),
    st.integers(0, 1500),
    st.binary(max_size=30),
)
def test_mutated_documents_never_raise(name: str, start: int, size: int, junk: bytes) -> None:
    raw = (DATA / name).read_bytes()
    data = raw[:start] + junk + raw[start + size :]
    for each in FORMATS:
        list(each.parse(Document("x", data)))
        assert 0.0 <= each.recognise(Head(data.decode("utf-8", "replace"), len(data), None)) <= 1.0
