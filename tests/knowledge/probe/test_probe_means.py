"""Probes that cannot ask at all: a command that is missing, a protocol that the program does not speak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.changed import change, diagnosed, objects_and_logs, recorded, roots

CURL = "probe/command_missing/curl"
UDP = "probe/wrong_protocol/tcp_to_udp"
GRPC = "probe/wrong_protocol/grpc_to_http"


def without_logs(case: str) -> dict[str, bytes]:
    return {name: data for name, data in objects_and_logs(recorded(case)).items() if not name.startswith("logs/")}


def test_a_command_that_runs_and_fails_judges_the_program(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(CURL))

    def failing(items: list[Any]) -> None:
        for event in items:
            if "errored" in event["message"]:
                event["message"] = "Readiness probe failed: curl: (7) Failed to connect to localhost port 8080"

    change(files, "objects/events.json", failing)
    assert not roots(diagnosed(files, tmp_path))


def test_without_the_log_nobody_knows_that_the_port_is_for_udp(tmp_path: Path) -> None:
    assert not roots(diagnosed(without_logs(UDP), tmp_path))


def test_a_port_that_is_declared_for_udp_is_not_for_tcp(tmp_path: Path) -> None:
    files = without_logs(UDP)

    def declared(items: list[Any]) -> None:
        for item in items:
            item["spec"]["containers"][0]["ports"] = [{"containerPort": 5140, "protocol": "UDP"}]

    change(files, "objects/pods.json", declared)
    assert roots(diagnosed(files, tmp_path)) == [("probe.wrong-protocol", "Deployment/probe-udp/collector")]


def test_a_program_that_listens_for_both_is_refused_for_another_reason(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(UDP))
    for name in files:
        if name.startswith("logs/"):
            files[name] += b"2026-11-22T03:14:34.000000000Z 2026/11/22 03:14:34.000000 listening on :5140\n"
    assert not roots(diagnosed(files, tmp_path))


def test_a_grpc_probe_of_a_port_on_which_nothing_is_known_to_listen_stays_open(tmp_path: Path) -> None:
    diagnosis = diagnosed(without_logs(GRPC), tmp_path)
    assert not roots(diagnosis)
    assert "probe.wrong-protocol" in {u.condition.code for u in diagnosis.undetermined}
