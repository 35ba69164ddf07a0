"""What somebody who knows the network expects: where names and peers should live."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import msgspec

from kwhy.model.document import Locator

#: The name that stands for everybody whom a host talks to.
PEERS = "peers"


class Expectation(msgspec.Struct, frozen=True, gc=False):
    """``name`` should resolve to addresses of ``networks`` (CIDR); a name "*.example.com" stands for all below it.

    The name "peers" stands for every address that captures show as a server.
    """

    at: Locator
    name: str
    networks: tuple[str, ...]

    def concerns(self, name: str) -> bool:
        plain = name.rstrip(".").lower()
        return self.name == plain or (self.name.startswith("*.") and plain.endswith(self.name[1:]))

    def admits(self, address: str) -> bool:
        return any(ip_address(address) in ip_network(network) for network in self.networks)
