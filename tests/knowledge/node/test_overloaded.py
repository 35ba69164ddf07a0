"""A node whose processors are taken, so that probes of many pods time out; and what only looks like it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

CASE = "node/cpu_taken/sixty_loops"
HOG = [("node.cpu-taken", "Deployment/shop/hog")]
LATE = "node.probes-time-out"


def evidence(*, load: str | None = None, processes: str | None = None) -> Files:
    files = objects_and_logs(recorded(CASE))
    if load is not None:
        files["node/node-a/load.txt"] = load.encode()
    if processes is not None:
        files["node/node-a/ps.txt"] = processes.encode()
    return files


def test_the_workload_is_named_whose_processes_want_to_run(tmp_path: Path) -> None:
    diagnosis = diagnosed(evidence(), tmp_path)
    assert roots(diagnosis) == HOG
    assert "60 processes on node-a that want to run at once: its 2 processors" in diagnosis.root_causes[0].finding.title


def test_pressure_alone_shows_the_load(tmp_path: Path) -> None:
    # As Linux 6.18 printed it while five programs wanted two processors.
    pressure = "$ cat /proc/pressure/cpu\nsome avg10=63.56 avg60=50.42 avg300=37.87 total=9665920431\n"
    assert roots(diagnosed(evidence(load=pressure), tmp_path)) == HOG


def test_a_calm_node_does_not_make_probes_late(tmp_path: Path) -> None:
    calm = "$ uptime\n 03:53:35 up  4:39,  0 user,  load average: 0.49, 0.89, 0.70\n"
    diagnosis = diagnosed(evidence(load=calm), tmp_path)
    assert not roots(diagnosis)
    assert LATE in found(diagnosis)


def test_tasks_that_wait_for_a_dead_server_leave_the_processors_idle(tmp_path: Path) -> None:
    waiting = (
        "$ uptime\n 03:53:35 up  4:39,  0 user,  load average: 48.49, 17.89, 10.07\n$ vmstat 1 2\n"
        "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n"
        " r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n"
        " 5 48      0 17939320 529224 5322340    0    0   246  1754 1006 2397 63  6 30  0  1\n"
        " 0 48      0 17939320 529224 5322340    0    0     0     7 3788 10245 1  1 98  0  0\n"
    )
    assert "node.overloaded" not in found(diagnosed(evidence(load=waiting), tmp_path))


def test_many_programs_that_do_a_little_are_nobody_s_fault(tmp_path: Path) -> None:
    rows = "".join(f"  {18000 + n}   1  00:55 R    -      program-{n}\n" for n in range(60))
    listing = "$ ps -eo pid,ppid,etime,stat,wchan:32,args\n    PID    PPID     ELAPSED STAT WCHAN  COMMAND\n" + rows
    diagnosis = diagnosed(evidence(processes=listing), tmp_path)
    assert not roots(diagnosis)
    assert "node.overloaded" in {c.finding.condition.code for c in diagnosis.root_causes}


def test_a_program_of_the_node_is_named_as_such(tmp_path: Path) -> None:
    rows = "".join(f"  {18000 + n}   1  00:55 R    -      /usr/bin/backup --all\n" for n in range(20))
    listing = "$ ps -eo pid,ppid,etime,stat,wchan:32,args\n    PID    PPID     ELAPSED STAT WCHAN  COMMAND\n" + rows
    assert roots(diagnosed(evidence(processes=listing), tmp_path)) == [("node.cpu-taken", "Process/node-a/backup")]


def test_without_the_node_s_figures_they_are_asked_for(tmp_path: Path) -> None:
    files = {n: d for n, d in evidence().items() if n not in ("node/node-a/load.txt", "node/node-a/ps.txt")}
    diagnosis = diagnosed(files, tmp_path)
    assert not roots(diagnosis)
    assert any("/proc/pressure" in step.command for step in diagnosis.next_steps)


def test_one_program_that_hangs_everywhere_is_no_matter_of_a_node(tmp_path: Path) -> None:
    files = evidence()

    def only_one(items: list[Any]) -> None:
        items[:] = [i for i in items if i["reason"] != "Unhealthy" or i["involvedObject"]["name"].startswith("c1-")]

    change(files, "objects/events.json", only_one)
    files = {name: data for name, data in files.items() if name != "node/kubelet.log"}
    assert LATE not in found(diagnosed(files, tmp_path))


def test_pods_that_are_gone_tell_nothing_of_now(tmp_path: Path) -> None:
    files = evidence()

    def replaced(items: list[Any]) -> None:
        for item in items:
            if item["metadata"]["name"][:3] in ("a1-", "b1-"):
                item["metadata"]["name"] += "-new"

    change(files, "objects/pods.json", replaced)
    assert LATE not in found(diagnosed(files, tmp_path))


def test_the_same_controllers_late_on_another_node_point_to_the_programs(tmp_path: Path) -> None:
    files = evidence()
    pods = json.loads(files["objects/pods.json"])["items"]
    moved = {
        p["metadata"]["name"] for p in pods if p["metadata"]["name"].startswith(("b1-6dbd8f96fb-p", "c1-59547b8798-c"))
    }
    moved |= {p["metadata"]["name"] for p in pods if p["metadata"]["name"] == "a1-57577db98-zthjp"}

    def move(items: list[Any]) -> None:
        for item in items:
            if item["metadata"]["name"] in moved:
                item["spec"]["nodeName"] = "node-b"

    change(files, "objects/pods.json", move)
    assert LATE not in found(diagnosed(files, tmp_path))


@pytest.mark.parametrize(("period", "told"), [(1, True), (30, False)])
def test_many_exec_probes_are_told_beside_the_cause(period: int, told: bool, tmp_path: Path) -> None:
    files = evidence()

    def ask_by_exec(items: list[Any]) -> None:
        for item in items:
            if item["metadata"]["name"][:3] in ("a1-", "b1-", "c1-"):
                probe = {"exec": {"command": ["cat", "/tmp/alive"]}, "periodSeconds": period}
                item["spec"]["containers"][0] |= {"livenessProbe": probe}

    change(files, "objects/pods.json", ask_by_exec)
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == HOG
    assert ("node.exec-probes-many" in {finding.condition.code for finding in diagnosis.contributing}) is told
