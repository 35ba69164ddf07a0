"""Attempts to connect: what each tool printed, and what it means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kwhy.facts.network import ConnectAttempt, ConnectOutcome
from kwhy.ingest.parsers.connect import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

RECORDED = Path(__file__).parent / "network"


def runs(name: str) -> dict[str, str]:
    pieces = re.split(r"^\$ (.*)\n", (RECORDED / name).read_text(), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


RUNS = runs("connect.txt")
#: What the far end did in the recording, by address and port.
TRUTH: dict[tuple[str, int], set[ConnectOutcome]] = {
    ("10.0.0.2", 80): {"connected"},
    ("fd00::2", 80): {"connected"},
    ("10.0.0.2", 81): {"connected", "reset"},
    ("10.0.0.2", 82): {"refused"},
    ("localhost", 82): {"refused"},
    ("fd00::2", 82): {"refused"},
    ("10.0.0.2", 3306): {"timed-out"},
    ("10.0.0.77", 80): {"timed-out", "no-route-to-host"},
    ("10.0.0.2", 444): {"no-route-to-host"},
    ("10.0.0.2", 446): {"network-unreachable"},
    ("10.9.9.9", 80): {"network-unreachable"},
    ("fd09::2", 80): {"network-unreachable"},
    ("nope.invalid", 80): {"name-not-resolved"},
}


def parsed(text: str, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("out.txt", text.encode(), command=command)))


def attempts(text: str, command: str | None = None) -> list[ConnectAttempt]:
    return [item for item in parsed(text, command) if isinstance(item, ConnectAttempt)]


@pytest.mark.parametrize("command", RUNS)
def test_every_tool_is_understood_with_its_command(command: str) -> None:
    for attempt in attempts(RUNS[command], command):
        if attempt.host is None or attempt.port is None:
            pytest.fail(f"{command}: whom it reached is not known")
        expected = TRUTH.get((attempt.host, attempt.port))
        if expected is not None and not (attempt.tool in ("curl", "bash") and attempt.outcome == "failed"):
            assert attempt.outcome in expected, command


def test_openbsd_nc_that_times_out_names_the_host_and_port() -> None:
    (attempt,) = attempts("nc: connect to 10.176.46.4 port 3306 (tcp) timed out: Operation now in progress\n")
    assert (attempt.host, attempt.address, attempt.port, attempt.outcome) == (
        "10.176.46.4",
        "10.176.46.4",
        3306,
        "timed-out",
    )


def test_curl_hides_the_cause_unless_it_is_verbose() -> None:
    quiet = "curl: (7) Failed to connect to 10.0.0.2 port 82 after 0 ms: Couldn't connect to server\n"
    assert attempts(quiet)[0].outcome == "failed"
    verbose = runs("curl_v.txt")["curl --connect-timeout 3 -v http://10.0.0.2:82/"]
    assert attempts(verbose)[0].outcome == "refused"


def test_curl_with_an_answer_gives_its_status() -> None:
    (attempt,) = attempts(runs("curl_v.txt")["curl --connect-timeout 3 -v http://10.0.0.2:80/"])
    assert (attempt.outcome, attempt.http_status, attempt.port) == ("connected", 200, 80)


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        # kubernetes/kubernetes#86243, curl 7.29
        ("curl: (7) Failed connect to 10.244.1.7:80; Connection timed out", "timed-out"),
        # kubernetes/website#19437, curl 7.58
        ("curl: (7) Failed to connect to 172.17.0.40 port 30328: Connection refused", "refused"),
        # in28minutes/spring-microservices-v2#29
        ("curl: (28) Failed to connect to 34.172.164.187 port 8000: Connection timed out", "timed-out"),
        # Botspot/Pi-Power-Tools#6, GNU wget
        ("Connecting to d.example (d.example)|2a00:1098:82:47::1:1|:443... failed: Connection timed out.", "timed-out"),
    ],
)
def test_lines_of_older_tools_from_public_reports(line: str, outcome: ConnectOutcome) -> None:
    (attempt,) = attempts(line + "\n")
    assert attempt.outcome == outcome
    assert attempt.port is not None


def test_a_tool_that_is_not_installed_has_not_connected() -> None:
    for line, command in (
        ("bash: nc: command not found", "nc -vz db 3306"),
        ("sh: curl: not found", "curl http://db/"),
    ):
        (item,) = parsed(line + "\n", command)
        assert isinstance(item, Unparsed)


def test_telnet_that_is_interrupted_while_trying_did_not_connect() -> None:
    (attempt,) = attempts("Trying 10.0.0.2...\n^C\n", "telnet 10.0.0.2 3306")
    assert (attempt.outcome, attempt.port) == ("failed", 3306)


def test_logs_of_applications_are_not_taken_for_attempts() -> None:
    text = "2026-01-01 ERROR dial tcp 10.0.0.1:443: connect: connection refused\nstarting\nlistening on :8080\n"
    assert FORMAT.recognise(Head(text, len(text), None)) == 0.0
