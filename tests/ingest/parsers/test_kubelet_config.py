"""Configurations of the kubelet, as files and as the kubelet shows them."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.harness.case import all_cases
from tests.harness.evidence import files_of

from kwhy.facts.kubelet import KubeletConfig
from kwhy.ingest.catalogue import all_formats
from kwhy.ingest.parsers.kubelet_config import FORMAT, parse
from kwhy.ingest.recognise import head_of
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Format

#: Recorded: the configuration file of a kubelet 1.34.4.
FILE = next(
    files_of(case)["node/kubelet-config.yaml"]
    for case in all_cases()
    if case.name == "node/disk_pressure/high_threshold"
)
#: The same as the endpoint /configz wraps it (component-base v0.34 configz/configz.go).
SHOWN = msgspec.json.encode({"kubeletconfig": msgspec.yaml.decode(FILE)})


def parsed(data: bytes) -> list[object]:
    return list(parse(Document("kubelet", data)))


def best(data: bytes) -> Format:
    head = head_of(Document("x", data))
    return max(all_formats(), key=lambda each: each.recognise(head))


def test_the_file_is_recognised_and_its_thresholds_have_their_line() -> None:
    assert best(FILE) is FORMAT
    (config,) = parsed(FILE)
    assert isinstance(config, KubeletConfig)
    assert config.eviction_hard is not None
    value, at = config.eviction_hard["nodefs.available"]
    assert value == "60%"
    assert at.line is not None
    assert b"nodefs.available: 60%" in FILE.splitlines()[at.line - 1]
    assert not config.effective


def test_what_the_kubelet_shows_itself_is_effective() -> None:
    assert best(SHOWN) is FORMAT
    (config,) = parsed(SHOWN)
    assert isinstance(config, KubeletConfig)
    assert config.effective
    assert config.eviction_hard is not None
    assert config.eviction_hard["nodefs.available"][0] == "60%"


def test_a_cut_file_is_said_to_be_unreadable() -> None:
    (broken,) = parsed(SHOWN[:150])
    assert isinstance(broken, Unparsed)


@given(st.integers(0, len(FILE)), st.binary(max_size=20))
def test_mutated_files_never_raise(place: int, junk: bytes) -> None:
    for item in parsed(FILE[:place] + junk + FILE[place:]):
        assert isinstance(item, KubeletConfig | Unparsed)


@given(st.binary())
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    for item in parsed(data):
        assert isinstance(item, KubeletConfig | Unparsed)
