"""Given packets within packets, the conversations inside are seen as if they were captured without the tunnel."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.knowledge.captured import packets

from kwhy.facts.dialogues import Dialogue
from kwhy.facts.packets import EchoExchange, Flow
from kwhy.ingest.parsers.capture import parse
from kwhy.model.document import Document
from kwhy.model.parsing import Parsed

CAPTURES = Path(__file__).resolve().parents[2] / "fixtures" / "captures"
PLAIN = (CAPTURES / "said-http_slow.pcap").read_bytes()
MACS = bytes(12)


def udp(port: int, body: bytes) -> bytes:
    return struct.pack(">HHHH", 40000, port, 8 + len(body), 0) + body


def ip(protocol: int, body: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 7, 0, 64, protocol, 0)
    return MACS + b"\x08\x00" + head + bytes([192, 168, 77, 1]) + bytes([192, 168, 77, 2]) + body


#: How each tunnel wraps an Ethernet frame, or the IP packet in it (RFC 7348, 8926, 2784, 2890, 2003).
WRAPS: dict[str, Callable[[bytes], bytes]] = {
    "vxlan": lambda frame: ip(17, udp(8472, b"\x08\0\0\0\0\0\x07\0" + frame)),
    "vxlan of IANA": lambda frame: ip(17, udp(4789, b"\x08\0\0\0\0\0\x07\0" + frame)),
    "geneve with options": lambda frame: ip(17, udp(6081, b"\x02\0\x65\x58\0\0\x07\0" + bytes(8) + frame)),
    "gre": lambda frame: ip(47, b"\0\0\x08\0" + frame[14:]),
    "gre with checksum, key and sequence": lambda frame: ip(47, b"\xb0\0\x08\0" + bytes(12) + frame[14:]),
    "gretap": lambda frame: ip(47, b"\0\0\x65\x58" + frame),
    "ipip": lambda frame: ip(4, frame[14:]),
}


def wrapped(data: bytes, wrap: Callable[[bytes], bytes]) -> bytes:
    found = data[:24]
    for head, frame in packets(data):
        outer = wrap(frame)
        length = struct.unpack_from("<I", head, 12)[0] + len(outer) - len(frame)
        found += head[:8] + struct.pack("<II", len(outer), length) + outer
    return found


def read(data: bytes) -> list[Parsed]:
    return list(parse(Document("x.pcap", data)))


def inner(facts: list[Parsed]) -> list[tuple[object, ...]]:
    return [
        (f.a, f.a_port, f.b, f.b_port, f.outcome, f.ab.payload, f.ba.payload, f.handshake_rtt, f.ba.longest_wait)
        for f in facts
        if isinstance(f, Flow) and f.protocol == "tcp"
    ]


@pytest.mark.parametrize("tunnel", WRAPS)
def test_conversations_inside_a_tunnel_are_those_without_it(tunnel: str) -> None:
    plain, carried = read(PLAIN), read(wrapped(PLAIN, WRAPS[tunnel]))
    assert inner(carried) == inner(plain)
    assert len(inner(plain)) == 3
    questions = [e.question for d in carried if isinstance(d, Dialogue) for e in d.slowest]
    assert questions == ["GET /wait/3"] * 3


def test_the_tunnel_itself_is_a_flow_too() -> None:
    outer = [f for f in read(wrapped(PLAIN, WRAPS["vxlan"])) if isinstance(f, Flow) and f.protocol == "udp"]
    assert [(f.a, f.b, f.b_port, f.outcome) for f in outer] == [("192.168.77.1", "192.168.77.2", 8472, "one-way")]


def test_a_recorded_vxlan_shows_the_request_and_the_ping_inside() -> None:
    """Recorded between two namespaces: Linux 6.18 vxlan, port 8472, tcpdump 4.99.3 on the outer device."""
    facts = read((CAPTURES / "vxlan.pcap").read_bytes())
    assert [row[:5] for row in inner(facts)] == [("10.244.7.1", 40226, "10.244.7.2", 8080, "closed")]
    assert [(e.source, e.destination, e.replies) for e in facts if isinstance(e, EchoExchange)] == [
        ("10.244.7.1", "10.244.7.2", 1)
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(WRAPS)),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=10),
    st.integers(24, 4000),
)
def test_damaged_tunnels_never_raise(tunnel: str, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(wrapped(PLAIN, WRAPS[tunnel]))
    for place, value in changes:
        data[24 + place % (len(data) - 24)] = value
    read(bytes(data[:cut]))
