"""Outputs that somebody pasted one behind another, without prompts or fences, are read each as what it is."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.logs import LogFile
from kwhy.facts.objects import ConfigMap, Event, Observation, Pod
from kwhy.ingest.reading import Evidence, read_document
from kwhy.ingest.session.blocks import blocks_of
from kwhy.ingest.session.prose import reads_as_prose
from kwhy.model.document import Document

DATA = Path(__file__).parents[1] / "kubectl" / "data" / "recorded.tar.xz"


def recorded(name: str) -> str:
    with tarfile.open(DATA) as members:
        file = members.extractfile(f"crashloop-bad-command/{name}-billing.txt")
        assert file is not None
        return file.read().decode().partition("\n")[2].strip("\n") + "\n"


PODS, TABLE, EVENTS = recorded("pods"), recorded("get-all"), recorded("events")
#: `kubectl logs --timestamps` of the recorded fault service-wrong-selector.
LOG = """2026-11-21T21:36:46.706214804Z 2026-11-21T21:36:46.705Z ERROR upstream call failed: Get "http://orders-api/"
2026-11-21T21:36:49.716702422Z 2026-11-21T21:36:49.712Z ERROR upstream call failed: Get "http://orders-api/"
2026-11-21T21:36:52.743993962Z 2026-11-21T21:36:52.720Z ERROR upstream call failed: Get "http://orders-api/"
"""
#: klog of the recorded kubelet 1.34.4 and journald's form of it.
KLOG = """I1121 21:28:23.864831    4552 flags.go:64] FLAG: --address="0.0.0.0"
I1121 21:28:23.864868    4552 flags.go:64] FLAG: --allowed-unsafe-sysctls="[]"
"""
YAML = """apiVersion: v1
kind: Pod
metadata:
  name: web-0
  namespace: shop
spec:
  containers:
  - name: app
    image: shop/web:1
"""
JSON = """{
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web-1",
        "namespace": "shop"
    }
}
"""
#: `kubectl describe configmap` of 1.32: its data look like anything.
CONFIG = """Name:         notes
Namespace:    shop
Labels:       <none>
Annotations:  <none>

Data
====
notes.txt:
----
2026-11-21T21:36:46Z the first line of this value
2026-11-21T21:36:47Z the second line

apiVersion: none of an object
这只是配置里的一句话。

BinaryData
====

Events:  <none>
"""


def read(*texts: str, between: str = "\n") -> Evidence:
    return read_document(Document("paste.txt", between.join(texts).encode()))


def formats(evidence: Evidence) -> list[str]:
    return [document.format for document in evidence.documents[1:]]


@pytest.mark.parametrize("between", ["", "\n", "\n\n\n", "\n接下来是另一个命令的输出，请看：\n\n", "\n=== next ===\n"])
def test_a_description_a_log_and_an_object_give_what_they_give_alone(between: str) -> None:
    together = read(PODS, LOG, YAML, between=between)
    names = {observation.object.metadata.name for observation in together.of(Observation)}
    alone = {observation.object.metadata.name for observation in read(PODS).of(Observation)}
    assert names == alone | {"web-0"}
    assert len(together.of(LogFile)) == 1
    assert together.unparsed == ()
    assert together.unrecognised == ()


def test_a_log_keeps_its_lines_numbers() -> None:
    evidence = read(PODS, LOG)
    (log,) = evidence.of(LogFile)
    assert log.at.document.first_line == PODS.count("\n") + 2


def test_what_stands_behind_a_json_object_is_read_too() -> None:
    evidence = read(JSON, TABLE, between="")
    assert "web-1" in {
        item.metadata.name for batch in evidence.facts.values() for item in getattr(batch[0], "objects", [])
    }
    assert evidence.of(Observation) != []


def test_klog_behind_events_is_a_log_and_no_part_of_a_message() -> None:
    evidence = read(EVENTS, KLOG, between="")
    assert len(evidence.of(LogFile)) == 1
    assert not any("flags.go" in event.message for event in evidence.of(Event))


def test_a_remark_behind_events_is_no_part_of_a_message() -> None:
    evidence = read(PODS, "这个容器一直在重启，不知道为什么。\n", between="")
    assert not any("重启" in event.message for event in evidence.of(Event))
    assert "prose" in formats(evidence)


def test_values_of_a_config_map_are_not_cut_however_they_look() -> None:
    (observation,) = read(CONFIG).of(Observation)
    assert isinstance(observation.object, ConfigMap)
    assert isinstance(observation.object.data, dict)
    assert "apiVersion: none of an object" in observation.object.data["notes.txt"]
    assert "这只是配置里的一句话。" in observation.object.data["notes.txt"]


def test_an_english_remark_between_outputs_belongs_to_neither() -> None:
    evidence = read(PODS, "And this is what the other pods of the namespace look like:\n", TABLE)
    assert "prose" in formats(evidence)
    assert evidence.unparsed == ()
    pods = [o for o in evidence.of(Observation) if isinstance(o.object, Pod)]
    assert len(pods) > 1


def test_a_log_of_an_application_that_writes_chinese_stays_one_log() -> None:
    log = LOG + "用户登录失败，请稍后再试\n" + LOG
    assert blocks_of(Document("app.log", log.encode())) == []


def test_a_text_of_words_alone_is_still_said_to_be_unknown() -> None:
    evidence = read_document(Document("note.txt", "我们的集群今天早上出问题了。\n".encode()))
    assert [item.why for item in evidence.unrecognised] == ["no parser recognises its contents"]


@pytest.mark.parametrize("output", [PODS, TABLE, EVENTS, LOG, YAML, JSON, CONFIG])
def test_outputs_do_not_read_as_prose(output: str) -> None:
    assert not reads_as_prose(output)
    assert not any(reads_as_prose(line) for line in output.splitlines() if line.isascii())


@given(
    st.lists(st.sampled_from([PODS, TABLE, EVENTS, LOG, KLOG, YAML, JSON, CONFIG, "说明如下：\n", "\n"]), max_size=5)
)
def test_blocks_together_hold_every_line_once(texts: list[str]) -> None:
    data = "".join(texts).encode()
    blocks = blocks_of(Document("paste.txt", data))
    if blocks:
        held = [line for block in blocks for line in bytes(block.data).split(b"\n") if line.strip()]
        assert held == [line for line in data.split(b"\n") if line.strip()]
        for block in blocks:
            at = data.split(b"\n")[block.first_line - 1]
            assert bytes(block.data).startswith(at)


@given(st.binary(max_size=400))
def test_any_bytes_are_cut_somehow(data: bytes) -> None:
    blocks_of(Document("paste.txt", data))
