"""Counters of the kernel's network code have one name, whichever program prints them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.conntrack import NetworkCounter
from kwhy.ingest.parsers.nstat import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

RECORDED = Path(__file__).parent / "network"
NSTAT = (RECORDED / "nstat_az.txt").read_text()
NETSTAT = (RECORDED / "netstat_s.txt").read_text()
#: Linux 6.18 /proc/net/snmp, two groups.
PROC = "Ip: Forwarding DefaultTTL InReceives\nIp: 1 64 24\nUdp: InDatagrams NoPorts\nUdp: 8 -1\n"


def counters(text: str) -> dict[str, int]:
    found = FORMAT.parse(Document("n.txt", text.encode()))
    return {item.name: item.value for item in found if isinstance(item, NetworkCounter)}


def test_every_form_is_recognised_by_content() -> None:
    for text in (NSTAT, NETSTAT, PROC):
        assert FORMAT.recognise(Head(text, len(text), None)) > 0.9


def test_nstat_and_netstat_name_a_counter_alike() -> None:
    assert counters(NSTAT)["IpForwDatagrams"] == 16
    assert counters(NETSTAT)["IpExtInOctets"] == counters(NSTAT)["IpExtInOctets"] == 1668


def test_the_files_of_proc_hold_names_above_values() -> None:
    assert counters(PROC) == {"IpForwarding": 1, "IpDefaultTTL": 64, "IpInReceives": 24, "UdpInDatagrams": 8}


def test_a_line_of_something_else_is_said_to_be_not_understood() -> None:
    found = list(FORMAT.parse(Document("n.txt", (NSTAT + "Segmentation fault\n").encode())))
    assert [item.at.excerpt for item in found if isinstance(item, Unparsed)] == ["Segmentation fault"]


@given(st.text(max_size=300))
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert isinstance(counters(text), dict)


@given(st.integers(0, len(NETSTAT)), st.text(max_size=20))
def test_damaged_output_is_read_to_its_end(at: int, junk: str) -> None:
    assert isinstance(counters(NETSTAT[:at] + junk + NETSTAT[at + 5 :]), dict)
