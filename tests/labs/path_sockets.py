"""Sockets in all namespaces of a topology, in one process: a socket belongs to where it was made (setns(2))."""

from __future__ import annotations

import ctypes
import ipaddress
import select
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.labs.path_topology import Topology

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)
PORTS = (8080, 9090)
#: What a packet needs at most to pass some namespaces of one machine, ARP included.
PATIENCE = 0.1
#: Level, option and structure of what tells the address that was asked (ip(7) IP_PKTINFO, ipv6(7) IPV6_RECVPKTINFO).
_PKTINFO = {
    4: (socket.IPPROTO_IP, 8, struct.Struct("=I4s4s")),
    6: (socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, struct.Struct("=16sI")),
}
_NUMBER = struct.Struct("=I")


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """This thread in another network namespace."""
    with Path("/proc/thread-self/ns/net").open() as home, Path("/run/netns", namespace).open() as there:
        if _LIBC.setns(there.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
        try:
            yield
        finally:
            _LIBC.setns(home.fileno(), _CLONE_NEWNET)


@dataclass(frozen=True)
class Question:
    """A datagram: from a socket in ``place`` to an address and port."""

    place: str
    address: str
    port: int
    source_port: int


@dataclass
class Sent:
    """What became of one packet: where it was received and from whom, and whether the answer came back."""

    place: str | None = None
    source: str | None = None
    answered: bool = False


class Sockets:
    """UDP servers on all ports of all namespaces."""

    def __init__(self, top: Topology) -> None:
        self.family = socket.AF_INET if top.family == 4 else socket.AF_INET6
        self.level, self.option, self.pktinfo = _PKTINFO[top.family]
        self.any = "0.0.0.0" if top.family == 4 else "::"
        self.servers: dict[socket.socket, str] = {}
        for place in top.places:
            with inside(place):
                for port in PORTS:
                    server = socket.socket(self.family, socket.SOCK_DGRAM)
                    server.setsockopt(self.level, self.option, 1)
                    server.bind((self.any, port))
                    server.setblocking(False)
                    self.servers[server] = place

    def close(self) -> None:
        for server in self.servers:
            server.close()

    def ask(self, questions: Sequence[Question], patience: float = PATIENCE) -> list[Sent]:
        """All at once: every datagram holds the number of its question, and is sent back."""
        results = [Sent() for _ in questions]
        clients: dict[socket.socket, int] = {}
        for number, question in enumerate(questions):
            with inside(question.place):
                client = socket.socket(self.family, socket.SOCK_DGRAM)
            client.setblocking(False)
            clients[client] = number
            client.bind((self.any, question.source_port))
            # An error is an answer too: the packet is not received anywhere.
            with suppress(OSError):
                client.connect((question.address, question.port))
                client.send(_NUMBER.pack(number))
        try:
            self._collect(clients, results, patience)
        finally:
            for client in clients:
                client.close()
        return results

    def _collect(self, clients: dict[socket.socket, int], results: list[Sent], patience: float) -> None:
        """Until nothing has come for a while."""
        while ready := select.select([*self.servers, *clients], [], [], patience)[0]:
            for one in ready:
                if one in self.servers:
                    self._answer(one, results)
                    continue
                with suppress(OSError):  # ICMP errors are reported here as well
                    results[clients[one]].answered = one.recv(64) == _NUMBER.pack(clients[one])

    def _answer(self, server: socket.socket, results: list[Sent]) -> None:
        """From the address that was asked (ipi_spec_dst), whatever else the host has."""
        data, ancillary, _, source = server.recvmsg(64, 256)
        sent = results[_NUMBER.unpack(data)[0]]
        sent.place, sent.source = self.servers[server], source[0]
        level, kind, told = ancillary[0]
        fields = self.pktinfo.unpack(told)
        if self.family == socket.AF_INET:
            answering = self.pktinfo.pack(0, fields[1], b"\0" * 4)
        else:  # a link-local address means nothing without its device
            is_local = ipaddress.IPv6Address(fields[0]).is_link_local
            answering = self.pktinfo.pack(fields[0], fields[1] if is_local else 0)
        with suppress(OSError):
            server.sendmsg([data], [(level, kind, answering)], 0, source)
