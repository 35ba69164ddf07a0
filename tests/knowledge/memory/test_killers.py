"""Three killers for memory told apart: the container's own limit, the node's kernel, and the kubelet.

The kernel's lines of a full node are those of mm/oom_kill.c (dump_oom_summary, __oom_kill_process) with the recorded
pod's uid; a node cannot be made to run out of memory here. Those of a full group were recorded (Linux 6.18, cgroup v1).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

CASE = "container/out_of_memory/limit_below_need"
RANKER = "Deployment/search/ranker"
CONTAINER = "759cb6e4525b29fade682e5092216171788369eac5b35a6303c9ee1ba80bd0a8"
GROUPS = {
    "cgroupfs": "/kubepods/burstable/pod{uid}/" + CONTAINER,
    "systemd": "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{under}.slice/cri-containerd-"
    + CONTAINER
    + ".scope",
}


def pod_of(files: Files) -> Any:
    items = json.loads(files["objects/pods.json"])["items"]
    return next(item for item in items if item["metadata"]["name"].startswith("ranker-"))


def at_own_limit(group: str) -> str:
    parent = group.rpartition("/")[0]
    return (
        "[25362.049602] memory: usage 16384kB, limit 16384kB, failcnt 314\n"
        f"[25362.049747] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset={CONTAINER},mems_allowed=0,"
        f"oom_memcg={parent},task_memcg={group},task=labapp,pid=5269,uid=0\n"
        "[25362.049800] Memory cgroup out of memory: Killed process 5269 (labapp) total-vm:1265160kB, "
        "anon-rss:14720kB, file-rss:4440kB, shmem-rss:0kB, UID:0 pgtables:132kB oom_score_adj:999\n"
    )


def at_the_node_s_end(group: str, resident: int = 20000000) -> str:
    return (
        "[25362.049000] labapp invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
        "[25362.049747] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
        f"task_memcg={group},task=labapp,pid=5269,uid=0\n"
        f"[25362.049800] Out of memory: Killed process 5269 (labapp) total-vm:26512640kB, anon-rss:{resident}kB, "
        "file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:132kB oom_score_adj:999\n"
    )


def ended(*, limited: bool, log: str, driver: str = "cgroupfs") -> Files:
    """The recorded pod, ended with 137 and reason Error, and a kernel log."""
    files = objects_and_logs(recorded(CASE))

    def end(items: list[Any]) -> None:
        for item in items:
            if not item["metadata"]["name"].startswith("ranker-"):
                continue
            if not limited:
                item["spec"]["containers"][0]["resources"] = {}
            for status in item["status"]["containerStatuses"]:
                for state in (status["state"], status["lastState"]):
                    if "terminated" in state:
                        state["terminated"] |= {"exitCode": 137, "reason": "Error"}

    change(files, "objects/pods.json", end)
    uid = pod_of(files)["metadata"]["uid"]
    group = GROUPS[driver].format(uid=uid, under=uid.replace("-", "_"))
    kernel = {"own": at_own_limit, "node": at_the_node_s_end}.get(log)
    if kernel is not None:
        files["node/dmesg.txt"] = (
            "[    0.000000] Linux version 6.1.0-25-amd64 (gcc-12) #1 SMP\n" + kernel(group)
        ).encode()
    return files


@pytest.mark.parametrize("driver", GROUPS)
def test_the_kernel_tells_of_a_kill_that_the_runtime_does_not(driver: str, tmp_path: Path) -> None:
    diagnosis = diagnosed(ended(limited=True, log="own", driver=driver), tmp_path)
    assert roots(diagnosis) == [("container.out-of-memory", RANKER)]
    evidence = [e.says for e in diagnosis.root_causes[0].finding.evidence]
    assert "the kernel killed labapp for want of its control group's limit" in evidence


def test_without_the_kernel_s_log_137_says_nothing(tmp_path: Path) -> None:
    assert not roots(diagnosed(ended(limited=True, log="none"), tmp_path))


@pytest.mark.parametrize("driver", GROUPS)
def test_a_pod_without_a_limit_that_took_all_is_named(driver: str, tmp_path: Path) -> None:
    diagnosis = diagnosed(ended(limited=False, log="node", driver=driver), tmp_path)
    assert roots(diagnosis) == [("memory.taken-by-pod", RANKER)]
    assert "19.07Gi of 23." in diagnosis.root_causes[0].finding.title
    assert "memory.node-exhausted" in found(diagnosis)


def test_a_victim_with_a_limit_is_not_blamed_for_the_node(tmp_path: Path) -> None:
    diagnosis = diagnosed(ended(limited=True, log="node"), tmp_path)
    assert not roots(diagnosis)
    assert "memory.node-exhausted" in found(diagnosis)


def test_an_event_of_the_kubelet_says_so_too(tmp_path: Path) -> None:
    files = objects_and_logs(recorded("healthy/nothing_wrong"))
    files["events.txt"] = (
        b"$ kubectl get events -A\nNAMESPACE  LAST SEEN  TYPE     REASON     OBJECT       MESSAGE\n"
        b"default    30s        Warning  SystemOOM  node/node-a  System OOM encountered, victim process: java, pid: 4711\n"  # noqa: E501 - one line
    )
    diagnosis = diagnosed(files, tmp_path)
    finding = next(f for f in diagnosis.findings if f.condition.code == "memory.node-exhausted")
    assert "killed java (process 4711)" in finding.title


def test_a_kill_long_before_the_log_s_end_is_over(tmp_path: Path) -> None:
    files = objects_and_logs(recorded("healthy/nothing_wrong"))
    log = at_the_node_s_end("/kubepods/besteffort/pod0e58b311-36ef-4561-b1d0-1fc20180bdc5")
    files["node/dmesg.txt"] = (
        "[    0.000000] Linux version 6.1.0-25-amd64 (gcc-12) #1 SMP\n"
        + log
        + "[29000.000000] veth27: entered promiscuous mode\n"
    ).encode()
    assert diagnosed(files, tmp_path).outcome == "healthy"


@pytest.mark.parametrize(("used", "named"), [("15728640Ki", True), ("32768Ki", False)])
def test_an_evicted_pod_that_used_most_of_the_memory_is_behind_the_pressure(
    used: str, named: bool, tmp_path: Path
) -> None:
    files = objects_and_logs(recorded("node/memory_pressure/high_threshold"))

    def evicted(items: list[Any]) -> None:
        pod = next(item for item in items if item["metadata"]["name"].startswith("frontend-"))
        pod["spec"]["nodeName"] = "node-a"
        # Kubernetes v1.34 pkg/kubelet/eviction/helpers.go evictionMessage
        pod["status"] = {
            "phase": "Failed",
            "reason": "Evicted",
            "message": "The node was low on resource: memory. Threshold quantity: 22Gi, available: 7340032Ki. "
            f"Container app was using {used}, request is 0, has larger consumption of memory. ",
        }

    change(files, "objects/pods.json", evicted)
    expected = ("memory.taken-by-pod", "Deployment/shop/frontend") if named else ("node.memory-pressure", "Node/node-a")
    assert roots(diagnosed(files, tmp_path)) == [expected]
