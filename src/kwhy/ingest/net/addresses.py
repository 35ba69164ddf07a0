"""Addresses and prefixes as iproute2 and its like print them, in canonical text."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network

from kwhy.facts.network import Family


@lru_cache(maxsize=65536)
def address(text: str) -> tuple[str, Family] | None:
    """The canonical text and family of an address (a zone after "%" is dropped); None if it is none."""
    try:
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(parsed), 4 if parsed.version == 4 else 6


@lru_cache(maxsize=65536)
def prefix(text: str) -> tuple[str, Family] | None:
    """The canonical prefix of "10.0.0.7", "10.0.0.0/8", "10/8" (old iproute2) or "0/8"; None if it is none.

    Host bits are kept out: the kernel stores a rule's `from 10.0.0.7/24` as 10.0.0.0/24.
    """
    host, slash, length = text.partition("/")
    if slash and ":" not in host and host.count(".") < 3:
        if not all(part.isdigit() for part in host.split(".")):
            return None
        host = host + ".0" * (3 - host.count("."))
    try:
        parsed = ip_network(f"{host}/{length}" if slash else host, strict=False)
    except ValueError:
        return None
    return str(parsed), 4 if parsed.version == 4 else 6
