"""What the kernel log of a node says of disks, file systems and processors, and until when it counts.

The first lines are recorded (Linux 6.18, an ext4 file system on a thin device whose store is full); lines of faults
that cannot be made here are the examples of facts/log_patterns/kernel.py, whose sources they name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import change, diagnosed, found, objects_and_logs, recorded, roots

from kwhy.facts.log_patterns import kernel
from kwhy.facts.logs import LogPattern
from kwhy.ingest.reading import read_document
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.document import Document
from kwhy.pipeline import diagnose_evidence

DMESG = Path(__file__).parents[2] / "cases/kernel/device_errors/thin_disk_full/evidence/dmesg.txt"
NODE = "Node/the node of dmesg.txt"
BOOT = "[    0.000000] Linux version 6.18.44 (build@host) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP\n"


def read(text: str) -> Diagnosis:
    return diagnose_evidence(read_document(Document("dmesg.txt", text.encode(), command="dmesg")))


@pytest.mark.parametrize(
    ("pattern", "condition"),
    [
        (kernel.IO_ERROR, "kernel.device-errors"),
        (kernel.NVME_TIMEOUT, "kernel.device-errors"),
        (kernel.FS_ERROR, "kernel.file-system-errors"),
        (kernel.SOFT_LOCKUP, "kernel.processor-stuck"),
        (kernel.HARD_LOCKUP, "kernel.processor-stuck"),
        (kernel.OOPS, "kernel.oops"),
    ],
    ids=lambda item: getattr(item, "id", item),
)
def test_each_class_has_its_cause(pattern: LogPattern, condition: str) -> None:
    line = next(example for example in pattern.examples if example.startswith("["))
    assert [code for code, _ in roots(read(f"{line}\n"))] == [condition]


def test_a_file_system_that_only_says_what_its_device_did_is_not_damaged() -> None:
    assert roots(read(DMESG.read_text())) == [("kernel.device-errors", NODE)]


def test_what_stands_before_a_boot_is_over() -> None:
    diagnosis = read(DMESG.read_text() + BOOT + "[    0.412000] Run /init as init process\n")
    assert roots(diagnosis) == []
    assert "kernel.reports-trouble" not in found(diagnosis)


@pytest.mark.parametrize(("count", "leaked"), [(1, False), (6, True)])
def test_a_network_device_that_is_only_slow_to_be_freed_is_no_leak(count: int, leaked: bool) -> None:
    line = "unregister_netdevice: waiting for lo to become free. Usage count = 1"
    text = "".join(f"[{100 + 10 * n}.678901] {line}\n" for n in range(count))
    assert ("kernel.device-not-freed" in found(read(text))) is leaked


def test_a_segmentation_fault_is_a_programs_matter() -> None:
    assert "kernel.reports-trouble" not in found(read(f"{kernel.SEGFAULT.examples[0]}\n"))


def _refused(**container: Any) -> dict[str, bytes]:
    """A recorded pod that crashes, its log refusing a write, beside the kernel log of its node."""
    files = objects_and_logs(recorded("config/text_invalid/json_trailing_comma"))
    stamp = "2026-11-22T02:50:44.255101612Z "
    for name in [name for name in files if name.startswith("logs/")]:
        files[name] = f"{stamp}2026/11/22 02:50:44 open /data/orders.db: read-only file system\n".encode()
    change(files, "objects/pods.json", lambda pods: [pod["spec"]["containers"][0].update(container) for pod in pods])
    files["node-a/dmesg.txt"] = b"$ dmesg\n" + DMESG.read_bytes()
    return files


def test_writes_that_fail_on_a_read_only_disk_are_the_disks_fault(tmp_path: Path) -> None:
    diagnosis = diagnosed(_refused(), tmp_path)
    assert roots(diagnosis) == [("kernel.device-errors", "Node/node-a")]
    assert {"container.writes-refused", "kernel.file-system-read-only"} <= found(diagnosis)


def test_writes_that_the_pod_itself_forbids_are_not(tmp_path: Path) -> None:
    diagnosis = diagnosed(_refused(securityContext={"readOnlyRootFilesystem": True}), tmp_path)
    assert ("container.writes-to-read-only", "Deployment/banners/banners") in roots(diagnosis)
    assert "container.writes-refused" not in found(diagnosis)
