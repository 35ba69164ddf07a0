"""Single lines that tcpdump prints.

Texts from tcpdump 4.99 (print-ip.c, print-ip6.c, print-tcp.c, print-udp.c, print-icmp.c, print-icmp6.c, print-arp.c,
print-ether.c, print-sll.c, util-print.c); those of 4.9 differ only in what is said beside the expressions.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from kwhy.facts.packets import ACK, CWR, ECE, FIN, PUSH, RST, SYN, URG
from kwhy.ingest.capture.protocols import protocol_name
from kwhy.model.expressions import expression

#: Nothing of interest stands behind this many characters of a line.
LONGEST_LINE: Final = 2000

#: "00:10:33.693752 ", "2026-11-22 00:10:33.693752 " (-tttt), " 00:00:00.000026 " (-ttt, -ttttt),
#: "1795306233.693752 " (-tt)
STAMP: Final = expression(
    r"(?P<lead> ?-?)(?:(?:(?P<date>\d{4}-\d\d-\d\d) )?(?P<clock>\d\d:\d\d:\d\d\.\d{6,9})|(?P<epoch>\d{9,11}\.\d{6,9})) "
)
#: "eth0  Out IP 10…" (LINUX_SLL2 on Linux), "ifindex 2 52:54:00:12:34:56 ethertype IPv4 (0x0800), length 80: " (-e)
INTERFACE: Final = expression(r"(?P<interface>[^\s:,>]{1,15}) +(?P<direction>In|Out|B|M|P) +")
#: "Out 52:54:00:12:34:56 ethertype IPv4 (0x0800), length 76: " (LINUX_SLL with -e)
DIRECTION: Final = expression(r" *(?P<direction>In|Out|B|M|P) (?=ifindex |[0-9a-f]{2}:)")
#: "a6:24:63:b0:e0:0b > 4a:49:b2:97:02:80, ethertype IPv4 (0x0800), length 74: ", "…ethertype IPv4, length 74: " (4.0),
#: "…ethertype 802.1Q (0x8100), length 50: vlan 100, p 3, ethertype IPv4 (0x0800), "
ETHERNET: Final = expression(
    r"[^>]{0,80}?(?:> [^,]{1,60}, )?ethertype (?P<outer>[A-Za-z0-9.]+)[^,]{0,12}, length (?P<length>\d{1,7}): "
    r"(?:vlan \d{1,4}, p \d(?:, DEI)?, (?:ethertype (?P<inner>[A-Za-z0-9.]+)[^,]{0,12}, )?){0,2}"
)
#: "(tos 0x0, ttl 64, id 12303, offset 0, flags [DF], proto TCP (6), length 60)" (-v)
IPV4_VERBOSE: Final = expression(
    r"\(tos 0x[0-9a-f]+(?:,[A-Z()0-9]+)?(?:, ttl (?P<ttl>\d+))?, id (?P<id>\d+), offset (?P<offset>\d+), "
    r"flags \[[^\]]*\], proto (?P<proto>[^ ]+) \(\d+\), length \d+[^\n]{0,300}?\)(?=$| )"
)
#: "(flowlabel 0x12345, hlim 64, next-header TCP (6) payload length: 40) " (-v)
IPV6_VERBOSE: Final = expression(
    r"\((?:class 0x[0-9a-f]+, )?(?:flowlabel 0x[0-9a-f]+, )?hlim (?P<hlim>\d+), next-header \S+ \(\d+\) "
    r"payload length: \d+\) "
)
#: "10.77.1.2.53442 > 10.77.2.2.8080: Flags [S], …", "IP6 fe80::1 > ff02::2: ICMP6, router solicitation"
ENDS: Final = expression(r"(?P<source>\S{1,260}) > (?P<destination>\S{1,260}): ?")
_IPV4_END: Final = expression(r"(?P<address>\d{1,3}(?:\.\d{1,3}){3})(?:\.(?P<port>[A-Za-z0-9_*+-]{1,40}))?")
#: "fd77:1::2.41302", "::ffff:10.0.0.1.80", "fe80::1%eth0"
_IPV6_END: Final = expression(
    r"(?P<address>[0-9a-fA-F]{0,4}:[0-9a-fA-F:]{1,40}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?:%[\w.-]{1,15})?(?:\.(?P<port>[A-Za-z0-9_*+-]{1,40}))?"
)
_NAMED_END: Final = expression(r"(?P<address>.+)\.(?P<port>[A-Za-z0-9_*+-]{1,40})")

#: "Flags [P.], cksum 0x1817 (incorrect -> 0xe25b), seq 1:84, ack 1, win 63, options […], length 83: HTTP: GET …"
TCP_FLAGS: Final = expression(r"Flags \[(?P<flags>[A-Za-z.]{1,9})\]")
_TCP_SEQUENCE: Final = expression(r", seq (\d{1,10})(?::(\d{1,10}))?")
_TCP_ACK: Final = expression(r", ack (\d{1,10})")
_TCP_WINDOW: Final = expression(r", win (\d{1,5})")
LENGTH: Final = expression(r", length:? (\d{1,7})")
#: "tcp 83" (-q)
TCP_QUIET: Final = expression(r"tcp (\d{1,7})\b")
#: "UDP, length 6", "UDP, bad length 4000 > 1472"
UDP: Final = expression(r"UDP, (?:bad )?length (\d{1,7})")
#: "7+ A? good.example. (30)", "7 1/0/0 A 10.77.9.9 (46)": tcpdump ends what print-domain.c prints with the length
DNS_LENGTH: Final = expression(r"\((\d{1,6})\)$")
#: "ip-proto-17" (-n), "udp": a fragment other than the first; "frag (1448|1448)" for IPv6
LATER_FRAGMENT: Final = expression(r"(?:ip-proto-(?P<number>\d{1,3})|(?P<name>[a-z][a-z0-9-]{0,15}))$")
IPV6_FRAGMENT: Final = expression(
    r"frag \((?P<offset>\d{1,6})\|\d{1,6}\) ?(?:(?P<sport>\d{1,5}) > (?P<dport>\d{1,5}): )?"
)
#: "[icmp6 sum ok] ", "HBH ", "[bad udp cksum 0x1814 -> 0x6a0e!] ", "[udp sum ok] "
_REMARKS: Final = expression(r"(?:\[[^\]]{1,60}\] |HBH (?:\([^)]{0,60}\) )*)*")

_FLAG_BITS: Final = {"F": FIN, "S": SYN, "R": RST, "P": PUSH, ".": ACK, "U": URG, "E": ECE, "W": CWR}

#: Names that tcpdump without -n takes from /etc/services (Debian netbase 6.4), of services met in clusters.
SERVICES: Final = {
    "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67, "bootpc": 68, "tftp": 69, "http": 80,
    "kerberos": 88, "sunrpc": 111, "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139, "snmp": 161,
    "snmp-trap": 162, "bgp": 179, "ldap": 389, "https": 443, "microsoft-ds": 445, "syslog": 514, "ldaps": 636,
    "domain-s": 853, "socks": 1080, "ms-sql-s": 1433, "radius": 1812, "nfs": 2049, "etcd-client": 2379,
    "etcd-server": 2380, "iscsi-target": 3260, "mysql": 3306, "ms-wbt-server": 3389, "epmd": 4369, "mdns": 5353,
    "postgresql": 5432, "amqps": 5671, "amqp": 5672, "x11": 6000, "redis": 6379, "http-alt": 8080, "puppet": 8140,
    "bacula-dir": 9101, "bacula-fd": 9102, "bacula-sd": 9103, "git": 9418, "webmin": 10000, "memcached": 11211,
    "mongodb": 27017,
}  # fmt: skip


class End(NamedTuple):
    """An address and its port; 0 where none is printed. A port name that is not known stays part of the address."""

    address: str
    port: int


class Tcp(NamedTuple):
    """``sequence`` and ``acknowledgement`` as printed, which may be relative; None where not printed."""

    flags: int
    sequence: int | None
    acknowledgement: int | None
    window: int
    payload: int


def end_of(text: str, with_port: bool) -> End:
    """One side of "A > B". Without numeric addresses (no -n) only the protocol tells whether a port is printed."""
    found = (
        _IPV4_END.fullmatch(text) or _IPV6_END.fullmatch(text) or (_NAMED_END.fullmatch(text) if with_port else None)
    )
    if found is None:
        return End(text, 0)
    port = found["port"]
    if port is None:
        return End(found["address"], 0)
    if port.isdigit():
        return End(found["address"], int(port)) if int(port) < 65536 else End(text, 0)
    return End(found["address"], SERVICES[port]) if port in SERVICES else End(text, 0)


def tcp_of(rest: str) -> Tcp | None:
    """What follows the addresses of a TCP segment; None for anything else."""
    flags = TCP_FLAGS.match(rest)
    if flags is None:
        quiet = TCP_QUIET.match(rest)
        return Tcp(0, None, None, 0, int(quiet[1])) if quiet else None
    bits = 0
    if flags["flags"] != "none":
        for letter in flags["flags"]:
            bits |= _FLAG_BITS.get(letter, 0)
    # Addresses and flags are behind; sequence, ack and window come before the options, the length after them.
    fixed = rest[flags.end() :].partition(", options [")[0]
    sequence, ack, window = _TCP_SEQUENCE.search(fixed), _TCP_ACK.search(fixed), _TCP_WINDOW.search(fixed)
    length = LENGTH.search(rest, flags.end())
    span = (int(sequence[2]) - int(sequence[1])) & 0xFFFFFFFF if sequence and sequence[2] else 0
    return Tcp(
        bits,
        int(sequence[1]) & 0xFFFFFFFF if sequence else None,
        int(ack[1]) & 0xFFFFFFFF if ack else None,
        min(int(window[1]), 0xFFFF) if window else 0,
        int(length[1]) if length else span,
    )


def without_remarks(rest: str) -> str:
    """Checksum verdicts and hop-by-hop options stand before the protocol's own text."""
    found = _REMARKS.match(rest)
    return rest[found.end() :] if found else rest


#: First words of lines about protocols without ports: "ESP(spi=…", "GREv0, …", "OSPFv2, Hello",
#: "IP 10.0.0.1 > …" (a tunnelled packet)
_PROTOCOL_WORDS: Final = {"grev": "gre", "ospfv": "ospf", "vrrpv": "vrrp", "pimv": "pim", "ip": "ipip"}
#: "truncated-ip - 20 bytes missing! 10.0.0.1.80 > …"
_MISSING_BYTES: Final = expression(r"truncated-ip6? - \d{1,6} bytes missing!? ?")


class Body(NamedTuple):
    """What stands behind "IP " or "IP6 ". ``fragment``: 0 none, 1 the first, 2 a later one (which prints no ports)."""

    protocol: str
    source: End
    destination: End
    payload: int
    tcp: Tcp | None
    fragment: int
    rest: str


def body_of(family: int, rest: str) -> Body | None:
    """Addresses, ports and protocol; None where no addresses stand."""
    if family == 6 and (verbose := IPV6_VERBOSE.match(rest)):
        rest = rest[verbose.end() :]
    if missing := _MISSING_BYTES.match(rest):
        rest = rest[missing.end() :]
    ends = ENDS.match(rest)
    if ends is None:
        return None
    rest = without_remarks(rest[ends.end() :])
    fragment, ports = 0, None
    if piece := IPV6_FRAGMENT.match(rest):
        fragment = 1 if piece["offset"] == "0" else 2
        if piece["sport"]:
            ports = (int(piece["sport"]) & 0xFFFF, int(piece["dport"]) & 0xFFFF)
        rest = rest[piece.end() :]
    source, destination = (end_of(ends[side], not rest.startswith("ICMP")) for side in ("source", "destination"))
    if ports is not None:
        source, destination = End(source.address, ports[0]), End(destination.address, ports[1])
    protocol, payload, tcp = _protocol_of(rest, bool(source.port or destination.port or fragment))
    if tcp is None and not source.port and (later := LATER_FRAGMENT.match(rest)):
        protocol = protocol_name(int(later["number"])) if later["number"] else later["name"]
        fragment = 2
    return Body(protocol, source, destination, payload, tcp, fragment, rest)


def _protocol_of(rest: str, has_ports: bool) -> tuple[str, int, Tcp | None]:
    """The protocol that prints ``rest``, its payload, and the segment if it is TCP."""
    tcp = tcp_of(rest)
    if tcp is not None:
        return "tcp", tcp.payload, tcp
    size = UDP.match(rest) or LENGTH.search(rest) or DNS_LENGTH.search(rest)
    payload = int(size[1]) if size else 0
    if rest.startswith("ICMP"):
        return ("icmp6" if rest.startswith("ICMP6") else "icmp"), payload, None
    if has_ports or UDP.match(rest):
        return "udp", payload, None  # DNS, NTP, VXLAN … print their own texts
    word = re.match(r"[A-Za-z]{1,20}", rest)
    name = word[0].lower() if word else "unknown"
    return _PROTOCOL_WORDS.get(name, name), payload, None


#: Lines of tcpdump about itself.
#: "listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes" ("capture size" before 4.99)
LISTENING: Final = expression(r"(?:tcpdump: )?listening on (?P<interface>\S{1,40}), link-type (?P<link>\S{1,30})")
#: "reading from file http.pcap, link-type EN10MB (Ethernet), snapshot length 262144"
READING: Final = expression(r"reading from file [^\n]{0,300}?, link-type (?P<link>\S{1,30})")
#: "35 packets captured", "39 packets received by filter", "0 packets dropped by kernel"
COUNT: Final = expression(
    r"\^?C?(?P<count>\d{1,12}) packets? (?P<what>captured|received by filter|dropped by (?:kernel|interface))$"
)
OWN: Final = expression(r"tcpdump: |dropped privs to |Warning: |\^C$")
#: "tcpdump -i eth1 -nn port 3306", "kubectl exec p -- tcpdump --interface=eth1"
COMMAND_INTERFACE: Final = expression(
    r"\btcpdump\b.{0,300}? (?:-[a-zA-Z]*i ?|--interface[= ])(?P<interface>[^\s-]\S{0,30})"
)
