"""A mounted file system whose server is gone: the kernel's and ls' own words, on the node that a prompt names.

No process that waits for NFS could be recorded: the machines of the recordings have no NFS in their kernel.
"""

from __future__ import annotations

import pytest
from tests.harness.evidence import read_text, together

from kwhy.knowledge.storage.mount_dead import MOUNT_DEAD
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Unsure, Verdict
from kwhy.pipeline import catalogue
from kwhy.reasoning.judging import Judge
from kwhy.scene.scene import Scene

NODE = Subject("Node", "node-a")
#: openrisc/linux#9 (net/sunrpc/clnt.c, call_timeout).
SILENT = "[  259.670000] nfs: server 10.0.0.27 not responding, still trying\n"
#: GNU coreutils 9.1 src/ls.c with strerror(ESTALE) and strerror(ENOTCONN).
STALE = "ls: cannot access '/mnt/data': Stale file handle\n"
FUSE = "ls: cannot access '/mnt/s3': Transport endpoint is not connected\n"


def judged(command: str, output: str) -> Verdict:
    evidence = together(read_text("session.txt", f"root@node-a:~# {command}\n{output}root@node-a:~# \n".encode()))
    return Judge(Scene(evidence.documents, evidence.facts), catalogue()).verdict(MOUNT_DEAD, NODE)


@pytest.mark.parametrize(("command", "output"), [("dmesg", SILENT), ("ls /mnt/data", STALE), ("ls /mnt/s3", FUSE)])
def test_whoever_touches_the_mount_learns_that_it_is_dead(command: str, output: str) -> None:
    verdict = judged(command, output)
    assert isinstance(verdict, Present)
    assert [evidence.at.line for evidence in verdict.because] == [2]


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("ls /mnt/data", "ls: cannot access '/mnt/data': No such file or directory\n"),
        ("ls /mnt/data", "ls: cannot open directory '/mnt/data': Permission denied\n"),
        ("dmesg", "[  259.670000] nfs: server 10.0.0.27 OK\n"),
    ],
)
def test_a_path_that_fails_otherwise_is_no_dead_mount(command: str, output: str) -> None:
    verdict = judged(command, output)
    assert isinstance(verdict, Unsure)
    assert any("findmnt" in probe.command for gap in verdict.gaps for probe in gap.probes)
