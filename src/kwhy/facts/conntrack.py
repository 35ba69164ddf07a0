"""What connection tracking knows: its entries, how many they are, and the counters of what it could not do."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kwhy.facts.network import NetworkNamespace
from kwhy.model.document import Locator


class ConntrackEntry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A tracked connection that is translated, or unanswered; of the others only the number is kept.

    ``source`` … are those of the first packet, ``reply_*`` those that answers are expected to have: where
    ``reply_source`` is not ``destination``, the destination was translated. Ports are None where the protocol has none.
    ``state`` is that of TCP ("SYN_SENT"); ``replied``: an answer was seen. ``timeout``: seconds until it is forgotten.
    """

    at: Locator
    protocol: str
    source: str
    destination: str
    source_port: int | None
    destination_port: int | None
    reply_source: str
    reply_destination: str
    reply_source_port: int | None
    reply_destination_port: int | None
    replied: bool
    assured: bool
    timeout: int | None = None
    state: str | None = None
    netns: NetworkNamespace | None = None

    @property
    def sent_to(self) -> str:
        """Where the packets go after translation."""
        return self.reply_source


class ConntrackListing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The document lists connections: ``count`` of them, ``unreplied`` without an answer.

    ``whole``: nothing was filtered out, so an entry that is not there does not exist.
    """

    at: Locator
    count: int
    unreplied: int
    whole: bool
    netns: NetworkNamespace | None = None


class ConntrackCounters(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Counters of `conntrack -S` or /proc/net/stat/nf_conntrack, added over the processors; they count since boot.

    ``at_counter`` is the first line whose value of a counter is not 0.
    """

    at: Locator
    values: Mapping[str, int]
    at_counter: Mapping[str, Locator]
    netns: NetworkNamespace | None = None

    def __getitem__(self, name: str) -> int:
        return self.values.get(name, 0)


class NetworkCounter(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A counter of the kernel's network code, named as in /proc/net/netstat ("TcpExtIPReversePathFilter")."""

    at: Locator
    name: str
    value: int
    netns: NetworkNamespace | None = None
