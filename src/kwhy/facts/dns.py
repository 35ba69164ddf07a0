"""What tools say of names: one lookup each; and the configuration of resolvers."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kwhy.facts.corefile import Corefile
from kwhy.facts.network import NetworkNamespace
from kwhy.model.document import Locator

#: "timed-out": no answer came. "refused": nothing listens at the address. "unreachable": no way to it. "failed": the
#: tool does not say why.
LookupOutcome: TypeAlias = Literal["answered", "timed-out", "refused", "unreachable", "failed"]

#: glibc takes three name servers (MAXNS, resolv.h) and took, until 2.26, six search domains (MAXDNSRCH).
MOST_SERVERS = 3
MOST_SEARCHES = 6
#: What glibc and musl take where resolv.conf does not say (resolv.conf(5)).
DEFAULT_NDOTS = 1


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A resource record of an answer; ``ttl`` is None where the tool does not print it."""

    name: str
    type: str
    value: str
    ttl: int | None = None


class Lookup(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One question that a tool asked.

    ``server`` is the address that was asked, None where not shown. ``status`` is the answer's code (NOERROR, NXDOMAIN,
    SERVFAIL, REFUSED …), None where no answer came or the tool does not print it. ``took`` in milliseconds.
    """

    at: Locator
    tool: Literal["dig", "nslookup", "host", "getent"]
    name: str | None
    type: str | None = None
    server: str | None = None
    port: int = 53
    outcome: LookupOutcome
    status: str | None = None
    answers: tuple[Answer, ...] = ()
    took: float | None = None
    said: str = ""
    netns: NetworkNamespace | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(answer.value for answer in self.answers if answer.type in ("A", "AAAA"))

    @property
    def resolved(self) -> bool:
        return self.outcome == "answered" and bool(self.answers)


class ResolvConf(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A resolv.conf. ``path`` is the file's where the evidence says it; ``netns`` names the pod or process."""

    at: Locator
    nameservers: tuple[str, ...]
    searches: tuple[str, ...] = ()
    options: tuple[tuple[str, str | None], ...] = ()
    path: str | None = None
    netns: NetworkNamespace | None = None

    @property
    def ndots(self) -> int:
        found = next((value for name, value in reversed(self.options) if name == "ndots"), None)
        return int(found) if found is not None and found.isdigit() else DEFAULT_NDOTS


class CorefileText(msgspec.Struct, frozen=True, gc=False):
    """A Corefile that was shown as a file."""

    at: Locator
    corefile: Corefile
