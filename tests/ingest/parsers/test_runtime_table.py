"""Tables and messages of crictl, ctr and docker; recorded, see data/runtime/origins.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.runtime import (
    RuntimeAnswer,
    RuntimeContainer,
    RuntimeImage,
    RuntimeListing,
    RuntimePod,
    RuntimeVersion,
    same_id,
)
from kwhy.ingest.parsers.runtime_table import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

DATA = Path(__file__).parent / "data" / "runtime"
FILES = sorted(path.name for path in DATA.glob("*.txt"))


def parsed(name: str, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document(name, (DATA / name).read_bytes(), command=command)))


def answers(data: bytes, command: str | None = None) -> list[RuntimeAnswer]:
    return [fact for fact in FORMAT.parse(Document("x", data, command=command)) if isinstance(fact, RuntimeAnswer)]


def score(text: str, command: str | None = None) -> float:
    return FORMAT.recognise(Head(text, len(text), command))


@pytest.mark.parametrize("name", FILES)
def test_every_output_is_recognised_by_content_and_read_without_a_rest(name: str) -> None:
    assert score((DATA / name).read_text()) >= 0.5
    assert not [fact for fact in parsed(name) if isinstance(fact, Unparsed)]


def test_containers_of_crictl_have_pod_state_and_attempt() -> None:
    exited, running = [fact for fact in parsed("ps-a.txt") if isinstance(fact, RuntimeContainer)]
    assert (exited.name, exited.state, exited.pod_name) == ("app", "exited", "db-6f5c6d7f64-2nx8q")
    assert (running.state, running.attempt, running.pod_id) == ("running", 1, "79aa0889c100a")
    assert running.at.line == 3


def test_pods_of_crictl_have_names_and_state() -> None:
    pods = [fact for fact in parsed("pods.txt") if isinstance(fact, RuntimePod)]
    assert {(pod.namespace, pod.name, pod.state) for pod in pods} == {
        ("shop", "db-6f5c6d7f64-2nx8q", "ready"),
        ("shop", "web-6f5c6d7f64-2nx8q", "ready"),
    }


def test_tasks_of_ctr_tie_a_container_to_its_process() -> None:
    tasks = {fact.pid: fact for fact in parsed("ctr-tasks.txt") if isinstance(fact, RuntimeContainer)}
    assert tasks[128].state == "running"
    assert same_id(tasks[128].id, "d86554a6a3e27")


def test_names_given_by_the_kubelet_are_taken_apart_in_docker_tables() -> None:
    facts = parsed("docker-ps-a.txt")
    states = {fact.name: (fact.state, fact.exit_code) for fact in facts if isinstance(fact, RuntimeContainer)}
    assert states == {"side": ("created", None), "job": ("exited", 3), "app": ("running", None)}
    (pod,) = [fact for fact in facts if isinstance(fact, RuntimePod)]
    assert (pod.namespace, pod.name, pod.uid, pod.state) == (
        "shop",
        "web-64ffbff7fc-zdvb5",
        "db71ca21-e1fd-4cd4-89f2-f8cd4dad5beb",
        "ready",
    )


def test_a_paused_container_is_not_running() -> None:
    (app,) = [fact for fact in parsed("docker-ps-paused.txt") if isinstance(fact, RuntimeContainer)]
    assert app.state == "paused"


def test_only_a_command_without_filters_lists_everything() -> None:
    def listings(command: str | None) -> list[bool]:
        return [fact.running_only for fact in parsed("ps-a.txt", command) if isinstance(fact, RuntimeListing)]

    assert listings("crictl ps -a") == [False]
    assert listings("crictl --timeout 5s ps") == [True]
    assert listings("crictl ps -a --name web") == []
    assert listings("crictl ps -a | grep web") == []
    assert listings(None) == []


@pytest.mark.parametrize("name", ["ps-timeout.txt", "info-timeout.txt"])
def test_a_stopped_runtime_times_out(name: str) -> None:
    (answer,) = [fact for fact in parsed(name, "crictl --timeout 3s ps") if isinstance(fact, RuntimeAnswer)]
    assert (answer.program, answer.call, answer.outcome, answer.code) == (
        "crictl",
        "ps",
        "timed out",
        "DeadlineExceeded",
    )
    assert answer.endpoint == "/run/containerd/containerd.sock"
    assert answer.observed.known
    assert not answer.unreachable


@pytest.mark.parametrize("name", ["no-socket.txt", "ps-refused.txt", "docker-ps-no-daemon.txt"])
def test_a_runtime_that_does_not_listen_is_unreachable(name: str) -> None:
    (answer,) = [fact for fact in parsed(name) if isinstance(fact, RuntimeAnswer)]
    assert answer.outcome == "error"
    assert answer.unreachable


def test_an_unknown_container_is_an_answer_not_an_outage() -> None:
    for name in ("inspect-nosuch.txt", "docker-inspect-nosuch.txt"):
        for answer in (fact for fact in parsed(name) if isinstance(fact, RuntimeAnswer)):
            assert (answer.outcome, answer.unreachable) == ("error", False)


def test_a_listing_that_printed_not_even_its_header_never_ended() -> None:
    assert [answer.outcome for answer in answers(b"", "timeout 5 docker ps")] == ["timed out"]
    assert [answer.outcome for answer in answers(b"\n", "crictl pods")] == ["timed out"]
    assert answers(b"", "docker ps -q") == []
    assert answers(b"", "docker ps 2>/dev/null") == []
    assert answers(b"", "docker ps | grep web") == []
    assert answers(b"", "docker rm x") == []


def test_an_interrupted_inspect_names_the_container_that_hung() -> None:
    (answer,) = answers(b"^C\n", "docker inspect 8959a5874b1d")
    assert (answer.outcome, answer.call, answer.asked) == ("interrupted", "inspect", "8959a5874b1d")


def test_an_answered_call_is_a_fact_too() -> None:
    assert [fact.outcome for fact in parsed("ps-empty.txt") if isinstance(fact, RuntimeAnswer)] == ["ok"]


def test_the_terminal_form_of_old_clients_is_understood() -> None:
    # form of crictl 1.12 (cri-o/cri-o#1922)
    (answer,) = answers(
        b"FATA[0010] failed to connect: failed to connect: context deadline exceeded \n", "crictl version"
    )
    assert (answer.outcome, answer.call) == ("timed out", "version")


def test_version_and_images_are_read() -> None:
    assert [(fact.name, fact.version) for fact in parsed("version.txt") if isinstance(fact, RuntimeVersion)] == [
        ("containerd", "1.6.20~ds1")
    ]
    assert [fact.version for fact in parsed("docker-info.txt") if isinstance(fact, RuntimeVersion)] == [
        "20.10.24+dfsg1"
    ]
    for name in ("images.txt", "docker-images.txt"):
        names = {name for fact in parsed(name) if isinstance(fact, RuntimeImage) for name in fact.names}
        assert "registry.k8s.io/pause:3.9" in names


def test_kubectl_tables_and_logs_are_left_to_others() -> None:
    assert score("NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0          5m\n") == 0.0
    line = 'time="2026-11-21T23:58:47Z" level=error msg="get state for x" error="context deadline exceeded: unknown"\n'
    assert score(line * 5) == 0.0


@given(st.text(), st.sampled_from([None, "crictl ps", "docker ps -a", "docker inspect x", "ctr -n k8s.io tasks ls"]))
def test_any_text_is_survived(text: str, command: str | None) -> None:
    score(text, command)
    list(FORMAT.parse(Document("x", text.encode("utf-8", "replace"), command=command)))


@given(st.sampled_from(FILES), st.data())
def test_mutated_output_is_survived(name: str, data: st.DataObject) -> None:
    original = (DATA / name).read_bytes()
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 200)))
    mutated = original[:start] + data.draw(st.binary(max_size=40)) + original[end:]
    list(FORMAT.parse(Document("x", mutated, command=data.draw(st.sampled_from([None, "crictl ps"])))))
