"""Which questions a resolver asks for a name: search list, ndots and library, and how many of them are for nothing.

Source: glibc 2.36 resolv/res_query.c (__res_context_search), nss_dns (A and AAAA together); Go 1.26
net/dnsclient_unix.go (nameList); musl 1.2.4 src/network/lookup_name.c (name_from_dns_search: a name with ndots dots is
never searched for, and a failure other than NXDOMAIN ends the search).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import msgspec

from kwhy.facts.corefile import absolute
from kwhy.facts.dns import ResolvConf

Library = Literal["glibc", "go", "musl"]
#: Every library asks for both families of addresses, unless told otherwise.
_FAMILIES = ("A", "AAAA")


class Question(msgspec.Struct, frozen=True):
    """One question, as it goes over the wire."""

    name: str
    type: str


def candidates(name: str, conf: ResolvConf, library: Library = "glibc") -> list[str]:
    """The absolute names that are tried in turn until one exists."""
    if name.endswith("."):
        return [absolute(name)]
    searched = [absolute(f"{name}.{search}") for search in conf.searches if search != "."]
    enough_dots = name.count(".") >= conf.ndots
    if library == "musl":
        return [absolute(name)] if enough_dots else [*searched, absolute(name)]
    return [absolute(name), *searched] if enough_dots else [*searched, absolute(name)]


def questions(name: str, conf: ResolvConf, exists: Collection[str] = (), library: Library = "glibc") -> list[Question]:
    """The questions that are asked for a name, where ``exists`` are the absolute names that are answered."""
    asked: list[Question] = []
    for candidate in candidates(name, conf, library):
        asked += [Question(candidate, family) for family in _FAMILIES]
        if candidate in exists:
            break
    return asked


def amplification(name: str, conf: ResolvConf, library: Library = "glibc") -> float:
    """How many times as many questions are asked as with a final dot, for a name that exists as it stands."""
    needed = len(_FAMILIES)
    return len(questions(name, conf, {absolute(name)}, library)) / needed
