"""systemctl of systemd 252, recorded in a pid namespace of its own with units that fail in different ways."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.systemd import SystemdAnswer, UnitListing, UnitState
from kwhy.ingest.parsers.systemctl import FORMAT, local_moment
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

DATA = Path(__file__).parent / "data" / "systemctl"
FILES = sorted(path.name for path in DATA.glob("*.txt"))
NEED_COMMAND = {"is-active.txt", "is-failed.txt"}


def parsed(data: bytes, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("x", data, command=command)))


def units(name: str, command: str | None = None) -> dict[str, UnitState]:
    facts = parsed((DATA / name).read_bytes(), command)
    assert not [fact for fact in facts if isinstance(fact, Unparsed)]
    return {fact.name: fact for fact in facts if isinstance(fact, UnitState)}


@pytest.mark.parametrize("name", [name for name in FILES if name not in NEED_COMMAND])
def test_every_form_is_recognised_by_content(name: str) -> None:
    text = (DATA / name).read_text()
    assert FORMAT.recognise(Head(text, len(text), None)) >= 0.8


def test_a_failed_service_shows_how_its_process_ended() -> None:
    containerd = units("status-containerd.txt")["containerd.service"]
    assert (containerd.load, containerd.active, containerd.sub) == ("loaded", "failed", "failed")
    assert (containerd.result, containerd.exit_code, containerd.main_pid) == ("exit-code", 1, None)
    assert containerd.since == local_moment("Sat 2026-11-21 23:59:40 UTC")
    docker = units("status-docker.txt")["docker.service"]
    assert (docker.result, docker.signal, docker.exit_code) == ("signal", "KILL", None)


def test_a_service_that_restarts_is_neither_running_nor_failed() -> None:
    kubelet = units("status-kubelet.txt")["kubelet.service"]
    assert (kubelet.active, kubelet.sub, kubelet.exit_code) == ("activating", "auto-restart", 255)
    assert not kubelet.running


def test_a_running_service_shows_its_process() -> None:
    agent = units("status-node-agent.txt")["node-agent.service"]
    assert (agent.running, agent.main_pid, agent.exit_code) == (True, 24, None)
    assert agent.at.excerpt.startswith("Active: active (running)")


def test_stopped_masked_and_unknown_services_differ() -> None:
    assert units("status-stopped.txt")["node-agent.service"].active == "inactive"
    assert units("status-masked.txt")["crio.service"].load == "masked"
    assert units("status-nosuch.txt")["nosuch.service"].load == "not-found"


def test_the_journal_below_a_status_is_a_document_of_its_own() -> None:
    facts = parsed((DATA / "status-containerd.txt").read_bytes())
    (journal,) = [fact for fact in facts if isinstance(fact, Document)]
    assert (journal.first_line, journal.text) == (8, "Nov 21 23:59:41 vm sh[21]: failed to load plugin\n")


def test_the_restart_counter_is_read_from_the_journal_below() -> None:
    status = (DATA / "status-kubelet.txt").read_text()
    log = "Nov 21 23:59:41 n1 systemd[1]: kubelet.service: Scheduled restart job, restart counter is at 5.\n"
    (state,) = [fact for fact in parsed((status + "\n" + log).encode()) if isinstance(fact, UnitState)]
    assert state.restarts == 5


def test_tables_give_the_state_of_each_unit() -> None:
    assert units("services.txt")["kubelet.service"].sub == "auto-restart"
    assert units("services.txt")["emergency.service"].load == "not-found"
    assert set(units("failed.txt")) == set(units("failed-no-legend.txt")) == {"containerd.service", "docker.service"}


def test_only_the_command_tells_that_all_failed_units_are_listed() -> None:
    data = (DATA / "failed.txt").read_bytes()

    def listings(command: str | None) -> list[tuple[bool, int]]:
        return [(fact.failed_only, fact.count) for fact in parsed(data, command) if isinstance(fact, UnitListing)]

    assert listings("systemctl --failed") == [(True, 2)]
    assert listings("systemctl list-units --failed --no-pager") == [(True, 2)]
    assert listings("systemctl list-units 'kube*'") == []
    assert listings(None) == []


def test_words_of_is_active_belong_to_the_units_of_the_command() -> None:
    states = units("is-active.txt", "systemctl is-active containerd kubelet node-agent crio nosuch")
    assert {name: state.active for name, state in states.items()} == {
        "containerd.service": "failed",
        "kubelet.service": "activating",
        "node-agent.service": "active",
        "crio.service": "inactive",
        "nosuch.service": "inactive",
    }


def test_properties_give_restarts_and_exit_code() -> None:
    shown = units("show.txt")
    assert (shown["kubelet.service"].restarts, shown["kubelet.service"].exit_code) == (0, 255)
    assert shown["containerd.service"].since.known


def test_a_systemd_that_does_not_answer_is_a_fact() -> None:
    answers = [fact for fact in parsed((DATA / "no-systemd.txt").read_bytes()) if isinstance(fact, SystemdAnswer)]
    assert {answer.outcome for answer in answers} == {"error"}
    text = b"Failed to list units: Connection timed out\n"
    assert [fact.outcome for fact in parsed(text) if isinstance(fact, SystemdAnswer)] == ["timed out"]
    hung = parsed(b"^C\n", "systemctl status docker")
    assert [fact.outcome for fact in hung if isinstance(fact, SystemdAnswer)] == ["interrupted"]


def test_local_time_without_a_known_zone_is_bounded_not_guessed() -> None:
    exact, local = local_moment("Sat 2026-11-21 23:59:40 UTC"), local_moment("二 2026-11-21 23:59:40 CST")
    assert exact.earliest is not None
    assert local.earliest is not None
    assert local.latest is not None
    assert local.earliest < exact.earliest < local.latest


@given(st.text(), st.sampled_from([None, "systemctl is-active a b", "systemctl show a", "systemctl status"]))
def test_any_text_is_survived(text: str, command: str | None) -> None:
    FORMAT.recognise(Head(text, len(text), command))
    parsed(text.encode("utf-8", "replace"), command)


@given(st.sampled_from(FILES), st.data())
def test_mutated_output_is_survived(name: str, data: st.DataObject) -> None:
    original = (DATA / name).read_bytes()
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 200)))
    parsed(original[:start] + data.draw(st.binary(max_size=40)) + original[end:])
