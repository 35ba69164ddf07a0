"""Forwarding tables, tunnels, bridges, named namespaces and WireGuard peers are read as the programs print them.

The files were recorded with iproute2 6.1 on Linux 6.18 in namespaces with a bridge, a veth pair and a vxlan device; the
text of `wg show` is the example of wg(8), wireguard-tools 1.0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.devices import (
    BridgePort,
    BridgeSettings,
    ForwardingEntry,
    ForwardingListing,
    NamedNamespace,
    Tunnel,
    WireguardPeer,
)
from kwhy.ingest.parsers import bridge_fdb, ip_addr, ip_netns, wg_show
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Format, Head, Parsed

FOLDER = Path(__file__).parent / "network"
FDB = (FOLDER / "bridge_fdb.txt").read_text()
NAMESPACES = "cni-6b1f7a3e (id: 1)\nkpath-b (id: 0)\nblue\n"
WG = """interface: wg0
  public key: HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=
  private key: (hidden)
  listening port: 41414

peer: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
  endpoint: 192.95.5.69:51820
  allowed ips: 10.192.122.3/32, 10.192.124.0/24
  latest handshake: 1 minute, 26 seconds ago

peer: TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=
  endpoint: [2607:5300:60:6b0::c05f:543]:2468
  allowed ips: 10.192.122.4/32, 192.168.0.0/16
"""
FORMATS: Final = (bridge_fdb.FORMAT, ip_netns.FORMAT, wg_show.FORMAT)


def read(form: Format, text: str, command: str | None = None) -> list[Parsed]:
    assert form.recognise(Head(text, len(text), command)) > 0.9
    return list(form.parse(Document("evidence", text.encode(), command=command)))


def test_the_address_behind_a_tunnel_is_read_with_its_endpoint() -> None:
    found = read(bridge_fdb.FORMAT, FDB)
    entries = [item for item in found if isinstance(item, ForwardingEntry)]
    assert (entries[-1].mac, entries[-1].dev, entries[-1].dst) == ("00:11:22:33:44:55", "vx", "10.9.0.2")
    assert [entry.mac for entry in entries if entry.bridge == "br0" and not entry.flags] == ["0e:22:ed:ab:7b:fb"]
    assert entries[-1].at.line == 11
    assert any(isinstance(item, ForwardingListing) and item.count == 11 for item in found)


@pytest.mark.parametrize("command", ["bridge fdb show dev vx", "bridge fdb show | grep vx"])
def test_a_part_of_the_forwarding_table_is_no_listing(command: str) -> None:
    assert not any(isinstance(item, ForwardingListing) for item in read(bridge_fdb.FORMAT, FDB, command))


def test_bridge_link_names_the_bridge_of_a_port_and_is_not_taken_for_ip_link() -> None:
    text = (FOLDER / "bridge_link.txt").read_text()
    (port,) = read(bridge_fdb.FORMAT, text)
    assert isinstance(port, BridgePort) and (port.dev, port.bridge, port.state) == ("v0", "br0", "forwarding")
    assert ip_addr.FORMAT.recognise(Head(text, len(text), None)) < bridge_fdb.FORMAT.recognise(
        Head(text, len(text), None)
    )


@pytest.mark.parametrize("name", ["ip_d_addr_bridge_vxlan.txt", "ip_d_j_addr_bridge_vxlan.json"])
def test_ip_d_addr_tells_tunnels_and_bridges_as_text_and_as_json(name: str) -> None:
    found = read(ip_addr.FORMAT, (FOLDER / name).read_text())
    assert not [item for item in found if isinstance(item, Unparsed)]
    (tunnel,) = [item for item in found if isinstance(item, Tunnel)]
    assert (tunnel.dev, tunnel.kind, tunnel.id, tunnel.local, tunnel.remote, tunnel.port, tunnel.external) == (
        "vx", "vxlan", 7, "10.9.0.1", None, 8472, False,
    )  # fmt: skip
    (bridge,) = [item for item in found if isinstance(item, BridgeSettings)]
    assert (bridge.dev, bridge.calls_iptables) == ("br0", False)


def test_an_ipip_device_without_peer_says_so() -> None:
    text = """2: tunl0@NONE: <NOARP,UP,LOWER_UP> mtu 1480 qdisc noqueue state UNKNOWN group default qlen 1000
    link/ipip 0.0.0.0 brd 0.0.0.0 promiscuity 0 minmtu 0 maxmtu 0
    ipip any remote any local any ttl inherit nopmtudisc numtxqueues 1 numrxqueues 1
    inet 10.1.0.1/32 scope global tunl0
       valid_lft forever preferred_lft forever
"""
    (tunnel,) = [item for item in read(ip_addr.FORMAT, text) if isinstance(item, Tunnel)]
    assert (tunnel.dev, tunnel.kind, tunnel.local, tunnel.remote) == ("tunl0", "ipip", None, None)


def test_named_namespaces_carry_the_number_that_devices_print() -> None:
    found = read(ip_netns.FORMAT, NAMESPACES, "ip netns list")
    assert [(item.name, item.id) for item in found if isinstance(item, NamedNamespace)] == [
        ("cni-6b1f7a3e", 1), ("kpath-b", 0), ("blue", None),
    ]  # fmt: skip


def test_wireguard_peers_are_read_without_any_key() -> None:
    found = [item for item in read(wg_show.FORMAT, WG) if isinstance(item, WireguardPeer)]
    assert [(peer.dev, peer.endpoint, peer.port, peer.allowed) for peer in found] == [
        ("wg0", "192.95.5.69", 51820, ("10.192.122.3/32", "10.192.124.0/24")),
        ("wg0", "2607:5300:60:6b0::c05f:543", 2468, ("10.192.122.4/32", "192.168.0.0/16")),
    ]
    assert not any("=" in peer.at.excerpt for peer in found)


@given(data=st.binary(max_size=400))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    for form in FORMATS:
        for item in form.parse(Document("noise", data)):
            assert isinstance(item, Document) or item.at.line is not None


@given(cut=st.integers(0, len(FDB)), noise=st.text(max_size=40))
def test_cut_and_damaged_output_is_read_as_far_as_it_goes(cut: int, noise: str) -> None:
    for form, text in ((bridge_fdb.FORMAT, FDB), (ip_netns.FORMAT, NAMESPACES), (wg_show.FORMAT, WG)):
        damaged = text[: cut % len(text)] + noise + text[cut % len(text) :]
        for item in form.parse(Document("damaged", damaged.encode("utf-8", "replace"))):
            assert isinstance(item, Document) or item.at.line is not None
