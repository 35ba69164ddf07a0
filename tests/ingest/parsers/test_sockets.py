"""Sockets are read alike from ss and netstat; a listing proves what is not there only where it is whole."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.sockets import Socket, SocketListing
from kwhy.ingest.parsers.sockets import FORMAT
from kwhy.model.document import Document
from kwhy.model.parsing import Head

RECORDED = Path(__file__).parent / "network"
NODE = (RECORDED / "ss_tulpn_node.txt").read_text()
POD = (RECORDED / "ss_tulpn_pod.txt").read_text()
UDP = (RECORDED / "ss_lunp.txt").read_text()
NETSTAT = (RECORDED / "netstat_tulpn_an.txt").read_text()


def read(text: str, command: str | None = None) -> list[object]:
    return list(FORMAT.parse(Document("s.txt", text.encode(), command=command)))


def sockets(text: str, command: str | None = None) -> list[tuple[str, str, str, int | None, str | None]]:
    found = [item for item in read(text, command) if isinstance(item, Socket)]
    return [(s.protocol, s.state, s.address, s.port, s.program) for s in found]


def listing(text: str, command: str | None = None) -> SocketListing | None:
    return next((item for item in read(text, command) if isinstance(item, SocketListing)), None)


def test_every_form_is_recognised_by_content() -> None:
    for text in (NODE, POD, UDP, NETSTAT):
        assert FORMAT.recognise(Head(text, len(text), None)) > 0.9


def test_ss_and_netstat_show_the_same_listeners() -> None:
    expected = {
        ("udp", "UNCONN", "10.244.2.7", 53, "python"),
        ("tcp", "LISTEN", "10.244.2.7", 8080, "python"),
        ("tcp", "LISTEN", "10.244.2.7", 53, "python"),
    }
    assert set(sockets(POD)) == expected
    assert expected <= set(sockets(NETSTAT))


def test_the_kernels_own_vxlan_socket_has_no_process() -> None:
    assert sockets(NODE) == [("udp", "UNCONN", "0.0.0.0", 8472, None)]
    assert sockets(UDP) == sockets(NODE)


def test_an_established_connection_is_no_listener() -> None:
    line = 'ESTAB 0      0      [::ffff:10.0.0.1]:443  [::ffff:10.0.0.9]:51002 users:(("nginx",pid=7,fd=9))\n'
    found = next(item for item in read(line, "ss -tanp") if isinstance(item, Socket))
    assert (found.protocol, found.listening, found.peer_port, found.pid) == ("tcp", False, 51002, 7)


def test_a_listing_says_of_which_protocols_and_whether_with_processes() -> None:
    both, udp = listing(NODE, "ss -tulpn"), listing(UDP, "ss -lunp")
    assert both is not None and both.protocols == ("tcp", "udp") and both.processes
    assert udp is not None and udp.protocols == ("udp",)


def test_a_filtered_listing_proves_nothing() -> None:
    assert listing(NODE, "ss -tulpn | grep 8472") is None
    assert listing(NODE, "ss -tn") is None
    assert listing(NODE) is None


@given(st.text(max_size=300))
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert isinstance(read(text), list)


@given(st.integers(0, len(NETSTAT)), st.text(max_size=20))
def test_damaged_output_is_read_to_its_end(at: int, junk: str) -> None:
    assert read(NETSTAT[:at] + junk + NETSTAT[at + 5 :])
