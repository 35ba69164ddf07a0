"""Neighbours are read with their state."""

from __future__ import annotations

from pathlib import Path

from kwhy.facts.network import Neighbour
from kwhy.ingest.parsers import ip_route
from kwhy.ingest.parsers.ip_neigh import FORMAT
from kwhy.model.document import Document
from kwhy.model.parsing import Head

#: The first line is recorded; the others are the forms of ip-neighbour(8) and iproute2 6.1 ip/ipneigh.c.
TEXT = (Path(__file__).parent / "network" / "ip_neigh.txt").read_text() + (
    "10.0.0.77 dev eth0 FAILED\nfe80::1 dev eth0 lladdr 02:00:00:00:00:01 router STALE\n"
)


def test_permanent_failed_and_router_entries() -> None:
    assert FORMAT.recognise(Head(TEXT, len(TEXT), None)) > 0.9
    found = [item for item in FORMAT.parse(Document("n", TEXT.encode())) if isinstance(item, Neighbour)]
    assert [(item.address, item.mac, item.state, item.is_router) for item in found] == [
        ("10.0.0.2", "02:00:00:00:00:02", "PERMANENT", False),
        ("10.0.0.77", None, "FAILED", False),
        ("fe80::1", "02:00:00:00:00:01", "STALE", True),
    ]


def test_neighbours_are_not_taken_for_routes() -> None:
    one = "10.0.0.2 dev eth0 lladdr 02:00:00:00:00:02 REACHABLE\n10.0.0.77 dev eth0 FAILED\n"
    assert ip_route.FORMAT.recognise(Head(one, len(one), None)) == 0.0
