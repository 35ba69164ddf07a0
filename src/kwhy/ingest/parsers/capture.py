"""Packet captures: pcap and pcapng files of tcpdump, dumpcap, tshark, and what tcpdump prints.

Versions seen: tcpdump 4.99.3 with libpcap 1.10.3, dumpcap 4.0.17; file formats as in the IETF drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kwhy.ingest.capture.magic import PCAP_MAGICS, PCAPNG_MAGIC, UNREADABLE_PCAP_MAGICS, begins_like, is_capture
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: tcpdump's own lines: "listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes" (4.99),
#: "reading from file http.pcap, link-type EN10MB (Ethernet)"
_ANNOUNCEMENT: Final = expression(
    r"(?:tcpdump: )?(?:listening on \S{1,40}|reading from file .{1,300}?), link-type \S", re.M
)
#: "00:10:33.693781 IP 10.77.1.2.53442 > 10.77.2.2.8080: Flags [S], …",
#: "00:10:55.294797 eth1  Out IP6 fe80::1 > ff02::2: …",
#: "1795306233.693752 ARP, Request who-has …", "… a6:24:… > 4a:49:…, ethertype IPv4 (0x0800), length 74: …"
_PACKET: Final = expression(
    r"(?: ?-?(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d{6,9} |\d{9,11}\.\d{6,9} )?"
    r"(?:[^\s:,>]{1,15} {1,5}(?:In|Out|B|M|P) {1,3})?"
    r"(?:IP6? \S{1,260} > \S{1,260}: |IP6? \((?:tos|hlim|flowlabel|class) |ARP, |"
    r"(?:[^>]{0,60} > )?[^>]{0,60}, ethertype \S{1,10}[^,]{0,12}, length \d)"
)
#: One of these stands in everything that the expressions above match.
_SIGNS: Final = ("link-type", "IP ", "IP6 ", "ARP, ", ", ethertype ")
#: `tcpdump -i eth1 -nn`, `timeout 30 tcpdump …`, `kubectl exec p -- tcpdump …`; with -w nothing is printed.
_COMMAND: Final = expression(r"\btcpdump\b(?! .{0,300}-[a-zA-Z]*w\b)")


def recognise(head: Head) -> float:
    """Whether ``head`` begins with the magic number of a capture file, whatever decoder made text of it."""
    if begins_like(head.text, (*PCAP_MAGICS, *UNREADABLE_PCAP_MAGICS)):
        return 1.0
    # pcapng's magic number consists of line ends only: the byte-order mark of the section header must follow.
    marked = "+\x1a" in head.text[6:14] or "\x1a+" in head.text[6:14]
    return 1.0 if marked and begins_like(head.text, (PCAPNG_MAGIC,)) else 0.0


def recognise_printed(head: Head) -> float:
    """Whether ``head`` is what tcpdump prints; indented lines (-v, -X) count neither for nor against."""
    if not any(sign in head.text for sign in _SIGNS):
        return 0.0
    if _ANNOUNCEMENT.search(head.text[:4096]):
        return 0.95
    lines = [line for line in head.lines[:200] if line.strip() and not line.startswith(("\t", "    "))]
    packets = sum(_PACKET.match(line[:1000]) is not None for line in lines)
    if not packets:
        return 0.0
    asked = head.command is not None and _COMMAND.search(head.command[:1000]) is not None
    return max(0.95 * packets / len(lines), 0.9 if asked else 0.0)


def parse(document: Document) -> Iterator[Parsed]:
    """A pcap or pcapng file."""
    from kwhy.ingest.capture.reading import read  # numpy takes 80 ms to import

    if not is_capture(bytes(document.data[:4])):
        why = "the beginning is not that of a capture file; a pcap or pcapng magic number was expected"
        yield Unparsed(document.at(path="byte 0"), why)
        return
    yield from read(document)


def parse_printed(document: Document) -> Iterator[Parsed]:
    """What tcpdump printed."""
    from kwhy.ingest.capture.printed import read

    yield from read(document)


FORMATS: Final = (
    Format("packet-capture", recognise, parse),
    Format("tcpdump-output", recognise_printed, parse_printed),
)
