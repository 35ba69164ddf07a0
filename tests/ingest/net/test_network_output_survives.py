"""No input makes the parsers of network output raise or hang, and what they cannot read is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kwhy.ingest.parsers import (
    connect,
    ip_addr,
    ip_neigh,
    ip_route,
    ip_route_get,
    ip_rule,
    missing_device,
    ping,
    route_n,
    sysctl,
)
from kwhy.model.document import Document
from kwhy.model.parsing import Format, Head

MODULES = (connect, ip_addr, ip_neigh, ip_route, ip_route_get, ip_rule, missing_device, ping, route_n, sysctl)
FORMATS = [module.FORMAT for module in MODULES]
RECORDED = sorted((Path(__file__).parents[1] / "parsers" / "network").iterdir())
COMMANDS = (
    None, "ip rule", "ip -j route show table all", "ip route show table 2", "ip route get 10.0.0.1", "ip addr",
    "ip neigh", "ping -c1 x", "nc -vz a 1", "curl http://[::1", "sysctl -n a.b", "telnet a 99999", "'", "kubectl exec",
)  # fmt: skip
#: Terminal junk, broken encodings, Chinese, endless numbers.
JUNK = [
    b"\x00\xff\xfe", b"\r\n", "没有到主机的路由\n".encode(), b"9" * 400, b"default " * 50, b"via", b"[" * 2000,
    b'{"dst":', b"\\",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(RECORDED)).read_bytes())
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.integers(0, 2))
        if kind == 0:
            data[at:at] = draw(st.sampled_from(JUNK))
        elif kind == 1:
            del data[at : at + draw(st.integers(0, 60))]
        else:
            data[at:at] = draw(st.binary(max_size=12))
    return bytes(data)


def survives(form: Format, data: bytes, command: str | None) -> None:
    text = data.decode("utf-8", "replace")
    score = form.recognise(Head(text, len(data), command))
    assert 0.0 <= score <= 1.0
    for item in form.parse(Document("x", data, command=command)):
        assert item.at.document.source == "x"  # type: ignore[union-attr]  # none yields documents


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=600), command=st.sampled_from(COMMANDS))
def test_any_bytes(form: Format, data: bytes, command: str | None) -> None:
    survives(form, data, command)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=mutated(), command=st.sampled_from(COMMANDS))
def test_damaged_real_output(form: Format, data: bytes, command: str | None) -> None:
    survives(form, data, command)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_line_of_a_million_characters_is_read_in_no_time(form: Format) -> None:
    for piece in (b"a", b"default via ", b"64 bytes from ", b"1: ", b"net.a.", b"(", b" "):
        survives(form, piece * (1_000_000 // len(piece)), None)
