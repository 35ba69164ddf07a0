"""`wg show`: the peers of WireGuard devices and the addresses that are sent to each.

Source: wireguard-tools 1.0 src/show.c pretty_print(). Keys are read past, private and public alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.devices import WireguardPeer
from kwhy.ingest.invocation import runs
from kwhy.ingest.net.addresses import address, prefix
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: interface: wg0
_INTERFACE: Final = expression(r"^interface: (?P<dev>\S{1,15})\s*$")
#: peer: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
_PEER: Final = expression(r"^peer: \S{20,64}\s*$")
#: "  endpoint: 192.0.2.5:51820"  "  allowed ips: 10.1.0.0/16, fd00::/64"  "  latest handshake: 5 seconds ago"
_SETTING: Final = expression(r"^ +(?P<key>[a-z ]{3,24}): (?P<value>.*)$")


def recognise(head: Head) -> float:
    ran = runs(head.command, "wg")
    if ran is not None:
        return 0.97 if ran.operands[:1] in ((), ("show",)) else 0.0
    lines = head_lines(head)
    return 0.95 if lines and _INTERFACE.match(lines[0]) and any("public key: " in line for line in lines[:4]) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    ran = runs(document.command, "wg")
    netns = ran.netns if ran else None
    dev: str | None = None
    peer: WireguardPeer | None = None
    for number, raw in content_lines(document):
        line = raw[:LONGEST_LINE]
        if interface := _INTERFACE.match(line):
            if peer is not None:
                yield peer
            dev, peer = interface["dev"], None
        elif dev is not None and _PEER.match(line):
            if peer is not None:
                yield peer
            peer = WireguardPeer(at=document.at(number, excerpt=f"{dev}: peer"), dev=dev, netns=netns)
        elif dev is not None and (setting := _SETTING.match(line)):
            if peer is not None:
                peer = _with(peer, setting["key"], setting["value"].strip())
        else:
            yield not_understood(document, number, "", "a device or a peer of `wg show`")
    if peer is not None:
        yield peer


FORMAT = Format("wg-show", recognise, parse)


def _with(peer: WireguardPeer, key: str, value: str) -> WireguardPeer:
    if key == "endpoint":
        host, _, port = value.rpartition(":")
        known = address(host.strip("[]"))
        number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else None
        return msgspec.structs.replace(peer, endpoint=known[0] if known else None, port=number)
    if key == "allowed ips":
        read = (prefix(part.strip()) for part in value.split(","))
        return msgspec.structs.replace(peer, allowed=tuple(known[0] for known in read if known))
    if key == "latest handshake":
        return msgspec.structs.replace(peer, handshake=value[:100])
    return peer
