"""The same captures through tshark, where it is installed: packets, bytes, retransmissions, windows, round trips."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from kwhy.facts.packets import Flow
from kwhy.ingest.parsers.capture import parse
from kwhy.model.document import Document

RECORDED = Path(__file__).parents[2] / "fixtures" / "captures"
CAPTURES = (
    "errors-any.pcap",
    "http.pcapng",
    "ipv6.pcap",
    "loss.pcap",
    "loss-receiver.pcap",
    "slow-answers.pcap",
    "zero-window.pcap",
)

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


class Row(NamedTuple):
    """A TCP packet as tshark sees it."""

    interface: str
    stream: str
    length: str
    retransmission: str
    out_of_order: str
    zero_window: str
    initial_rtt: str
    reset: str


FIELDS = (
    "frame.interface_id",
    "tcp.stream",
    "frame.len",
    "tcp.analysis.retransmission",
    "tcp.analysis.out_of_order",
    "tcp.analysis.zero_window",
    "tcp.analysis.initial_rtt",
    "tcp.flags.reset",
)


@cache
def theirs(name: str) -> tuple[Row, ...]:
    # An ICMP error quotes a TCP header, which tshark shows as a field of that packet, too.
    command = ["tshark", "-n", "-r", str(RECORDED / name), "-Y", "tcp and not icmp and not icmpv6", "-T", "fields"]
    for field in FIELDS:
        command += ["-e", field]
    command += ["-E", "separator=|"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return tuple(Row(*line.split("|")) for line in output.splitlines())


def ours(name: str) -> list[Flow]:
    found = parse(Document(name, (RECORDED / name).read_bytes()))
    return [fact for fact in found if isinstance(fact, Flow) and fact.protocol == "tcp"]


@pytest.mark.parametrize("name", CAPTURES)
def test_tcp_connections_have_the_packets_and_bytes_that_tshark_counts(name: str) -> None:
    packets = Counter((row.interface, row.stream) for row in theirs(name))
    sizes: Counter[tuple[str, str]] = Counter()
    for row in theirs(name):
        sizes[row.interface, row.stream] += int(row.length)
    assert sorted(flow.packets for flow in ours(name)) == sorted(packets.values())
    assert sorted(flow.bytes for flow in ours(name)) == sorted(sizes.values())


@pytest.mark.parametrize("name", CAPTURES)
def test_what_tshark_calls_sent_again_or_out_of_order_is_sent_again_or_late_here(name: str) -> None:
    sent_again = sum(bool(row.retransmission or row.out_of_order) for row in theirs(name))
    found = [side for flow in ours(name) for side in (flow.ab, flow.ba)]
    assert sum(side.retransmitted + side.late for side in found) == sent_again


@pytest.mark.parametrize("name", CAPTURES)
def test_zero_windows_and_initial_round_trips_are_those_of_tshark(name: str) -> None:
    zero = sum(bool(row.zero_window) for row in theirs(name))
    assert sum(flow.ab.zero_windows + flow.ba.zero_windows for flow in ours(name)) == zero
    # tshark also times a SYN that is answered by RST; that is no handshake here.
    refused = {row.stream for row in theirs(name) if row.reset in ("1", "True")}
    trips = {
        row.stream: float(row.initial_rtt) for row in theirs(name) if row.initial_rtt and row.stream not in refused
    }
    measured = sorted(flow.handshake_rtt for flow in ours(name) if flow.handshake_rtt is not None)
    assert measured == pytest.approx(sorted(trips.values()), abs=1e-9)
