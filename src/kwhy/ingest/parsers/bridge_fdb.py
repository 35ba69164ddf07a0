"""`bridge fdb show` and `bridge link`: which address is behind which port or tunnel, and which device is whose port.

Source: iproute2 6.1 bridge/fdb.c print_fdb(), bridge/link.c print_linkinfo(), as text and as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import msgspec

from kwhy.facts.devices import BridgePort, ForwardingEntry, ForwardingListing
from kwhy.ingest.invocation import Invocation, runs
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, failed, head_lines, not_understood, share
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: 00:11:22:33:44:55 dev vx dst 10.9.0.2 self permanent   ·   0e:22:ed:ab:7b:fb dev v0 master br0   (iproute2 6.1)
_ENTRY: Final = expression(
    r"^(?P<mac>(?:[0-9a-f]{2}:){5}[0-9a-f]{2}) (?:nhid \d+ )?(?:dev (?P<dev>\S{1,15})(?= |$))?(?P<rest> ?.{0,200})$"
)
#: 0a:f4:02:00:00:01 dst 192.168.50.12 self permanent   (bridge fdb show dev flannel.1: the device is not repeated)
#: 3: v0@br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 master br0 state forwarding priority 32 cost 2
_PORT: Final = expression(
    r"^\d{1,10}: (?P<dev>[^\s:@]{1,15})(?:@[^\s:]{1,20})?: <[A-Z0-9_,\-]{0,200}> mtu \d+ master (?P<bridge>\S{1,15})"
    r" state (?P<state>forwarding|blocking|disabled|learning|listening)(?: .{0,200})?$"
)
_FIRST_JSON: Final = expression(r'^\s*\[\s*\{\s*"mac"\s*:')
_VALUED: Final = frozenset(("dst", "vlan", "master", "port", "vni", "src_vni", "via", "used", "link-netnsid", "ext"))


def recognise(head: Head) -> float:
    ran = runs(head.command, "bridge")
    if ran is not None:
        return 0.97 if ran.operands[:1] in (("fdb",), ("link",)) else 0.0
    if _FIRST_JSON.match(head.text):
        return 0.95
    lines = head_lines(head)
    return 0.98 * share(lines, (_fits(line[:LONGEST_LINE]) for line in lines))


def _fits(line: str) -> bool:
    entry = _ENTRY.match(line.rstrip())
    return (entry is not None and entry["dev"] is not None) or _PORT.match(line.rstrip()) is not None


def parse(document: Document) -> Iterator[Parsed]:
    ran = runs(document.command, "bridge")
    netns = ran.netns if ran else None
    entries: list[ForwardingEntry] = []
    refused = 0
    items = (
        _json(document) if _FIRST_JSON.match(bytes(document.data[:256]).decode("utf-8", "replace")) else _text(document)
    )
    for item in items:
        if isinstance(item, Unparsed):
            refused += 1
            yield item
            continue
        item = msgspec.structs.replace(item, netns=netns)
        if isinstance(item, ForwardingEntry):
            entries.append(item)
        yield item
    narrowed = ran is not None and (ran.filtered or ran.operands[:1] != ("fdb",) or len(ran.operands) > 2)
    if entries and not refused and not narrowed and not failed(document):
        yield ForwardingListing(at=entries[0].at, count=len(entries), netns=netns)


FORMAT = Format("bridge-fdb", recognise, parse)


def _text(document: Document) -> Iterator[ForwardingEntry | BridgePort | Unparsed]:
    asked = _asked_device(runs(document.command, "bridge"))
    for number, raw in content_lines(document):
        line = raw.rstrip()[:LONGEST_LINE]
        at = document.at(number, excerpt=line.strip())
        entry = _ENTRY.match(line)
        device = (entry["dev"] or asked) if entry else None
        if entry and device:
            values, flags = _words(entry["rest"].split())
            known = address(values.get("dst", ""))
            yield ForwardingEntry(
                at=at,
                mac=entry["mac"],
                dev=device,
                dst=known[0] if known else None,
                bridge=values.get("master"),
                flags=flags,
            )
        elif port := _PORT.match(line):
            yield BridgePort(at=at, dev=port["dev"], bridge=port["bridge"], state=port["state"])
        else:
            yield not_understood(document, number, raw, 'an entry of a forwarding table ("0e:22:… dev v0 master br0")')


def _asked_device(ran: Invocation | None) -> str | None:
    """The device that the command asks about, which the output then leaves out."""
    words = ran.operands if ran is not None else ()
    return next((after for word, after in pairwise(words) if word in ("dev", "brport")), None)


def _words(words: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    values: dict[str, str] = {}
    flags: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in _VALUED:
            values[word] = next(rest, "")
        else:
            flags.append(word)
    return values, tuple(flags)


def _json(document: Document) -> Iterator[ForwardingEntry | Unparsed]:
    try:
        decoded = msgspec.json.decode(bytes(document.data), type=list[dict[str, Any]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Unparsed(document.at(document.first_line), f"this is not the JSON of `bridge -j fdb show`: {error}")
        return
    for number, item in enumerate(decoded):
        mac, dev = item.get("mac"), item.get("ifname")
        place = document.at(document.first_line, f"[{number}]", f"{mac} dev {dev}")
        if not isinstance(mac, str) or not isinstance(dev, str):
            yield Unparsed(place, "this entry of a forwarding table has an unexpected form")
            continue
        known, flags, master = address(str(item.get("dst", ""))), item.get("flags"), item.get("master")
        named = [str(flag) for flag in flags] if isinstance(flags, list) else []
        yield ForwardingEntry(
            at=place,
            mac=mac,
            dev=dev,
            dst=known[0] if known else None,
            bridge=master if isinstance(master, str) else None,
            flags=tuple(flag for flag in (*named, str(item.get("state", ""))) if flag),
        )
