"""What exit codes above 125 mean, as recorded and with one thing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import change, diagnosed, found, objects_and_logs, recorded, roots

CRASH = "container/faults/segmentation_fault"
SHELL = "container/command_not_found/script_calls_it"


def ends_with(code: int, *, probe: bool = False) -> dict[str, bytes]:
    files = {n: d for n, d in objects_and_logs(recorded(CRASH)).items() if not n.startswith("logs/")}

    def edit(items: list[Any]) -> None:
        for item in items:
            for status in item["status"]["containerStatuses"]:
                for state in (status["state"], status["lastState"]):
                    if "terminated" in state:
                        state["terminated"]["exitCode"] = code
            if probe:
                item["spec"]["containers"][0]["livenessProbe"] = {"tcpSocket": {"port": 8080}}

    change(files, "objects/pods.json", edit)
    return files


@pytest.mark.parametrize(("code", "signal"), [(132, "SIGILL"), (135, "SIGBUS"), (136, "SIGFPE"), (139, "SIGSEGV")])
def test_a_signal_that_the_kernel_raises_is_a_fault_of_the_program(code: int, signal: str, tmp_path: Path) -> None:
    diagnosis = diagnosed(ends_with(code), tmp_path)
    assert roots(diagnosis) == [("container.faults", "Deployment/exit-139/reporter")]
    assert signal in diagnosis.root_causes[0].finding.title


@pytest.mark.parametrize("code", [137, 143])
def test_a_signal_that_somebody_sends_has_a_sender(code: int, tmp_path: Path) -> None:
    diagnosis = diagnosed(ends_with(code), tmp_path)
    assert not roots(diagnosis)
    assert "container.killed" in found(diagnosis)


def test_with_a_liveness_probe_the_kubelet_may_have_sent_it(tmp_path: Path) -> None:
    diagnosis = diagnosed(ends_with(137, probe=True), tmp_path)
    assert not roots(diagnosis)
    assert "container.killed" not in found(diagnosis)


def test_an_abort_is_the_programs_own_decision(tmp_path: Path) -> None:
    diagnosis = diagnosed(ends_with(134), tmp_path)
    assert not roots(diagnosis)
    assert "container.exits-with-error" in found(diagnosis)


@pytest.mark.parametrize(
    "line",
    [
        "/entrypoint.sh: line 3: report-generator: command not found",  # GNU bash 5.2
        "/bin/sh: 1: report-generator: not found",  # dash 0.5
    ],
)
def test_each_shell_names_the_command_that_it_does_not_find(line: str, tmp_path: Path) -> None:
    files = objects_and_logs(recorded(SHELL))
    for name in files:
        if name.startswith("logs/"):
            files[name] = f"2026-11-22T03:18:02.394964945Z {line}\n".encode()
    diagnosis = diagnosed(files, tmp_path)
    assert [code for code, _ in roots(diagnosis)] == ["container.command-not-found"]
    assert "report-generator" in diagnosis.root_causes[0].finding.title
