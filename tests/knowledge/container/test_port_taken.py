"""Two containers of a pod that want one port, as recorded, and what looks like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import change, diagnosed, found, objects_and_logs, recorded, roots

CASE = "container/port_taken_in_pod/sidecar"
METRICS = "logs/profile_profile-84d95fc4d9-cv8gr_metrics.log"
PREVIOUS = "logs/profile_profile-84d95fc4d9-cv8gr_metrics_previous.log"
PROFILE = "logs/profile_profile-84d95fc4d9-cv8gr_profile.log"
TAKEN = [("container.port-taken-in-pod", "Deployment/profile/profile")]

#: What other programs print: origin, line.
WORDS = [
    ("Node.js", "Error: listen EADDRINUSE: address already in use :::8080"),
    ("nginx", "nginx: [emerg] bind() to 0.0.0.0:8080 failed (98: Address already in use)"),
    ("Spring Boot", "Web server failed to start. Port 8080 was already in use."),
    (
        "asyncio",
        "ERROR: [Errno 98] error while attempting to bind on address ('0.0.0.0', 8080): address already in use",
    ),
    ("gunicorn", "[2026-11-22 02:32:30 +0000] [1] [ERROR] Connection in use: ('0.0.0.0', 8080)"),
    ("socketserver", "OSError: [Errno 98] Address already in use"),
]


def says(line: str) -> dict[str, bytes]:
    files = objects_and_logs(recorded(CASE))
    for name in (METRICS, PREVIOUS):
        files[name] = f"2026-11-22T02:32:30.290635281Z {line}\n".encode()
    return files


@pytest.mark.parametrize("line", [line for _, line in WORDS], ids=[origin for origin, _ in WORDS])
def test_each_program_says_in_its_own_words_that_the_port_is_taken(line: str, tmp_path: Path) -> None:
    assert roots(diagnosed(says(line), tmp_path)) == TAKEN


def test_another_port_than_the_other_container_has_is_not_explained_by_it(tmp_path: Path) -> None:
    assert not roots(diagnosed(says("FATAL listen tcp :9090: bind: address already in use"), tmp_path))


def test_without_the_other_containers_log_and_port_nobody_knows_who_has_the_port(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(CASE))
    del files[PROFILE]

    def without_ports(items: list[Any]) -> None:
        for item in items:
            item["spec"]["containers"][0].pop("ports", None)
            item["spec"]["containers"][0].pop("command", None)
            item["spec"]["containers"][0].pop("args", None)

    change(files, "objects/pods.json", without_ports)
    diagnosis = diagnosed(files, tmp_path)
    assert not roots(diagnosis)
    assert "container.exits-with-error" in found(diagnosis)


def test_an_error_far_before_the_end_of_the_log_did_not_end_the_program(tmp_path: Path) -> None:
    files = says(WORDS[0][1])
    for name in (METRICS, PREVIOUS):
        files[name] += b"2026-11-22T02:32:31.290635281Z INFO serving on a free port instead\n" * 100
    assert not roots(diagnosed(files, tmp_path))
