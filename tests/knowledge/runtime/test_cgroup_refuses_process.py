"""An exec probe whose process the kernel refuses its control group.

The message is that of a published field report; it stands in for the recorded one of a pod whose liveness probe fails.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, objects_and_logs, recorded, roots

CASE = "probe/wrong_port/liveness"
MESSAGE = (
    "Liveness probe failed: rpc error: code = 2 desc = oci runtime error: exec failed: container_linux.go:262: "
    'starting container process caused "process_linux.go:86: adding pid 30968 to cgroups caused '
    '\\"failed to write 30968 to '
    "cgroup.procs: write /sys/fs/cgroup/cpu,cpuacct/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
    "podfe4cc065_cc58_11e9_bf64_00163e08cd06.slice/docker-0447a362d2cf4719ae2a4f5ad0f96f702aacf8ee38d1c73b445ce41bdaa8d2"
    '4a.scope/cgroup.procs: invalid argument\\""'
)
ROOT = ("runtime.cgroup-refuses-process", "Node/node-a")


def evidence(kernel: str = "3.10.0-957.el7.x86_64", message: str = MESSAGE) -> Files:
    files = objects_and_logs(recorded(CASE))

    def say(items: list[Any]) -> None:
        for item in items:
            if item["reason"] == "Unhealthy":
                item["message"] = message

    def run(items: list[Any]) -> None:
        for item in items:
            item["status"]["nodeInfo"]["kernelVersion"] = kernel

    change(files, "objects/events.json", say)
    change(files, "objects/nodes.json", run)
    return {name: data for name, data in files.items() if not name.startswith(("logs/", "node/"))}


def test_an_old_kernel_is_named_and_not_the_program(tmp_path: Path) -> None:
    diagnosis = diagnosed(evidence(), tmp_path)
    assert roots(diagnosis) == [ROOT]
    assert "3.10.0-957.el7.x86_64" in diagnosis.root_causes[0].finding.title
    assert "cpu,cpuacct" in diagnosis.root_causes[0].finding.title


def test_a_newer_kernel_has_another_reason_which_is_asked_for(tmp_path: Path) -> None:
    diagnosis = diagnosed(evidence("5.15.0-91-generic"), tmp_path)
    assert not roots(diagnosis)
    asked = [probe.command for u in diagnosis.undetermined for gap in u.gaps for probe in gap.probes]
    assert any("uname -r" in command for command in asked)


@pytest.mark.parametrize("error", ["no such file or directory", "no space left on device"])
def test_another_error_is_another_matter(error: str, tmp_path: Path) -> None:
    assert ROOT not in roots(diagnosed(evidence(message=MESSAGE.replace("invalid argument", error)), tmp_path))
