# ruff: noqa: E501 - lines as the programs print them
"""Why a kubelet does not start. Messages quoted from the sources of the versions named beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

REFUSALS = {
    # pkg/kubelet/cm/container_manager_linux.go NewContainerManager (v1.34)
    "kubelet.swap-on": 'E0101 10:00:00.000000    1000 run.go:72] "command failed" err="failed to run Kubelet: running with swap on is '
    'not supported, please disable swap or set --fail-swap-on flag to false"',
    # pkg/kubelet/dockershim/docker_service.go NewDockerService (v1.18)
    "kubelet.cgroup-driver-mismatch": "F0729 17:08:22.299597    1636 server.go:274] failed to run Kubelet: misconfiguration: kubelet "
    'cgroup driver: "cgroupfs" is different from docker cgroup driver: "systemd"',
    # pkg/kubelet/apis/config/validation/validation_linux.go (v1.34)
    "kubelet.cgroup-v1-refused": 'E0101 10:00:00.000000    1000 run.go:72] "command failed" err="failed to validate kubelet '
    "configuration, error: kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is in maintenance mode, "
    'path: x"',
    # pkg/kubelet/certificate/bootstrap/bootstrap.go (v1.34)
    "kubelet.client-certificate-expired": 'E0101 10:00:00.000000    1000 bootstrap.go:266] "Unhandled Error" err="part of the existing '
    'bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired: 2025-11-21 10:00:00 +0000 UTC" '
    'logger="UnhandledError"',
    # cmd/kubelet/app/server.go NewKubeletCommand (v1.34)
    "kubelet.config-invalid": 'E0101 10:00:00.000000    1000 run.go:72] "command failed" err="failed to load kubelet config file, path: '
    "/var/lib/kubelet/config.yaml, error: failed to load Kubelet config file /var/lib/kubelet/config.yaml, error failed to read "
    'kubelet config file \\"/var/lib/kubelet/config.yaml\\", error: no such file or directory"',
}
CAME_UP = """
I0101 10:00:10.120000    1001 kubelet.go:2428] "Starting kubelet main sync loop"
I0101 10:00:40.208532    1001 kubelet.go:2546] "SyncLoop (PLEG): event for pod" pod="shop/web-6f5c6d7f64-jw8fr" event={"ID":"f6fd2568-4048-4185-9970-c09ca0282419","Type":"ContainerStarted","Data":"54f5997d615c"}
"""


def _diagnosed(folder: Path, log: str) -> Diagnosis:
    (folder / "kubelet.log").write_text(log + "\n")
    return diagnose([str(folder)])


@pytest.mark.parametrize(("condition", "line"), REFUSALS.items(), ids=REFUSALS)
def test_the_last_words_of_a_kubelet_name_the_root(tmp_path: Path, condition: str, line: str) -> None:
    diagnosis = _diagnosed(tmp_path, line)
    roots = [c.finding.condition.code for c in diagnosis.root_causes if c.role == "root-cause"]
    assert roots == [condition]
    assert not diagnosis.coverage.failed_rules


@pytest.mark.parametrize("line", REFUSALS.values(), ids=REFUSALS)
def test_a_start_that_succeeded_later_ends_it(tmp_path: Path, line: str) -> None:
    assert not _diagnosed(tmp_path, line + CAME_UP).root_causes
