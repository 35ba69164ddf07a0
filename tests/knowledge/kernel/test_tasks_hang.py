"""What tasks that the kernel calls blocked wait for.

The message and stack of a frozen file system are recorded (Linux 6.18); the stacks of an NFS server that is away and of
a disk that takes no data are those of https://github.com/raspberrypi/linux/issues/2482 and
https://github.com/gardenlinux/gardenlinux/issues/945.
"""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import found, roots

from kwhy.facts.log_patterns import kernel
from kwhy.ingest.reading import read_document
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.document import Document
from kwhy.pipeline import diagnose_evidence

FROZEN = (Path(__file__).parents[2] / "cases/kernel/file_system_frozen/backup_left_it/evidence/dmesg.txt").read_text()
NODE = "Node/the node of dmesg.txt"
SERVER_AWAY = "[ 3223.539141] nfs: server ease not responding, still trying\n"
SERVER_BACK = "[ 3224.612015] nfs: server ease OK\n"
WAITS_FOR_SERVER = """[ 3438.580109] INFO: task objcopy:24916 blocked for more than 120 seconds.
[ 3438.583905]       Tainted: G         C      4.14.31-1-ARCH #1
[ 3438.587697] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
[ 3438.595231] objcopy         D    0 24916  24912 0x00000000
[ 3438.599109] [<80a87848>] (__schedule) from [<80a88018>] (schedule+0x3c/0xa0)
[ 3438.603019] [<80a88018>] (schedule) from [<8015c138>] (io_schedule+0x14/0x3c)
[ 3438.606896] [<8015c138>] (io_schedule) from [<80230be4>] (wait_on_page_bit+0x110/0x15c)
[ 3438.637259] [<80233190>] (filemap_write_and_wait_range) from [<803db1c4>] (nfs_file_fsync+0x30/0x280)
"""
WAITS_FOR_JOURNAL = """[1984687.769162] INFO: task jbd2/sda3-8:373 blocked for more than 120 seconds.
[1984687.770538]       Not tainted 5.10.0-garden-cloud-amd64 #1 Debian 5.10.93-0gardenlinux1
[1984687.772059] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
[1984687.773559] task:jbd2/sda3-8     state:D stack:    0 pid:  373 ppid:     2 flags:0x00004000
[1984687.775158] Call Trace:
[1984687.775679]  __schedule+0x282/0x870
[1984687.776374]  schedule+0x46/0xb0
[1984687.777013]  jbd2_journal_commit_transaction+0x320/0x1ad0
[1984687.778077]  ? sched_clock+0x5/0x10
[1984687.782043]  kjournald2+0xab/0x270
[1984687.785260]  kthread+0x11b/0x140
[1984687.786096]  ret_from_fork+0x22/0x30
"""


def read(text: str) -> Diagnosis:
    return diagnose_evidence(read_document(Document("dmesg.txt", text.encode(), command="dmesg")))


def test_a_writer_to_a_frozen_file_system_waits_for_its_thaw() -> None:
    assert roots(read(FROZEN)) == [("kernel.file-system-frozen", NODE)]


def test_a_freeze_that_does_not_end_leaves_open_why() -> None:
    diagnosis = read(
        FROZEN.replace("mnt_want_write+0x96/0xc0", "sb_start_write+0x96/0xc0\n[27278.666026]  freeze_super+0x61/0x1a0")
    )
    assert roots(diagnosis) == []
    assert "kernel.tasks-hang" in found(diagnosis)


def test_a_task_without_a_stack_tells_no_cause() -> None:
    diagnosis = read(FROZEN.splitlines(keepends=True)[5])
    assert roots(diagnosis) == []
    assert "kernel.tasks-hang" in found(diagnosis)


def test_a_writer_to_a_silent_nfs_server_waits_for_the_mount() -> None:
    assert roots(read(SERVER_AWAY + WAITS_FOR_SERVER)) == [("storage.mount-dead", NODE)]


def test_a_server_that_came_back_is_not_dead() -> None:
    assert "storage.mount-dead" not in found(read(SERVER_AWAY + SERVER_BACK + FROZEN))


def test_a_journal_waits_for_a_disk_that_fails() -> None:
    error = next(text for text in kernel.IO_ERROR.examples if "dev sda" in text).replace("12345", "1984600")
    assert roots(read(f"{error}\n{WAITS_FOR_JOURNAL}")) == [("kernel.device-errors", NODE)]


def test_a_disk_that_fails_is_not_why_a_server_is_waited_for() -> None:
    error = next(text for text in kernel.IO_ERROR.examples if "dev sda" in text).replace("12345", "3400")
    assert ("storage.mount-dead", NODE) in roots(read(f"{error}\n{SERVER_AWAY}{WAITS_FOR_SERVER}"))


def test_a_journal_that_waits_while_no_error_is_shown_stays_open() -> None:
    diagnosis = read(WAITS_FOR_JOURNAL)
    assert roots(diagnosis) == []
    assert "kernel.tasks-hang" in found(diagnosis)
