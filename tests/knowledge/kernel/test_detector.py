"""What node-problem-detector passes on of the kernel log, in `kubectl describe node` alone.

The description is recorded (Kubernetes 1.34); the events are those of
https://github.com/gardenlinux/gardenlinux/issues/251 and the examples of facts/log_patterns/kernel.py, with the reasons
of node-problem-detector's config/kernel-monitor.json.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.harness.changed import found, roots

from kwhy.facts.log_patterns import kernel
from kwhy.facts.logs import LogPattern
from kwhy.ingest.reading import read_document
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.document import Document
from kwhy.pipeline import diagnose_evidence

RECORDED = (
    Path(__file__).parents[2] / "cases/kernel/file_system_read_only/detector_says_so/evidence/describe-nodes.txt"
).read_text()
HEALTHY = RECORDED.replace("ReadonlyFilesystem   True ", "ReadonlyFilesystem   False").replace(
    "FilesystemIsReadOnly         EXT4-fs (sdi): Remounting filesystem read-only",
    "FilesystemIsNotReadOnly      Filesystem is not read-only",
)
TABLE = """Events:
  Type     Reason    Age    From            Message
  ----     ------    ----   ----            -------
"""
HUNG = "  Warning  TaskHung  5m22s  kernel-monitor  INFO: task jbd2/sda4-8:363 blocked for more than 121 seconds.\n"


def read(text: str) -> Diagnosis:
    return diagnose_evidence(read_document(Document("describe.txt", text.encode())))


def with_events(*rows: str) -> Diagnosis:
    return read(HEALTHY.replace("Events:              <none>\n", TABLE + "".join(rows)))


def event(reason: str, age: str, message: str) -> str:
    return f"  Warning  {reason}  {age}  kernel-monitor  {message}\n"


def example(pattern: LogPattern, start: str = "[") -> str:
    return next(text for text in pattern.examples if text.startswith(start)).partition("] ")[2]


def test_conditions_that_are_false_say_nothing() -> None:
    assert "kernel.reports-trouble" not in found(read(HEALTHY))


def test_a_condition_tells_what_the_kernel_did_but_not_why() -> None:
    diagnosis = read(RECORDED)
    assert {"kernel.reports-trouble", "kernel.file-system-read-only"} <= found(diagnosis)
    assert roots(diagnosis) == []


def test_events_of_hung_tasks_are_the_kernels_trouble() -> None:
    assert "kernel.reports-trouble" in found(with_events(HUNG))


@pytest.mark.parametrize(
    ("reason", "pattern", "condition"),
    [
        ("IOError", kernel.IO_ERROR, "kernel.device-errors"),
        ("KernelOops", kernel.OOPS, "kernel.oops"),
    ],
)
def test_an_event_that_names_the_cause_is_enough(reason: str, pattern: LogPattern, condition: str) -> None:
    diagnosis = with_events(event(reason, "3m", example(pattern)))
    assert roots(diagnosis) == [(condition, "Node/node-a")]


def test_an_error_of_the_file_system_alone_leaves_open_what_the_device_did() -> None:
    diagnosis = with_events(event("Ext4Error", "3m", example(kernel.FS_ERROR)))
    assert "kernel.reports-trouble" in found(diagnosis)
    assert roots(diagnosis) == []


@pytest.mark.parametrize(("times", "leaked"), [("3m", False), ("10s (x9 over 3m)", True)])
def test_a_device_that_stays_is_told_from_one_that_is_slow(times: str, leaked: bool) -> None:
    diagnosis = with_events(event("UnregisterNetDevice", times, example(kernel.UNREGISTER_NETDEVICE)))
    assert ("kernel.device-not-freed" in found(diagnosis)) is leaked


def test_what_was_said_before_the_node_booted_is_over() -> None:
    said = "Node node-a has been rebooted, boot id: 0a35401c-86ef-485b-a37a-fc481a826962"
    booted = f"  Warning  Rebooted  2m  kubelet  {said}\n"
    assert "kernel.reports-trouble" not in found(with_events(HUNG, booted))
