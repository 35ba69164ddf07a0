"""Routes are read from every form of `ip route show`, and only a listing proves that a table is empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.facts.network import MissingDevice, NextHop, Route, RouteTableListing
from kwhy.ingest.parsers.ip_route import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

RECORDED = Path(__file__).parent / "network"
MISSING = (RECORDED / "ip_route_table_missing.txt").read_text()


def parsed(text: str, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("routes.txt", text.encode(), command=command)))


def routes(items: list[Parsed]) -> list[Route]:
    return [item for item in items if isinstance(item, Route)]


def listings(items: list[Parsed]) -> list[RouteTableListing]:
    return [item for item in items if isinstance(item, RouteTableListing)]


@pytest.mark.parametrize(
    "command",
    [
        "ip route show table 2",
        "ip r s t 2",
        "sudo ip -4 route list table 2",
        "nsenter -t 1 -n ip route show table 2 2>&1",
        "ip route show table 2 | cat",
    ],
)
def test_an_empty_output_of_the_command_proves_an_empty_table(command: str) -> None:
    (listing,) = listings(parsed("", command))
    assert (listing.table, listing.families, listing.count, listing.missing) == ("2", (4,), 0, False)


@pytest.mark.parametrize(
    "command",
    [
        None,
        "ip route show table 2 | grep default",
        "ip route show table 2 dev eth1",
        "ip route show table 2; echo",
        "cat /proc/net/route",
    ],
)
def test_an_empty_output_of_anything_else_proves_nothing(command: str | None) -> None:
    assert parsed("", command) == []


def test_an_empty_ipv6_table_of_busybox_proves_nothing_because_busybox_hides_it() -> None:
    assert listings(parsed("", "busybox ip -6 route show table 2")) == []
    assert listings(parsed("", "kubectl exec web-0 -- ip -6 route show table 2")) == []


def test_the_empty_output_stands_at_its_prompt_line() -> None:
    session = Document("session.txt", b"# ip rule\n0: from all lookup local\n# ip route show table 2\n# exit\n")
    output = Document("session.txt", b"", first_line=4, command="ip route show table 2", parent=session)
    (listing,) = [item for item in FORMAT.parse(output) if isinstance(item, RouteTableListing)]
    assert (listing.at.line, listing.at.excerpt) == (3, "# ip route show table 2")


def test_a_table_that_does_not_exist_is_listed_as_missing() -> None:
    (listing,) = listings(parsed(MISSING, "ip route show table 77"))
    assert (listing.table, listing.missing, listing.at.line) == ("77", True, 1)


def test_without_command_nobody_knows_which_table_does_not_exist() -> None:
    (problem,) = parsed(MISSING)
    assert isinstance(problem, Unparsed)


def test_an_error_is_no_empty_table() -> None:
    items = parsed("bash: ip: command not found\n", "ip route show table 2")
    assert listings(items) == []
    assert isinstance(items[0], Unparsed)


def test_a_failed_command_is_no_empty_table() -> None:
    assert parsed("command terminated with exit code 126\n", "kubectl exec p -- ip route show table 2") == []


def test_all_tables_are_listed_by_command_and_by_content() -> None:
    text = (RECORDED / "ip_route_all.txt").read_text()
    for command, basis in (("ip route show table all", "command"), (None, "content")):
        (listing,) = listings(parsed(text, command))
        assert (listing.table, listing.families, listing.basis) == (None, (4, 6), basis)


def test_a_piece_of_the_list_of_all_tables_is_no_listing() -> None:
    assert listings(parsed("default via 10.0.0.1 dev eth1 table 2 \nthrow 10.6.0.0/16 table 7 \n")) == []


def test_the_main_table_is_told_by_the_routes_that_only_the_kernel_adds() -> None:
    text = "default via 10.0.0.254 dev eth0 \n10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1 \n"
    items = parsed(text)
    assert {route.table for route in routes(items)} == {"main"}
    assert listings(items)[0].table == "main"


def test_a_lone_default_route_may_be_of_any_table() -> None:
    items = parsed("default via 10.0.0.254 dev eth1 \n10.0.0.254 dev eth1 scope link \n")
    assert {route.table for route in routes(items)} == {None}
    assert listings(items) == []


def test_every_kind_of_route_is_understood() -> None:
    found = {
        (route.family, route.destination): route
        for route in routes(parsed((RECORDED / "ip_route_all.txt").read_text()))
    }
    many = found[4, "0.0.0.0/0"]
    assert many.nexthops == (NextHop("10.0.0.2", "eth0", 2), NextHop("10.0.0.3", "eth0", 1))
    assert (many.table, many.via) == ("7", None)
    assert (found[4, "10.6.0.0/16"].type, found[4, "10.8.0.0/16"].metric) == ("throw", 5)
    assert (found[4, "10.4.0.0/16"].via, found[4, "10.4.0.0/16"].dev) == ("fd00::5", "eth0")
    assert (found[4, "10.7.0.0/16"].tos, found[4, "10.7.0.0/16"].flags) == (0x10, ("onlink",))
    assert found[4, "192.168.5.0/30"].flags == ("linkdown",)
    assert (found[6, "fd02::/64"].type, found[6, "::/0"].metric) == ("unreachable", 1024)
    assert (found[4, "10.0.0.1/32"].type, found[4, "10.0.0.1/32"].table) == ("local", "local")


def keys(items: list[Parsed]) -> list[tuple[object, ...]]:
    return [
        (item.family, item.destination, item.table, item.type, item.nexthops, item.prefsrc, item.metric, item.tos)
        for item in routes(items)
    ]


def test_json_and_text_say_the_same() -> None:
    text = parsed((RECORDED / "ip_route_all.txt").read_text(), "ip route show table all")
    assert keys(parsed((RECORDED / "ip_j_route_all.json").read_text(), "ip -j -d route show table all")) == keys(text)


def test_one_line_and_detailed_forms_say_the_same() -> None:
    one_line = parsed((RECORDED / "ip_o_route_table_7.txt").read_text(), "ip -o route show table 7")
    assert keys(one_line) == keys(parsed((RECORDED / "ip_d_route_table_7.txt").read_text(), "ip -d route show table 7"))
    assert len(routes(one_line)[0].nexthops) == 2


def test_busybox_leaves_next_hops_out_and_they_stay_unknown() -> None:
    first = routes(parsed((RECORDED / "busybox_ip_route_all.txt").read_text()))[0]
    assert (first.destination, first.table, first.nexthops) == ("0.0.0.0/0", "7", ())


def test_a_missing_device_is_said() -> None:
    (item,) = parsed('Cannot find device "eth1"\n', "ip route show dev eth1")
    assert isinstance(item, MissingDevice)
    assert item.device == "eth1"


def test_routes_are_recognised_without_command() -> None:
    for name in ("ip_route_all.txt", "busybox_ip_route_all.txt", "ip_j_route_all.json", "ip_d_route_table_7.txt"):
        text = (RECORDED / name).read_text()
        assert FORMAT.recognise(Head(text, len(text), None)) > 0.9, name
