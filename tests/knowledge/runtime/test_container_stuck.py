# ruff: noqa: E501 - lines as the programs print them
"""One container that the runtime does not get past.

Composed of recorded lines: the shim of a containerd 1.6.20, a shell in state D and the kernel's message about it from Linux
6.18 (a write to a frozen file system), the node's condition and event of a published field report.
"""

from __future__ import annotations

from pathlib import Path

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

NODE = """\
  Ready                False   Fri, 28 Jun 2019 10:19:21 +0800   Thu, 27 Jun 2019 07:07:38 +0800   KubeletNotReady              PLEG is not healthy: pleg was last seen active 27h14m51.413818128s ago; threshold is 3m0s

Events:
  Type     Reason             Age                 From                                         Message
  ----     ------             ----                ----                                         -------
  Warning  ContainerGCFailed  5s (x543 over 27h)  kubelet, cn-shenzhen.xxxx                    rpc error: code = DeadlineExceeded desc = context deadline exceeded
"""
ID = "646a3d505d5bacf6be8d553dfe3a5ab971fe195b08c7a52279bf9e8724c88790"
PROCESSES = f"""\
    PID    PPID     ELAPSED STAT WCHAN                            COMMAND
      1       0       52:17 Ss   do_epoll_wait                    /sbin/init
  21700       1       43:42 Sl   futex_do_wait                    /usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id {ID} -address /run/containerd/containerd.sock
  21782   21700       43:42 Ss   do_wait                          sh
  21793   21782       12:31 D    percpu_rwsem_wait                sh -c echo x > /mnt/data/file
"""
HUNG = """\
[ 2659.400608] INFO: task sh:21793 blocked for more than 120 seconds.
[ 2659.401339]       Not tainted 6.18.44-lab #1
[ 2659.401767] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
[ 2659.402498] task:sh              state:D stack:0     pid:21793 tgid:21793 ppid:21782  task_flags:0x400000 flags:0x00080001
[ 2659.402507] Call Trace:
[ 2659.402510]  <TASK>
[ 2659.402528]  __schedule+0x3cc/0xf50
[ 2659.402541]  schedule+0x23/0xa0
[ 2659.402545]  percpu_rwsem_wait+0x15f/0x1d0
[ 2659.402558]  __percpu_down_read+0x88/0x150
[ 2659.402564]  mnt_want_write+0x96/0xc0
[ 2659.402570]  path_openat+0x4cf/0x12d0
[ 2659.402589]  do_filp_open+0xc3/0x180
[ 2659.402619]  do_sys_openat2+0x6e/0xd0
[ 2659.402625]  __x64_sys_openat+0x5d/0xa0
[ 2659.402629]  do_syscall_64+0x71/0x280
[ 2659.402660]  </TASK>
"""


def _diagnosed(folder: Path, **files: str) -> Diagnosis:
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    return diagnose([str(folder)])


def _deepest(diagnosis: Diagnosis) -> list[str]:
    return [c.finding.condition.code for c in diagnosis.root_causes]


def test_a_hung_process_below_a_shim_is_what_the_runtime_waits_for(tmp_path: Path) -> None:
    diagnosis = _diagnosed(tmp_path, node=NODE, ps=PROCESSES, dmesg=HUNG)
    assert _deepest(diagnosis) == ["kernel.file-system-frozen", "kernel.task-hung"]
    stuck = next(f for f in diagnosis.findings if f.condition.code == "runtime.container-stuck")
    assert (stuck.subject.name, stuck.subject.node) == (ID[:12], "cn-shenzhen.xxxx")


def test_state_d_alone_may_be_a_moment_of_disk_access(tmp_path: Path) -> None:
    diagnosis = _diagnosed(tmp_path, node=NODE, ps=PROCESSES)
    assert _deepest(diagnosis) == ["runtime.hangs"]
    assert any(u.condition.code == "runtime.container-stuck" for u in diagnosis.undetermined)


def test_without_the_processes_the_question_is_which_container(tmp_path: Path) -> None:
    diagnosis = _diagnosed(tmp_path, node=NODE)
    assert _deepest(diagnosis) == ["runtime.hangs"]
    commands = [step.command for step in diagnosis.next_steps]
    assert any("goroutine" in command for command in commands)
    assert any("reason=Scheduled" in command for command in commands)
