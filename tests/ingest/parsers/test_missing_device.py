"""Complaints about devices that do not exist, by the programs that print them."""

from __future__ import annotations

import pytest

from kwhy.facts.network import MissingDevice
from kwhy.ingest.parsers.missing_device import FORMAT
from kwhy.model.document import Document
from kwhy.model.parsing import Head


@pytest.mark.parametrize(
    "line",
    [
        'Cannot find device "eth1"',
        'Device "eth1" does not exist.',
        "ip: can't find device 'eth1'",
        "eth1: error fetching interface information: Device not found",
        "ifconfig: eth1: error fetching interface information: Device not found",
        "tcpdump: eth1: No such device exists",
    ],
)
def test_the_device_is_named(line: str) -> None:
    assert FORMAT.recognise(Head(line + "\n", len(line) + 1, None)) > 0.9
    (item,) = FORMAT.parse(Document("x", (line + "\n").encode()))
    assert isinstance(item, MissingDevice)
    assert item.device == "eth1"
