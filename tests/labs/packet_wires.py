"""A router between two wires, in a network namespace; raw packets go in, and what comes out anywhere is noted.

Each packet carries a token, so many are under way at once and each is found again, whatever became of its addresses.
"""

from __future__ import annotations

import ctypes
import ipaddress
import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

Family = int
NETS = {4: {"a0": "10.1.0.", "b0": "10.2.0."}, 6: {"a0": "fd01::", "b0": "fd02::"}}
ROUTER = {4: {"a0": "10.1.0.1", "b0": "10.2.0.1"}, 6: {"a0": "fd01::1", "b0": "fd02::1"}}
#: Hosts on each wire have these numbers; nobody answers there.
HOSTS = range(2, 9)
MACS = {"a0": "02:00:00:00:0a:00", "a1": "02:00:00:00:0a:01", "b0": "02:00:00:00:0b:00", "b1": "02:00:00:00:0b:01"}
NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
TOKEN = b"kw%06dhy"
_TOKEN_LENGTH = len(TOKEN % 0)
_CLONE_NEWNET = 0x40000000
_ETHERTYPE = {4: 0x0800, 6: 0x86DD}


class Sent(msgspec.Struct, frozen=True):
    """A packet to send. ``flags`` are TCP's; ``kind`` is the type of an ICMP message."""

    token: int
    family: Family
    protocol: str
    source: str
    destination: str
    source_port: int = 0
    destination_port: int = 0
    flags: frozenset[str] = frozenset({"SYN"})
    kind: int = 8


class Arrived(NamedTuple):
    """Where a packet came out ("a0", "b0": on that wire; "local": in the router) and its addresses there."""

    where: str
    source: str
    source_port: int
    destination: str
    destination_port: int


class Noted(NamedTuple):
    """All that was seen of one packet; ``refused``: a reset or an ICMP error about it came back."""

    arrived: tuple[Arrived, ...]
    refused: tuple[str, ...]


def _checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


_BITS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32}


def bytes_of(packet: Sent) -> bytes:
    """The IP packet with valid checksums: conntrack looks at them."""
    payload = TOKEN % packet.token
    source = ipaddress.ip_address(packet.source).packed
    destination = ipaddress.ip_address(packet.destination).packed
    number = NUMBERS[packet.protocol]

    def sealed(before: bytes, after: bytes) -> bytes:
        length = len(before) + 2 + len(after)
        if packet.family == 4:
            pseudo = source + destination + struct.pack("!BBH", 0, number, length)
        else:
            pseudo = source + destination + struct.pack("!IHBB", length, 0, 0, number)
        if packet.protocol == "icmp":
            pseudo = b""
        check = _checksum(pseudo + before + b"\0\0" + after) or 0xFFFF
        return before + struct.pack("!H", check) + after

    ports = struct.pack("!HH", packet.source_port, packet.destination_port)
    if packet.protocol == "tcp":
        flags = sum(_BITS[name] for name in packet.flags)
        body = sealed(ports + struct.pack("!IIBBH", 1000, 0, 5 << 4, flags, 65535), b"\0\0" + payload)
    elif packet.protocol == "udp":
        body = sealed(ports + struct.pack("!H", 8 + len(payload)), payload)
    else:
        rest = struct.pack("!HH", packet.source_port, 1) + payload
        body = sealed(struct.pack("!BB", packet.kind, 0), rest)
    if packet.family == 6:
        return struct.pack("!IHBB", 6 << 28, len(body), number, 64) + source + destination + body
    head = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(body), packet.token & 0xFFFF, 0, 64, number)
    tail = source + destination
    return head + struct.pack("!H", _checksum(head + b"\0\0" + tail)) + tail + body


class Read(NamedTuple):
    family: Family
    protocol: int
    source: str
    destination: str
    source_port: int
    destination_port: int
    payload: bytes
    flags: int


def read(data: bytes) -> Read | None:
    """What an IP packet says; ports of ICMP are its identifier."""
    family = data[0] >> 4 if data else 0
    if family == 4 and len(data) >= 20:
        header, protocol = (data[0] & 15) * 4, data[9]
        source, destination = (
            socket.inet_ntop(socket.AF_INET, data[12:16]),
            socket.inet_ntop(socket.AF_INET, data[16:20]),
        )
    elif family == 6 and len(data) >= 40:
        header, protocol = 40, data[6]
        source, destination = (
            socket.inet_ntop(socket.AF_INET6, data[8:24]),
            socket.inet_ntop(socket.AF_INET6, data[24:40]),
        )
    else:
        return None
    body = data[header:]
    if len(body) < 8:
        return None
    one, other = struct.unpack("!HH", body[:4])
    flags = body[13] if protocol == 6 and len(body) > 13 else 0
    if protocol in (1, 58):
        flags, one, other = body[0], struct.unpack("!H", body[4:6])[0], 0
    return Read(family, protocol, source, destination, one, other, body, flags)


class Wires:
    """The router's namespace, and the sockets at its edges."""

    def __init__(self, name: str) -> None:
        self.router = f"kwhy-nf-{name}-{os.getpid()}"
        self.far = f"{self.router}-far"
        self.sockets: dict[str, socket.socket] = {}
        self.own: dict[tuple[Family, int], socket.socket] = {}

    def run(self, *command: str, stdin: str | None = None) -> str:
        """Runs a command in the router; its output."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.router, *command], input=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, timeout=60,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}\n{stdin or ''}")
        return done.stdout

    def build(self) -> None:
        for name in (self.router, self.far):
            subprocess.run(["ip", "netns", "add", name], check=True)
        lines = ["link set lo up"]
        for near, far in (("a0", "a1"), ("b0", "b1")):
            lines.append(f"link add {near} address {MACS[near]} type veth peer name {far} netns {self.far} "
                         f"address {MACS[far]}")  # fmt: skip
            lines.append(f"addr add {ROUTER[4][near]}/24 dev {near}")
            lines.append(f"-6 addr add {ROUTER[6][near]}/64 dev {near} nodad")
            lines.append(f"link set {near} up")
            for family in (4, 6):
                for number in HOSTS:
                    address = NETS[family][near] + str(number)
                    lines.append(f"neigh replace {address} lladdr {MACS[far]} dev {near} nud permanent")
        self._batch(self.router, lines)
        self._batch(self.far, ["link set a1 up", "link set b1 up"])
        settings = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.conf.all.rp_filter=0"]
        settings += [f"net.ipv4.conf.{dev}.{key}=0" for dev in ("a0", "b0") for key in ("rp_filter", "send_redirects")]
        settings += ["net.ipv4.conf.all.send_redirects=0", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0",
                     "net.ipv4.icmp_msgs_per_sec=100000", "net.ipv4.icmp_msgs_burst=100000",
                     "net.ipv4.conf.all.accept_local=1", "net.ipv4.ip_nonlocal_bind=1"]  # fmt: skip
        self.run("sysctl", "-qw", *settings)
        subprocess.run(
            ["ip", "netns", "exec", self.far, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"], check=True
        )
        with _inside(self.far):
            for dev in ("a1", "b1"):
                edge = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
                edge.bind((dev, 0))
                edge.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
                self.sockets[dev] = edge
        with _inside(self.router):
            for family, kind in ((4, socket.AF_INET), (6, socket.AF_INET6)):
                for number in (1 if family == 4 else 58, 6, 17):
                    own = socket.socket(kind, socket.SOCK_RAW, number)
                    if family == 6:
                        own.setsockopt(socket.IPPROTO_IPV6, 49, 1)  # IPV6_RECVPKTINFO is 49: the destination
                    self.own[(family, number)] = own
            for family, kind in ((4, socket.AF_INET), (6, socket.AF_INET6)):
                sender = socket.socket(kind, socket.SOCK_RAW, socket.IPPROTO_RAW)
                if family == 6:
                    sender.setsockopt(socket.IPPROTO_IPV6, 36, 1)  # IPV6_HDRINCL
                self.sockets[f"out{family}"] = sender

    def _batch(self, name: str, lines: list[str]) -> None:
        for option in ("-4", "-6"):
            chosen = [line.removeprefix("-6 ") for line in lines if (line.startswith("-6 ")) == (option == "-6")]
            subprocess.run(
                ["ip", "-n", name, "-force", "-batch", "-"], input="\n".join(chosen) + "\n", text=True, check=True
            )

    def close(self) -> None:
        for each in (*self.sockets.values(), *self.own.values()):
            each.close()
        for name in (self.router, self.far):
            subprocess.run(["ip", "netns", "del", name], check=False)

    def forget(self) -> None:
        """Drops the connections that conntrack knows, and what is under way."""
        self.run("conntrack", "-F")
        self._drain({})

    def send_in(self, packets: Mapping[int, tuple[str, Sent]]) -> dict[int, Noted]:
        """Packets that arrive at the router by "a0" or "b0", and what became of them."""
        for dev, packet in packets.values():
            edge = dev.replace("0", "1")
            frame = bytes.fromhex(MACS[dev].replace(":", "") + MACS[edge].replace(":", ""))
            self.sockets[edge].send(frame + struct.pack("!H", _ETHERTYPE[packet.family]) + bytes_of(packet))
        return self._seen({token: packet for token, (_, packet) in packets.items()})

    def send_out(self, packets: Mapping[int, Sent]) -> dict[int, Noted]:
        """Packets that the router itself makes."""
        for packet in packets.values():
            try:
                self.sockets[f"out{packet.family}"].sendto(bytes_of(packet), (packet.destination, 0))
            except (PermissionError, OSError):
                continue  # what the packet filter drops is refused to the sender, too
        return self._seen(dict(packets))

    def _seen(self, packets: dict[int, Sent]) -> dict[int, Noted]:
        arrived: dict[int, list[Arrived]] = {token: [] for token in packets}
        refused: dict[int, list[str]] = {token: [] for token in packets}
        by_port = {packet.source_port: token for token, packet in packets.items()}
        for where, data, destination in self._drain(packets):
            found = read(data)
            if found is None:
                continue
            is_reset = found.protocol == 6 and found.flags & 4 and not found.payload[20:]
            is_error = (found.protocol == 1 and found.flags in (3, 11)) or (found.protocol == 58 and found.flags < 5)
            token = _token(found.payload)
            if is_reset and found.destination_port in by_port:
                refused[by_port[found.destination_port]].append("tcp-reset")
            elif is_error and token in refused:
                refused[token].append(f"icmp {found.flags}/{found.payload[1]}")
            elif token in arrived and not is_error:
                to = destination or found.destination
                arrived[token].append(Arrived(where, found.source, found.source_port, to, found.destination_port))
        return {token: Noted(tuple(arrived[token]), tuple(refused[token])) for token in packets}

    def _drain(self, packets: Mapping[int, Sent]) -> Iterator[tuple[str, bytes, str]]:
        edges = {self.sockets["a1"]: "a0", self.sockets["b1"]: "b0"}
        own = {each: key for key, each in self.own.items()}
        until = time.monotonic() + (2.0 if packets else 0.02)
        quiet = 0.03 if packets else 0.0
        found: list[tuple[str, bytes, str]] = []
        while time.monotonic() < until:
            ready, _, _ = select.select([*edges, *own], [], [], quiet)
            if not ready:
                break
            for each in ready:
                if each in edges:
                    data, address = each.recvfrom(2048)
                    if address[2] != 4:  # PACKET_OUTGOING: what the test itself sent
                        found.append((edges[each], data[14:], ""))
                else:
                    found.append(self._local(each, *own[each]))
        return iter(found)

    def _local(self, own: socket.socket, family: Family, number: int) -> tuple[str, bytes, str]:
        """Raw sockets of IPv6 give the payload only: a header is put before it."""
        data, ancillary, _, address = own.recvmsg(2048, 256)
        if family == 4:
            return "local", data, ""
        destination = next((value[:16] for level, kind, value in ancillary if (level, kind) == (41, 50)), b"\0" * 16)
        source = socket.inet_pton(socket.AF_INET6, address[0].split("%")[0])
        return "local", struct.pack("!IHBB", 6 << 28, len(data), number, 64) + source + destination + data, ""


def _token(data: bytes) -> int:
    at = data.find(b"kw")
    while at >= 0:
        word = data[at : at + _TOKEN_LENGTH]
        if word[2:8].isdigit() and word.endswith(b"hy"):
            return int(word[2:8])
        at = data.find(b"kw", at + 1)
    return -1


@contextmanager
def _inside(name: str) -> Iterator[None]:
    """This thread in another network namespace, for making sockets there."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        if libc.setns(there, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(here, _CLONE_NEWNET)
        os.close(here)
        os.close(there)


@contextmanager
def wires(name: str) -> Iterator[Wires]:
    built = Wires(name)
    try:
        built.build()
        yield built
    finally:
        built.close()
