"""Links that are lost and memory that fails, and what only looks like them.

Lines are those of https://github.com/ntop/PF_RING/issues/293, https://github.com/PartialVolume/shredos.x86_64/issues/212,
https://github.com/andikleen/mcelog/issues/74, https://github.com/radiasoft/devops/issues/134 and the examples of
facts/log_patterns/kernel.py.
"""

from __future__ import annotations

import pytest
from tests.harness.changed import found, roots

from kwhy.facts.log_patterns import kernel
from kwhy.ingest.reading import read_document
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.document import Document
from kwhy.pipeline import diagnose_evidence

NODE = "Node/the node of dmesg.txt"
DOWN = "[28432.122502] e1000e 0000:00:1f.6 eth0: NIC Link is Down\n"
UP = "[28442.654843] e1000e 0000:00:1f.6 eth0: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx\n"
STUCK = "[28450.090567] NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out\n"
RECOVERABLE = "[  261.273227] {1}[Hardware Error]: event severity: recoverable\n"
LOST = "[  261.273227] EDAC MC0: 1 UE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0 (channel:1 slot:0)\n"
CORRECTED = (
    "[  261.273227] EDAC MC1: 1 CE memory scrubbing error on CPU_SrcID#1_Ha#0_Chan#1_DIMM#0 (channel:0 slot:0)\n"
)


def read(text: str) -> Diagnosis:
    return diagnose_evidence(read_document(Document("dmesg.txt", text.encode(), command="dmesg")))


def test_a_link_that_comes_and_goes_is_at_fault() -> None:
    assert roots(read((DOWN + UP) * 6)) == [("kernel.link-down", NODE)]


@pytest.mark.parametrize("text", [DOWN, DOWN + UP], ids=["one of several devices", "up again"])
def test_a_lost_link_alone_is_no_trouble(text: str) -> None:
    assert found(read(text)) == set()


def test_a_queue_that_sends_nothing_is_at_fault() -> None:
    assert roots(read(STUCK)) == [("kernel.link-down", NODE)]


def test_a_link_that_was_lost_is_not_why_a_disk_fails() -> None:
    error = next(text for text in kernel.IO_ERROR.examples if "dev sda" in text)
    assert roots(read(f"{DOWN}{error}\n")) == [("kernel.device-errors", NODE)]


@pytest.mark.parametrize("line", [RECOVERABLE, LOST])
def test_data_that_was_lost_is_the_hardwares_fault(line: str) -> None:
    assert roots(read(line)) == [("kernel.memory-errors", NODE)]


def test_corrected_errors_are_no_trouble() -> None:
    assert found(read(CORRECTED)) == set()


def test_corrected_errors_do_not_hide_those_that_were_not() -> None:
    assert roots(read(CORRECTED * 3 + LOST + CORRECTED)) == [("kernel.memory-errors", NODE)]
