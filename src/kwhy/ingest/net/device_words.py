"""The words that `ip -d link` prints after a device's kind, as text and as JSON.

Source: iproute2 6.1 ip/iplink_vxlan.c, iplink_geneve.c, link_iptnl.c, link_gre.c (print_opt()), iplink_bridge.c.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final, TypeAlias, get_args

from kwhy.facts.devices import BridgePort, BridgeSettings, Tunnel, TunnelKind
from kwhy.ingest.net.addresses import address
from kwhy.model.document import Locator

_TUNNELS: Final[frozenset[str]] = frozenset(get_args(TunnelKind))
_SWITCH: Final = {"on": True, "off": False}
#: `remote any` and `local any`: none is set.
_NONE: Final = ("any", "0.0.0.0", "::")


Described: TypeAlias = Tunnel | BridgeSettings | BridgePort


def described(at: Locator, dev: str, line: str, master: str | None) -> Described | None:
    """What a detail line says.

    vxlan id 1 local 10.0.0.1 dev eth0 srcport 0 0 dstport 8472 nolearning ttl auto ageing 300 …   (iproute2 6.1)
    ipip any remote 10.0.0.2 local 10.0.0.1 ttl inherit nopmtudisc …
    bridge forward_delay 1500 … nf_call_iptables 0 nf_call_ip6tables 0 nf_call_arptables 0 …
    bridge_slave state forwarding priority 32 cost 2 hairpin off guard off …
    """
    words = line.split()
    if not words:
        return None
    values = dict(pairwise(words))
    if words[0] in _TUNNELS:
        values |= {"external": "true"} if "external" in words else {}
        return _tunnel(at, dev, words[0], values, port="dstport", underlay="dev")
    if words[0] == "bridge" and "nf_call_iptables" in values:
        return _bridge(at, dev, values)
    if words[0] == "bridge_slave" and master is not None:
        return BridgePort(
            at=at, dev=dev, bridge=master, state=values.get("state"), hairpin=_SWITCH.get(values.get("hairpin", ""))
        )
    return None


def port_in_json(at: Locator, dev: str, master: str, data: Mapping[str, Any]) -> BridgePort:
    """The settings of a bridge's port in `ip -d -j link`: linkinfo.info_slave_data."""
    state, hairpin = data.get("state"), data.get("hairpin")
    return BridgePort(
        at=at,
        dev=dev,
        bridge=master,
        state=state if isinstance(state, str) else None,
        hairpin=hairpin if isinstance(hairpin, bool) else None,
    )


def described_in_json(at: Locator, dev: str, kind: str, data: Mapping[str, Any]) -> Tunnel | BridgeSettings | None:
    """The same of `ip -d -j link`: linkinfo.info_data."""
    values = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in data.items()}
    if kind in _TUNNELS:
        values["remote"] = values.get("remote", values.get("remote6", values.get("group", "any")))
        values["local"] = values.get("local", values.get("local6", "any"))
        return _tunnel(at, dev, kind, values, port="port", underlay="link")
    if kind == "bridge" and "nf_call_iptables" in values:
        return _bridge(at, dev, values)
    return None


def _tunnel(at: Locator, dev: str, kind: str, values: Mapping[str, str], *, port: str, underlay: str) -> Tunnel:
    return Tunnel(
        at=at,
        dev=dev,
        kind=kind,  # type: ignore[arg-type]  # one of _TUNNELS
        id=_number(values.get("id") or values.get("vni")),
        local=_address(values.get("local")),
        remote=_address(values.get("remote") or values.get("group")),
        port=_number(values.get(port)),
        underlay=values.get(underlay),
        external=values.get("external") == "true",
    )


def _bridge(at: Locator, dev: str, values: Mapping[str, str]) -> BridgeSettings:
    return BridgeSettings(
        at=at,
        dev=dev,
        calls_iptables=values.get("nf_call_iptables") == "1",
        calls_ip6tables=values.get("nf_call_ip6tables") == "1",
    )


def _address(text: str | None) -> str | None:
    known = address(text) if text is not None and text not in _NONE else None
    return known[0] if known else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None
