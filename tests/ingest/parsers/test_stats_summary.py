"""The kubelet's summary. Field names as in k8s.io/kubelet pkg/apis/stats/v1alpha1/types.go."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.disk import KubeletFileSystem, PodStorage
from kwhy.facts.usage import MemoryStats
from kwhy.ingest.parsers.stats_summary import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

SUMMARY: dict[str, Any] = {
    "node": {
        "nodeName": "node-a",
        "memory": {"availableBytes": 23000000000, "usageBytes": 9000000000, "workingSetBytes": 2000000000},
        "fs": {"availableBytes": 70000000000, "capacityBytes": 270000000000, "usedBytes": 29000000000,
               "inodesFree": 16086489, "inodes": 16777216, "inodesUsed": 690727},
        "runtime": {"imageFs": {"availableBytes": 70000000000, "capacityBytes": 270000000000, "usedBytes": 1}},
    },
    "pods": [
        {
            "podRef": {"name": "spooler-1", "namespace": "uploads", "uid": "u"},
            "containers": [
                {"name": "spool", "memory": {"usageBytes": 5, "workingSetBytes": 4},
                 "rootfs": {"usedBytes": 10874306560}, "logs": {"usedBytes": 4096}}
            ],
            "volume": [{"name": "cache", "usedBytes": 8192}, {"name": "data", "usedBytes": 1, "pvcRef": {"name": "d"}}],
            "ephemeral-storage": {"usedBytes": 10874318848, "inodesUsed": 7},
        }
    ],
}  # fmt: skip
TEXT = json.dumps(SUMMARY)


def parsed(text: str) -> list[Parsed]:
    return list(FORMAT.parse(Document("x", text.encode("utf-8", "replace"))))


def test_the_summary_is_recognised_whatever_its_spaces() -> None:
    for text in (TEXT, json.dumps(SUMMARY, indent=1)):
        assert FORMAT.recognise(Head(text, len(text), None)) > 0.9


def test_what_a_pod_has_on_the_disk_is_told_by_part_and_volumes_with_a_claim_are_left_out() -> None:
    (storage,) = (fact for fact in parsed(TEXT) if isinstance(fact, PodStorage))
    assert str(storage.pod) == "Pod uploads/spooler-1"
    assert storage.used == 10874318848
    assert storage.parts == (
        ("writable layer of container spool", 10874306560),
        ("volume cache", 8192),
        ("logs of container spool", 4096),
    )


def test_file_systems_and_memory() -> None:
    facts = parsed(TEXT)
    assert [f.name for f in facts if isinstance(f, KubeletFileSystem)] == ["nodefs", "imagefs"]
    memory = [fact for fact in facts if isinstance(fact, MemoryStats)]
    assert [(m.about.kind, m.container, m.working_set) for m in memory] == [
        ("Node", "", 2000000000),
        ("Pod", "spool", 4),
    ]


@given(st.integers(0, len(TEXT)), st.text(max_size=40))
def test_a_cut_or_damaged_summary_is_reported(cut: int, noise: str) -> None:
    for fact in parsed(TEXT[:cut] + noise):
        assert isinstance(fact, KubeletFileSystem | PodStorage | MemoryStats | Unparsed)


FIELDS = st.sampled_from(["node", "pods", "nodeName", "memory", "containers", "podRef"])
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner),
)


@given(VALUES)
def test_any_value_is_read_to_an_end(value: object) -> None:
    for fact in parsed(json.dumps(value)):
        assert isinstance(fact, KubeletFileSystem | PodStorage | MemoryStats | Unparsed)
