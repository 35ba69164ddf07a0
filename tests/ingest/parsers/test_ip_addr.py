"""Devices and addresses are read from every form of `ip addr` and `ip link`."""

from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.facts.network import InterfaceAddress, Link, LinkListing, MissingDevice
from kwhy.ingest.parsers.ip_addr import FORMAT
from kwhy.model.document import Document
from kwhy.model.parsing import Head, Parsed

RECORDED = Path(__file__).parent / "network"


def parsed(name: str, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document(name, (RECORDED / name).read_bytes(), command=command)))


def links(items: list[Parsed]) -> dict[str, Link]:
    return {item.name: item for item in items if isinstance(item, Link)}


ADDRESSES = ("ip_d_addr.txt", "ip_o_addr.txt", "ip_br_addr.txt", "ip_j_addr.json", "busybox_ip_addr.txt")


@pytest.mark.parametrize("name", ADDRESSES)
def test_every_form_shows_the_same_ipv4_addresses(name: str) -> None:
    found = [item for item in parsed(name) if isinstance(item, InterfaceAddress) and item.family == 4]
    assert [(address.dev, address.address, address.prefix_length) for address in found] == [
        ("lo", "127.0.0.1", 8),
        ("eth0", "10.0.0.1", 24),
        ("eth0", "10.0.0.9", 24),
        ("eth1", "192.168.5.1", 30),
    ]


@pytest.mark.parametrize("name", ["ip_d_addr.txt", "ip_o_addr.txt", "ip_j_addr.json", "busybox_ip_addr.txt"])
def test_scope_and_secondary_are_kept(name: str) -> None:
    found = {item.address: item for item in parsed(name) if isinstance(item, InterfaceAddress)}
    assert found["10.0.0.9"].scope == "global"
    assert "secondary" in found["10.0.0.9"].flags
    assert found["10.0.0.1"].flags == ()


@pytest.mark.parametrize("name", ["ip_d_addr.txt", "ip_br_link.txt", "ip_j_d_link.json", "busybox_ip_addr.txt"])
def test_every_form_shows_the_devices_with_their_peers(name: str) -> None:
    found = links(parsed(name))
    assert list(found) == ["lo", "eth0p", "eth0", "eth1p", "eth1"]
    assert (found["eth0"].peer, found["eth1"].is_up, found["eth1"].has_carrier) == ("eth0p", True, False)


def test_details_show_the_kind() -> None:
    assert links(parsed("ip_d_addr.txt"))["eth0"].kind == links(parsed("ip_j_d_link.json"))["eth0"].kind == "veth"


def test_a_device_lists_itself_only_when_asked_for() -> None:
    assert not any(isinstance(item, LinkListing) for item in parsed("ip_s_link_eth0.txt", "ip -s link show eth0"))
    assert any(isinstance(item, LinkListing) for item in parsed("ip_br_link.txt", "ip -br link"))


def test_a_list_of_one_family_leaves_out_devices_without_address() -> None:
    assert not any(isinstance(item, LinkListing) for item in parsed("ip_d_addr.txt", "ip -4 addr"))


def test_without_flags_nothing_is_said_about_being_up() -> None:
    assert links(parsed("ip_br_addr.txt"))["eth0"].is_up is None


def test_the_peer_of_a_pod_device_is_an_index_elsewhere() -> None:
    text = (
        b"3: eth0@if12: <BROADCAST,UP,LOWER_UP> mtu 8951 qdisc noqueue state UP \n"
        b"    link/ether 0a:58:0a:01:00:05 brd ff:ff:ff:ff:ff:ff link-netnsid 0\n"
    )
    (link,) = [item for item in FORMAT.parse(Document("x", text)) if isinstance(item, Link)]
    assert (link.peer, link.mtu, link.mac, link.netnsid) == ("if12", 8951, "0a:58:0a:01:00:05", 0)


def test_a_point_to_point_address_has_a_peer() -> None:
    text = b"5: tun0: <POINTOPOINT,UP> mtu 1400 qdisc noop \n    inet 10.8.0.6 peer 10.8.0.5/32 scope global tun0\n"
    (found,) = [item for item in FORMAT.parse(Document("x", text)) if isinstance(item, InterfaceAddress)]
    assert (found.address, found.peer, found.prefix_length, found.flags) == ("10.8.0.6", "10.8.0.5", 32, ())


@pytest.mark.parametrize(
    "line", ['Device "eth1" does not exist.', 'Cannot find device "eth1"', "ip: can't find device 'eth1'"]
)
def test_a_device_that_does_not_exist_is_a_fact(line: str) -> None:
    (item,) = FORMAT.parse(Document("x", line.encode(), command="ip link show eth1"))
    assert isinstance(item, MissingDevice)
    assert item.device == "eth1"


def test_all_forms_are_recognised_without_command() -> None:
    for name in (*ADDRESSES, "ip_br_link.txt", "ip_j_d_link.json", "ip_s_link_eth0.txt"):
        text = (RECORDED / name).read_text()
        assert FORMAT.recognise(Head(text, len(text), None)) > 0.8, name
