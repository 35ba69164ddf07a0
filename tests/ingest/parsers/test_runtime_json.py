"""JSON of crictl and docker, recorded (see data/runtime/origins.md), and a dump of all the CRI's answers of a node."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.runtime import (
    CniSettings,
    RuntimeAnswer,
    RuntimeCondition,
    RuntimeContainer,
    RuntimeImage,
    RuntimeListing,
    RuntimePod,
)
from kwhy.ingest.parsers.runtime_json import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

DATA = Path(__file__).parent / "data" / "runtime"
FILES = sorted(path.name for path in DATA.glob("*.json"))


def parsed(name: str, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document(name, (DATA / name).read_bytes(), command=command)))


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_json_is_recognised_and_read_without_a_rest(name: str) -> None:
    text = (DATA / name).read_text()
    assert FORMAT.recognise(Head(text[:65536], len(text), None)) >= 0.9
    facts = parsed(name)
    assert facts
    assert not [fact for fact in facts if isinstance(fact, Unparsed)]


def test_objects_of_the_kubernetes_api_are_left_to_others() -> None:
    text = '{"apiVersion": "v1", "kind": "List", "items": [{"kind": "Node", "status": {"nodeInfo": {}}}]}'
    assert FORMAT.recognise(Head(text, len(text), None)) == 0.0


def test_a_container_is_tied_to_its_process_and_pod() -> None:
    (container,) = [fact for fact in parsed("inspect.json") if isinstance(fact, RuntimeContainer)]
    assert (container.pid, container.state, container.pod_name) == (128, "running", "web-6f5c6d7f64-2nx8q")
    assert container.pod_id.startswith("79aa0889c100a")
    (pod,) = [fact for fact in parsed("inspectp.json") if isinstance(fact, RuntimePod)]
    assert (pod.pid, pod.state, pod.namespace) == (178, "ready", "shop")


def test_secrets_in_the_environment_of_containers_reach_no_fact() -> None:
    for name in ("inspect.json", "docker-inspect.json"):
        assert b"hunter2" in (DATA / name).read_bytes()
        for fact in parsed(name):
            assert not isinstance(fact, Document)
            assert "hunter2" not in repr([getattr(fact, field) for field in fact.__struct_fields__ if field != "at"])  # type: ignore[attr-defined]


def test_the_runtime_says_that_no_network_is_configured_and_where_it_looked() -> None:
    facts = parsed("info.json", "crictl info")
    network = next(fact for fact in facts if isinstance(fact, RuntimeCondition) and fact.type == "NetworkReady")
    assert (network.status, network.reason) == (False, "NetworkPluginNotReady")
    (cni,) = [fact for fact in facts if isinstance(fact, CniSettings)]
    assert (cni.config_directory, cni.networks) == ("/etc/cni/net.d", ())
    assert "no network config found in /etc/cni/net.d" in cni.last_error
    assert [fact.outcome for fact in facts if isinstance(fact, RuntimeAnswer)] == ["ok"]


def test_docker_inspect_gives_pods_and_containers_with_their_exit_code() -> None:
    facts = parsed("docker-inspect.json")
    states = {fact.name: (fact.state, fact.exit_code) for fact in facts if isinstance(fact, RuntimeContainer)}
    assert states["job"] == ("exited", 3)
    assert states["app"] == ("running", None)
    (pod,) = [fact for fact in facts if isinstance(fact, RuntimePod)]
    assert (pod.name, pod.state) == ("web-64ffbff7fc-zdvb5", "ready")
    assert pod.pid


def test_a_dump_of_all_answers_lists_everything_with_places() -> None:
    facts = parsed("cri-dump.json")
    assert {fact.kind: fact.count for fact in facts if isinstance(fact, RuntimeListing)} == {
        "containers": 2,
        "pods": 6,
        "images": 4,
    }
    containers = [fact for fact in facts if isinstance(fact, RuntimeContainer)]
    assert [container.state for container in containers] == ["running", "running"]
    assert containers[0].at.path == "containers.containers[0]"
    assert {fact.state for fact in facts if isinstance(fact, RuntimePod)} == {"ready"}
    assert all(fact.size for fact in facts if isinstance(fact, RuntimeImage))


def test_a_failed_call_inside_a_dump_is_told() -> None:
    text = b'{"pods": {"error": "rpc error: code = DeadlineExceeded desc = context deadline exceeded"}, "version": {}}'
    (answer,) = FORMAT.parse(Document("x", text))
    assert isinstance(answer, RuntimeAnswer)
    assert (answer.call, answer.outcome, answer.code) == ("pods", "timed out", "DeadlineExceeded")


def test_json_that_was_cut_off_is_said_to_be_so() -> None:
    data = (DATA / "ps-a.json").read_bytes()
    (problem,) = FORMAT.parse(Document("x", data[: len(data) // 2]))
    assert isinstance(problem, Unparsed)
    assert "cut off" in problem.why


def test_very_deep_json_is_refused_not_followed() -> None:
    (problem,) = FORMAT.parse(Document("x", b"[" * 100_000))
    assert isinstance(problem, Unparsed)


@given(st.text(), st.sampled_from([None, "crictl inspect x", "docker inspect x"]))
def test_any_text_is_survived(text: str, command: str | None) -> None:
    FORMAT.recognise(Head(text, len(text), command))
    list(FORMAT.parse(Document("x", text.encode("utf-8", "replace"), command=command)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "containers",
                    "items",
                    "images",
                    "pods",
                    "status",
                    "info",
                    "State",
                    "Id",
                    "metadata",
                    "labels",
                    "conditions",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_survived(value: object) -> None:
    import json

    list(FORMAT.parse(Document("x", json.dumps(value).encode())))
