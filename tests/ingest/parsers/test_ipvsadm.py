"""`ipvsadm -Ln` and `ipvsadm -Sn`."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.netfilter import VirtualServer, VirtualServerListing
from kwhy.ingest.parsers.ipvsadm import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

#: Kubernetes v1.34 pkg/proxy/ipvs/README.md, "Check IPVS proxy rules"
LISTED = b"""IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.0.0.1:443 rr persistent 10800
  -> 192.168.0.1:6443             Masq    1      1          0
TCP  10.0.0.10:53 rr
  -> 172.17.0.2:53                Masq    1      0          0
UDP  10.0.0.10:53 rr
  -> 172.17.0.2:53                Masq    1      0          0
"""
#: ipvsadm(8) of ipvsadm 1.31, options -A and -a, as -S prints them
SAVED = b"""-A -t 207.175.44.110:80 -s rr
-a -t 207.175.44.110:80 -r 192.168.10.1:80 -m -w 1
-a -t 207.175.44.110:80 -r 192.168.10.2:80 -m -w 3
-A -f 1 -s wlc
"""


def read(data: bytes, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("ipvsadm.txt", data, command=command)))


def servers(data: bytes) -> list[VirtualServer]:
    return [fact for fact in read(data) if isinstance(fact, VirtualServer)]


def test_virtual_servers_and_their_backends_are_read() -> None:
    assert FORMAT.recognise(Head(LISTED.decode(), len(LISTED), None)) > 0.9
    found = servers(LISTED)
    assert [(each.protocol, each.address, each.port, each.persistent) for each in found] == [
        ("tcp", "10.0.0.1", 443, True),
        ("tcp", "10.0.0.10", 53, False),
        ("udp", "10.0.0.10", 53, False),
    ]
    assert [(each.address, each.port, each.forwarding, each.weight) for each in found[0].servers] == [
        ("192.168.0.1", 6443, "Masq", 1)
    ]
    (listing,) = [fact for fact in read(LISTED) if isinstance(fact, VirtualServerListing)]
    assert (listing.count, listing.complete) == (3, True)


def test_saved_servers_are_read_and_marks_too() -> None:
    assert FORMAT.recognise(Head(SAVED.decode(), len(SAVED), None)) > 0.8
    web, marked = servers(SAVED)
    assert [each.weight for each in web.servers] == [1, 3]
    assert (marked.protocol, marked.mark, marked.address) == ("fwm", 1, None)


def test_what_went_through_head_is_not_whole() -> None:
    (listing,) = [f for f in read(LISTED, "ipvsadm -Ln | head -50") if isinstance(f, VirtualServerListing)]
    assert not listing.complete


def test_a_backend_without_server_is_said() -> None:
    facts = read(b"  -> 172.17.0.2:53                Masq    1      0          0\n")
    assert [fact.at.line for fact in facts if isinstance(fact, Unparsed)] == [1]


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_without_failing(data: bytes) -> None:
    FORMAT.recognise(Head(data.decode("utf-8", "replace"), len(data), None))
    read(data)


@given(st.sampled_from([LISTED, SAVED]), st.integers(0, 400), st.integers(0, 60), st.binary(max_size=30))
@settings(max_examples=60, deadline=None)
def test_damaged_output_is_read_to_its_end(data: bytes, start: int, lost: int, put: bytes) -> None:
    damaged = data[:start] + put + data[start + lost :]
    lines = damaged.count(b"\n") + 1
    assert all(1 <= (fact.at.line or 0) <= lines for fact in read(damaged) if not isinstance(fact, Document))
