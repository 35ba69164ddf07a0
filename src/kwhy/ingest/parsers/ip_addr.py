r"""`ip addr` and `ip link`: devices and their addresses, as text, `-o`, `-d`, `-br`, `-s` and `-j`.

Source: iproute2 6.1 ip/ipaddress.c print_linkinfo(), print_addrinfo(); busybox 1.35 networking/libiproute/ipaddress.c,
which leaves out state, mode and group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import msgspec

from kwhy.facts.devices import BridgePort, BridgeSettings, Tunnel
from kwhy.facts.network import Family, InterfaceAddress, Link, LinkListing, ListingBasis, MissingDevice
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.device_words import Described, described, described_in_json, port_in_json
from kwhy.ingest.net.ip_command import IpCommand, ip_command
from kwhy.ingest.net.missing import missing_device
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, failed, head_lines, not_understood, share
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: 3: eth0@if12: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
_LINK: Final = expression(
    r"^(?P<index>\d{1,10}): (?P<name>[^\s:@]{1,15})(?:@(?P<peer>[^\s:]{1,20}))?: "
    r"<(?P<flags>[A-Z0-9_,\-]{0,200})>(?P<rest> .*)?$"
)
#: "    link/ether da:01:d2:04:42:18 brd ff:ff:ff:ff:ff:ff link-netnsid 0"
_MAC: Final = expression(r"^ +link/(?P<type>[\w/.\[\]]{1,32})(?: (?P<mac>[0-9a-fA-F:.]{2,60}))?(?P<rest>.*)$")
#: "    inet 10.0.0.9/24 brd 10.0.0.255 scope global secondary eth0"
_ADDRESS: Final = expression(r"^ +(?P<family>inet6?) (?P<rest>.+)$")
#: "3: eth0    inet 10.0.0.1/24 scope global eth0\       valid_lft forever preferred_lft forever"   (-o)
_ONE_LINE: Final = expression(r"^(?P<index>\d{1,10}): (?P<name>[^\s:@]{1,15}) +(?P<family>inet6?) (?P<rest>[^\\]+)")
#: "eth0@eth0p       UP             10.0.0.1/24 fd00::1/64"   (-br addr; a MAC and <FLAGS> with -br link)
_BRIEF: Final = expression(
    r"^(?P<name>[^\s:@]{1,15})(?:@(?P<peer>\S{1,20}))? +"
    r"(?P<state>UP|DOWN|UNKNOWN|LOWERLAYERDOWN|DORMANT|TESTING|NOTPRESENT)(?P<rest> .*)?$"
)
_FIRST_JSON: Final = expression(r'^\s*\[\s*(?:\{\s*\}\s*,\s*)*\{\s*"ifindex"\s*:')
#: Kinds that `ip -d link` prints as the first word of a following line (rtnl_link_ops.kind in the kernel).
_KINDS: Final = frozenset(
    ("veth", "bridge", "vxlan", "geneve", "dummy", "ipvlan", "macvlan", "vlan", "bond", "tun", "ipip", "sit", "gre",
     "ip6tnl", "wireguard", "vrf", "ifb", "macvtap", "xfrm", "team", "netkit", "ipoib", "gretap", "ip6gre", "vti")
)  # fmt: skip
#: Further lines of a device that say nothing read here: "valid_lft …", "RX: …", counters, "altname …", "alias …".
_MORE: Final = expression(r"^ +(?:[a-z_0-9]+ |RX|TX|prog/)")


def recognise(head: Head) -> float:
    asked = ip_command(head.command)
    if asked is not None:
        return 0.97 if asked.object in ("address", "link") else 0.0
    if _FIRST_JSON.match(head.text):
        return 0.95
    lines = head_lines(head)
    brief = share(lines, (bool(_BRIEF.match(line[:LONGEST_LINE])) for line in lines))
    if not any(_LINK.match(line[:LONGEST_LINE]) or _ONE_LINE.match(line[:LONGEST_LINE]) for line in lines):
        return 0.85 * brief if brief > 0.9 else 0.0
    return 0.95 * share(lines, (_fits(line[:LONGEST_LINE]) for line in lines))


def _fits(line: str) -> bool:
    return any(form.match(line) for form in (_LINK, _ONE_LINE, _MAC, _ADDRESS, _MORE))


def parse(document: Document) -> Iterator[Parsed]:
    asked = ip_command(document.command)
    netns = asked.ran.netns if asked else None
    links: list[Link] = []
    addresses = refused = 0
    items = _json_items(document) if _FIRST_JSON.match(_start(document)) else _text_items(document)
    for item in items:
        refused += isinstance(item, Unparsed | MissingDevice)
        if isinstance(item, Link):
            links.append(item)
        addresses += isinstance(item, InterfaceAddress)
        yield item if isinstance(item, Unparsed) else msgspec.structs.replace(item, netns=netns)
    if links and not refused and not failed(document) and _lists_all(asked, links):
        basis: ListingBasis = "command" if asked else "content"
        families: tuple[Family, ...] = (asked.families if asked else None) or (4, 6)
        shows = asked.object == "address" if asked else addresses > 0
        yield LinkListing(
            at=links[0].at, count=len(links), basis=basis, addresses=shows, families=families, netns=netns
        )


FORMAT = Format("ip-addr", recognise, parse)


def _start(document: Document) -> str:
    return bytes(document.data[:256]).decode("utf-8", "replace")


def _lists_all(asked: IpCommand | None, links: list[Link]) -> bool:
    """A device name or another selector leaves devices out; so does `ip -4 addr` with those that have no address."""
    if asked is not None:
        addressed_only = asked.object == "address" and asked.families is not None
        return not asked.arguments and not asked.ran.filtered and not addressed_only
    return any(link.name == "lo" for link in links) and len(links) > 1


_Item: TypeAlias = Link | InterfaceAddress | MissingDevice | Tunnel | BridgeSettings | BridgePort


def _text_items(document: Document) -> Iterator[_Item | Unparsed]:
    """Lines of one device gather in ``link`` until the next device begins; addresses follow their device."""
    link: Link | None = None
    held: list[InterfaceAddress | Described] = []
    for number, raw in content_lines(document):
        if len(raw) > LONGEST_LINE:
            yield not_understood(document, number, raw, "a device or an address")
            continue
        at = document.at(number, excerpt=raw.split("\\")[0].strip())
        parts = raw.split("\\")
        gone = missing_device(raw)
        if gone:
            yield MissingDevice(at, gone)
            continue
        if match := _LINK.match(parts[0]):
            if link is not None:
                yield link
            yield from held
            link, held = _link(at, match), []
            for part in parts[1:]:
                link = _with_details(link, " " * 4 + part.strip())
                held += _details(document, number, link, part)
        elif match := _ONE_LINE.match(raw):
            found = _address(at, match["name"], match["family"], match["rest"])
            yield found or not_understood(document, number, raw, "an address")
        elif link is not None and (match := _ADDRESS.match(raw)):
            found = _address(at, link.name, match["family"], match["rest"])
            if found is None:
                yield not_understood(document, number, raw, "an address")
            else:
                held.append(found)
        elif link is not None and raw[:1] == " ":
            link = _with_details(link, raw)
            held += _details(document, number, link, raw)
        elif match := _BRIEF.match(raw):
            yield from _brief(at, match)
        else:
            yield not_understood(
                document, number, raw, 'a device ("2: eth0: <BROADCAST,UP> mtu 1500 …") or its address'
            )
    if link is not None:
        yield link
    yield from held


def _link(at: Locator, match: re.Match[str]) -> Link:
    values = _pairs((match["rest"] or "").split())
    return Link(
        at=at,
        name=match["name"],
        index=int(match["index"]),
        peer=match["peer"],
        flags=tuple(flag for flag in match["flags"].split(",") if flag),
        mtu=_integer(values.get("mtu")),
        state=values.get("state"),
        master=values.get("master"),
        group=values.get("group"),
    )


def _with_details(link: Link, line: str) -> Link:
    mac = _MAC.match(line)
    if mac:
        values = _pairs(mac["rest"].split())
        kind = "loopback" if mac["type"] == "loopback" else link.kind
        return msgspec.structs.replace(
            link,
            mac=mac["mac"],
            kind=kind,
            netnsid=_integer(values.get("link-netnsid")),
            peer_netns=values.get("link-netns"),
        )
    first = line.split(None, 1)[0]
    return msgspec.structs.replace(link, kind=first) if link.kind is None and first in _KINDS else link


def _details(document: Document, number: int, link: Link, line: str) -> list[Described]:
    found = described(document.at(number, excerpt=f"{link.name}: {line.strip()}"), link.name, line, link.master)
    return [] if found is None else [found]


def _pairs(words: list[str]) -> dict[str, str]:
    """Every word with its follower; which of them are keys decides the reader."""
    return dict(zip(reversed(words[:-1]), reversed(words[1:]), strict=True))


def _address(at: Locator, dev: str, family: str, rest: str) -> InterfaceAddress | None:
    """`10.0.0.1/24 brd 10.0.0.255 scope global dynamic eth0`, `10.0.0.1 peer 10.0.0.2/32 scope global tun0`."""
    words = rest.split()
    local = address(words[0].partition("/")[0]) if words else None
    if local is None:
        return None
    values = _pairs(words)
    peer_text = values.get("peer")
    length = _integer((peer_text or words[0]).partition("/")[2])
    peer = address(peer_text.partition("/")[0]) if peer_text else None
    known = {"brd", "scope", "peer", "any", values.get("brd"), values.get("scope"), peer_text, values.get("any"), dev}
    flags = tuple(word for word in words[1:] if word not in known and not word.startswith(dev + ":"))
    full = 32 if family == "inet" else 128
    return InterfaceAddress(
        at=at,
        dev=dev,
        family=6 if family == "inet6" else 4,
        address=local[0],
        prefix_length=full if length is None or length > full else length,
        scope=values.get("scope"),
        peer=peer[0] if peer else None,
        flags=flags,
    )


def _brief(at: Locator, match: re.Match[str]) -> Iterator[Link | InterfaceAddress]:
    words = (match["rest"] or "").split()
    flags = tuple(words[-1][1:-1].split(",")) if words and words[-1].startswith("<") else None
    mac = words[0] if flags and len(words) > 1 else None
    yield Link(at=at, name=match["name"], peer=match["peer"], flags=flags, state=match["state"], mac=mac)
    for word in words:
        host, slash, length = word.partition("/")
        local = address(host)
        if local is not None and slash and length.isdigit():
            yield InterfaceAddress(
                at=at, dev=match["name"], family=local[1], address=local[0], prefix_length=int(length[:3])
            )


def _json_items(document: Document) -> Iterator[_Item | Unparsed]:
    try:
        decoded = msgspec.json.decode(bytes(document.data), type=list[dict[str, Any]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Unparsed(document.at(document.first_line), f"this is not the JSON of `ip -j addr`: {error}")
        return
    for number, item in enumerate(decoded):
        name = item.get("ifname")
        if not isinstance(name, str):
            continue
        place = document.at(document.first_line, f"[{number}]", f"{item.get('ifindex')}: {name}")
        try:
            shown = msgspec.convert(item, _JsonLink)
        except msgspec.ValidationError as error:
            yield Unparsed(place, f"this device has an unexpected form: {error}")
            continue
        yield Link(
            at=place,
            name=name,
            index=shown.ifindex,
            peer=shown.link or (f"if{shown.link_index}" if shown.link_index else None),
            flags=tuple(shown.flags),
            mtu=shown.mtu,
            state=shown.operstate,
            kind=(shown.linkinfo or _JsonLinkInfo()).info_kind
            or ("loopback" if shown.link_type == "loopback" else None),
            mac=shown.address,
            master=shown.master,
            group=shown.group,
            netnsid=shown.link_netnsid,
            peer_netns=shown.link_netns,
        )
        info = shown.linkinfo or _JsonLinkInfo()
        details = described_in_json(place, name, info.info_kind or "", info.info_data or {})
        if details is not None:
            yield details
        if info.info_slave_kind == "bridge" and shown.master is not None:
            yield port_in_json(place, name, shown.master, info.info_slave_data or {})
        for position, listed in enumerate(shown.addr_info):
            yield from _json_address(document, f"[{number}].addr_info[{position}]", name, listed)


_LOOPBACK: Final = {"loopback": "loopback"}


class _JsonLinkInfo(msgspec.Struct):
    info_kind: str | None = None
    info_data: dict[str, Any] | None = None
    info_slave_kind: str | None = None
    info_slave_data: dict[str, Any] | None = None


class _JsonLink(msgspec.Struct):
    ifindex: int | None = None
    link: str | None = None
    link_index: int | None = None
    flags: list[str] = []
    mtu: int | None = None
    operstate: str | None = None
    link_type: str | None = None
    linkinfo: _JsonLinkInfo | None = None
    address: str | None = None
    master: str | None = None
    group: str | None = None
    link_netnsid: int | None = None
    link_netns: str | None = None
    addr_info: list[dict[str, Any]] = []


def _json_address(
    document: Document, path: str, dev: str, item: dict[str, Any]
) -> Iterator[InterfaceAddress | Unparsed]:
    local = address(str(item.get("local", "")))
    length = item.get("prefixlen")
    place = document.at(document.first_line, path, f"{item.get('local')}/{length} {dev}")
    if local is None or not isinstance(length, int):
        if item:
            yield Unparsed(place, "this address has an unexpected form")
        return
    scope = item.get("scope")
    peer = address(str(item.get("address", "")))
    yield InterfaceAddress(
        at=place,
        dev=dev,
        family=local[1],
        address=local[0],
        prefix_length=length,
        scope=scope if isinstance(scope, str) else None,
        peer=peer[0] if peer else None,
        flags=tuple(key for key, value in item.items() if value is True),
    )


def _integer(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() and len(text) < 12 else None
