"""The kernel's own route decisions are read, refusals with what was asked."""

from __future__ import annotations

from pathlib import Path

from kwhy.facts.network import RouteGetAnswer
from kwhy.ingest.parsers.ip_route_get import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

RECORDED = Path(__file__).parent / "network"


def answer(text: str, command: str | None = None) -> RouteGetAnswer:
    (item,) = FORMAT.parse(Document("get.txt", text.encode(), command=command))
    assert isinstance(item, RouteGetAnswer)
    return item


def test_text_and_json_give_gateway_device_and_source() -> None:
    for name in ("ip_route_get.txt", "ip_j_route_get.json"):
        found = answer((RECORDED / name).read_text())
        assert (found.destination, found.via, found.dev, found.prefsrc, found.uid) == (
            "10.5.1.1", "10.0.0.5", "eth0", "10.0.0.1", 0,
        )  # fmt: skip


def test_a_local_address_is_answered_by_lo() -> None:
    found = answer((RECORDED / "ip_route_get_local.txt").read_text())
    assert (found.type, found.dev) == ("local", "lo")


def test_an_ipv6_answer_without_source_has_none() -> None:
    found = answer((RECORDED / "ip_6_route_get.txt").read_text(), "ip -6 route get fd09::1")
    assert (found.family, found.source, found.prefsrc) == (6, None, "fd00::1")


def test_a_refusal_is_about_what_the_command_asked() -> None:
    found = answer("RTNETLINK answers: Network is unreachable\n", "ip route get 99.1.1.1 from 10.0.0.1 iif eth0")
    assert (found.destination, found.source, found.iif, found.error) == (
        "99.1.1.1", "10.0.0.1", "eth0", "Network is unreachable",
    )  # fmt: skip


def test_a_refusal_without_command_is_reported() -> None:
    (item,) = FORMAT.parse(Document("x", b"RTNETLINK answers: File exists\n"))
    assert isinstance(item, Unparsed)


def test_answers_are_recognised_and_route_lists_are_not_taken_for_answers() -> None:
    for name in ("ip_route_get.txt", "ip_route_get_local.txt", "ip_j_route_get.json"):
        text = (RECORDED / name).read_text()
        assert FORMAT.recognise(Head(text, len(text), None)) > 0.9, name
    for name in ("ip_route_all.txt", "ip_j_route_all.json"):
        text = (RECORDED / name).read_text()
        assert FORMAT.recognise(Head(text, len(text), None)) == 0.0, name
