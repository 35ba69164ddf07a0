"""Sockets of a host or a pod, as ss and netstat list them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kwhy.facts.network import NetworkNamespace
from kwhy.model.document import Locator

SocketProtocol: TypeAlias = Literal["tcp", "udp"]


class Socket(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One socket. ``address`` is canonical, "*" for all addresses of both families; ``device`` what it is bound to.

    ``state`` is ss's word ("LISTEN", "UNCONN", "ESTAB" …), whichever program printed it. ``peer_port`` None: no peer.
    ``program`` and ``pid`` are of the first process that holds it; None where not printed. A socket of the kernel
    itself (VXLAN, WireGuard) has no process, which shows only where processes are printed at all.
    """

    at: Locator
    protocol: SocketProtocol
    state: str
    address: str
    port: int | None
    peer: str | None = None
    peer_port: int | None = None
    device: str | None = None
    program: str | None = None
    pid: int | None = None
    received: int = 0
    netns: NetworkNamespace | None = None

    @property
    def listening(self) -> bool:
        """Whether anybody may send to it: a TCP listener, or a UDP socket without a peer."""
        return self.state in ("LISTEN", "UNCONN")

    @property
    def on_all_addresses(self) -> bool:
        return self.address in ("*", "0.0.0.0", "::")


class SocketListing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The document lists every listening socket of ``protocols``; ``processes``: with their processes.

    Only with one does a port without a socket mean that nothing listens.
    """

    at: Locator
    protocols: tuple[SocketProtocol, ...]
    count: int
    processes: bool
    netns: NetworkNamespace | None = None
