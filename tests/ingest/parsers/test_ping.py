"""Runs of ping by iputils and busybox, answered, unanswered and refused."""

from __future__ import annotations

import re
from pathlib import Path

from kwhy.facts.network import MissingDevice, Ping
from kwhy.ingest.parsers.ping import FORMAT
from kwhy.model.document import Document
from kwhy.model.parsing import Head, Parsed

TEXT = (Path(__file__).parent / "network" / "ping.txt").read_text()
PIECES = re.split(r"^\$ (.*)\n", TEXT, flags=re.MULTILINE)
RUNS = dict(zip(PIECES[1::2], PIECES[2::2], strict=True))


def parsed(text: str, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("ping.txt", text.encode(), command=command)))


def ping(command: str) -> Ping:
    (item,) = parsed(RUNS[command], command)
    assert isinstance(item, Ping)
    return item


def test_iputils_and_busybox_count_the_same_answers() -> None:
    for command in ("ping -c2 -W1 -i0.3 10.0.0.2", "busybox ping -c2 -W1 10.0.0.2", "ping -c2 -W1 -i0.3 fd00::2"):
        run = ping(command)
        assert (run.sent, run.received, run.answered) == (2, 2, True), command
        assert run.rtt_avg is not None


def test_silence_is_no_answer() -> None:
    run = ping("ping -c2 -W1 -i0.3 10.0.0.77")
    assert (run.sent, run.received, run.complaints) == (2, 0, ())


def test_a_router_that_refuses_is_named() -> None:
    run = ping("ping -c2 -W1 -i0.3 10.0.3.1")
    assert (run.complaints, run.answered_by) == (("Destination Host Unreachable",), ("10.0.0.2",))


def test_a_run_that_never_began_knows_its_target_from_the_command() -> None:
    for command in ("ping -c2 -W1 -i0.3 10.9.9.9", "busybox ping -c2 -W1 10.9.9.9"):
        run = ping(command)
        assert (run.target, run.sent, run.complaints) == ("10.9.9.9", None, ("Network is unreachable",)), command


def test_the_source_and_device_of_a_bound_ping() -> None:
    run = ping("ping -c2 -i0.3 -I c0 10.0.0.2")
    assert (run.source, run.interface) == ("10.0.0.1", "c0")


def test_too_large_a_packet_tells_the_path_mtu() -> None:
    assert ping("ping -c2 -W1 -i0.3 -M do -s 1473 10.0.0.2").path_mtu == 1500


def test_a_device_that_does_not_exist() -> None:
    (item,) = parsed(RUNS["ping -c1 -I eth1 10.0.0.2"])
    assert isinstance(item, MissingDevice)


def test_several_runs_in_one_text_are_several_facts() -> None:
    text = RUNS["ping -c2 -W1 -i0.3 10.0.0.2"] + RUNS["ping -c2 -W1 -i0.3 10.0.0.77"]
    assert [item.target for item in parsed(text) if isinstance(item, Ping)] == ["10.0.0.2", "10.0.0.77"]


def test_an_interrupted_busybox_ping_of_a_field_report() -> None:
    text = (
        "PING consul (172.31.10.94): 56 data bytes\n64 bytes from 172.31.10.94: seq=0 ttl=62 time=0.973 ms\n^C\n"
        "--- consul ping statistics ---\n1 packets transmitted, 1 packets received, 0% packet loss\n"
    )
    (run,) = parsed(text)
    assert isinstance(run, Ping)
    assert (run.target, run.address, run.received) == ("consul", "172.31.10.94", 1)


def test_every_recorded_run_is_recognised_without_command() -> None:
    for command, text in RUNS.items():
        if "MissingDevice" not in text:
            assert FORMAT.recognise(Head(text, len(text), None)) > 0.5, command
