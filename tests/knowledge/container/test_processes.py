"""Pods that may have no more processes: whose limit it is, and what sounds like it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.harness.changed import Files, diagnosed, objects_and_logs, recorded, roots

CASE = "kubelet/pid_limit_low/sixty_processes"
NODE = [("kubelet.pid-limit-low", "Node/node-a")]
WORKERS = [("container.too-many-processes", "Deployment/shop/workers")]


def without(*names: str) -> Files:
    return {name: data for name, data in objects_and_logs(recorded(CASE)).items() if name not in names}


def group(limit: str, current: int, refused: int = 0) -> Files:
    files = without("node/kubelet-config.yaml")
    lines = files["cgroup-pids.txt"].decode().splitlines()
    lines[1], lines[3], lines[5] = limit, str(current), f"max {refused}"
    files["cgroup-pids.txt"] = "\n".join(lines).encode() + b"\n"
    return files


def test_a_limit_below_what_programs_need_is_the_kubelet_s(tmp_path: Path) -> None:
    diagnosis = diagnosed(recorded(CASE), tmp_path)
    assert roots(diagnosis) == NODE
    assert "allows each pod only 60 processes" in diagnosis.root_causes[0].finding.title


def test_a_full_group_with_an_ordinary_limit_is_the_program_s(tmp_path: Path) -> None:
    diagnosis = diagnosed(group("4096", 4090), tmp_path)
    assert roots(diagnosis) == WORKERS
    assert "limit of 4096" in diagnosis.root_causes[0].finding.title


def test_a_group_that_refused_once_was_full(tmp_path: Path) -> None:
    assert roots(diagnosed(group("4096", 12, refused=3), tmp_path)) == WORKERS


@pytest.mark.parametrize("limit", ["max", "4096"])
def test_a_group_with_room_refuses_nothing(limit: str, tmp_path: Path) -> None:
    assert not roots(diagnosed(group(limit, 56), tmp_path))


def test_the_configured_limit_and_a_node_with_room_point_to_it(tmp_path: Path) -> None:
    assert roots(diagnosed(without("cgroup-pids.txt"), tmp_path)) == NODE


def test_without_either_the_figures_are_asked_for(tmp_path: Path) -> None:
    diagnosis = diagnosed(without("cgroup-pids.txt", "node/kubelet-config.yaml"), tmp_path)
    assert not roots(diagnosis)
    asked = [probe.command for u in diagnosis.undetermined for gap in u.gaps for probe in gap.probes]
    assert any("pids" in command for command in asked)


def test_the_kernel_names_the_group_that_it_refused(tmp_path: Path) -> None:
    files = without("cgroup-pids.txt", "node/kubelet-config.yaml")
    pods = json.loads(files["objects/pods.json"])["items"]
    uid = next(item["metadata"]["uid"] for item in pods if item["metadata"]["name"].startswith("workers"))
    # Linux v6.6 kernel/cgroup/pids.c pids_can_fork
    files["node/dmesg.txt"] = (
        f"[12345.678901] cgroup: fork rejected by pids controller in /kubepods/besteffort/pod{uid}/1f\n"
        "[12346.678901] Linux version 6.1.0-25-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP\n"
    ).encode()
    assert roots(diagnosed(files, tmp_path)) == WORKERS


@pytest.mark.parametrize(
    "line",
    [
        "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits",
        "RuntimeError: can't start new thread",
        "sh: can't fork: Resource temporarily unavailable",
    ],
)
def test_each_language_says_it_in_its_own_words(line: str, tmp_path: Path) -> None:
    files = without()
    for name in files:
        if "workers" in name:
            files[name] = f"2026-11-22T03:28:06.112454002Z ERROR {line}\n".encode()
    assert roots(diagnosed(files, tmp_path)) == NODE
