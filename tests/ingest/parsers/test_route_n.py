"""The kernel's IPv4 routing table as route and netstat print it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.facts.network import Route, RouteTableListing
from kwhy.ingest.parsers.route_n import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

RECORDED = Path(__file__).parent / "network"


@pytest.mark.parametrize("name", ["route_n.txt", "busybox_route_n.txt", "netstat_rn.txt"])
def test_main_is_listed_with_gateways_and_refusals(name: str) -> None:
    text = (RECORDED / name).read_text()
    assert FORMAT.recognise(Head(text, len(text), None)) > 0.9
    items = list(FORMAT.parse(Document(name, text.encode())))
    found = {item.destination: item for item in items if isinstance(item, Route)}
    assert (found["10.5.0.0/16"].via, found["10.5.0.0/16"].dev) == ("10.0.0.5", "eth0")
    assert (found["10.9.0.0/16"].type, found["10.8.0.0/16"].type) == ("unreachable", "blackhole")
    assert all(route.partial and route.table == "main" for route in found.values())
    assert [item.table for item in items if isinstance(item, RouteTableListing)] == ["main"]


def test_names_instead_of_networks_are_not_guessed() -> None:
    text = (RECORDED / "route_n.txt").read_text().replace("10.5.0.0 ", "backbone ")
    items = list(FORMAT.parse(Document("r", text.encode())))
    assert [item.at.line for item in items if isinstance(item, Unparsed)] == [5]
    assert not any(isinstance(item, RouteTableListing) for item in items)
