"""The grammar of one route, as words and as JSON.

Source: iproute2 6.1 ip/iproute.c print_route(), print_rta_multipath(), print_rtax_metrics(); older releases print the
same words with other spacing and more of them (`proto none`, `realm`). busybox 1.35 networking/libiproute/iproute.c
print_route() prints a subset: no proto, no tos and no `nexthop` lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast, get_args

import msgspec

from kwhy.facts.network import TABLE_NAMES, Family, NextHop, Route, RouteType
from kwhy.ingest.net.addresses import address, prefix
from kwhy.model.document import Locator

ROUTE_TYPES: Final[frozenset[str]] = frozenset(get_args(RouteType))
#: Flags of next hops that iproute2 prints as bare words (iproute.c print_rt_flags()).
NEXT_HOP_FLAGS: Final = frozenset(
    ("dead", "onlink", "pervasive", "offload", "trap", "notify", "linkdown", "unresolved", "rt_offload", "rt_trap",
     "rt_offload_failed")
)  # fmt: skip
#: Attributes with one argument that do not choose the route (metrics may be preceded by "lock").
_WITHOUT_MEANING: Final = frozenset(
    ("mtu", "window", "rtt", "rttvar", "ssthresh", "cwnd", "advmss", "reordering", "hoplimit", "initcwnd", "features",
     "rto_min", "initrwnd", "quickack", "congctl", "fastopen_no_cookie", "realm", "realms", "expires", "users", "used",
     "age", "nhid", "ttl-propagate", "uid", "protocol", "error", "id", "as")
)  # fmt: skip


class RouteWords(msgspec.Struct):
    """What the words of one route say. ``extra`` keeps what only answers of `ip route get` carry (uid, iif, mark)."""

    destination: str
    family: Family | None
    type: RouteType = "unicast"
    table: str | None = None
    prefsrc: str | None = None
    source: str | None = None
    metric: int | None = None
    proto: str | None = None
    scope: str | None = None
    tos: int = 0
    preference: str | None = None
    hop: NextHop = NextHop()
    flags: tuple[str, ...] = ()
    extra: dict[str, str] = msgspec.field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def read_words(text: str) -> RouteWords | None:
    """The words of a route's first line; None where the line does not begin like a route."""
    words = text.split()
    kind: RouteType = "unicast"
    if words and words[0] in ROUTE_TYPES:
        kind = cast("RouteType", words.pop(0))
    if not words:
        return None
    head = words.pop(0)
    destination = "default" if head == "default" else None
    family: Family | None = None
    if destination is None:
        known = prefix(head)
        if known is None:
            return None
        destination, family = known
    read = RouteWords(destination, family, kind)
    _attributes(iter(words), read)
    return read


def _attributes(words: Iterator[str], read: RouteWords) -> None:
    unknown: list[str] = []
    hop: dict[str, Any] = {}
    flags: list[str] = []
    for word in words:
        if word == "via":
            hop["via"] = _gateway(words)
        elif word in ("dev", "oif"):
            hop["dev"] = next(words, "")
        elif word == "table":
            table = next(words, "")
            read.table = TABLE_NAMES.get(table, table)
        elif word == "src":
            read.prefsrc = _address(next(words, ""))
        elif word == "from":
            read.source = _source(next(words, ""))
        elif word == "metric":
            read.metric = _integer(next(words, ""))
        elif word == "proto":
            read.proto = next(words, "")
        elif word == "scope":
            read.scope = next(words, "")
        elif word in ("tos", "dsfield"):
            text = next(words, "")
            tos = _integer(text)
            read.tos = tos or 0
            if tos is None:
                unknown.append(f"tos {text}")
        elif word == "pref":
            read.preference = next(words, "")
        elif word == "weight":
            hop["weight"] = _integer(next(words, "")) or 1
        elif word in NEXT_HOP_FLAGS:
            flags.append(word)
        elif word in ("iif", "mark", "uid", "error"):
            read.extra[word] = next(words, "")
        elif word in _WITHOUT_MEANING:
            if next(words, "") == "lock":
                next(words, "")
        elif word == "encap":
            unknown.append(_encapsulation(words, hop))
        elif not word.startswith("<") and word not in ("cache", "notify", "none"):
            unknown.append(word)
    read.flags = tuple(flags)
    read.hop = NextHop(flags=tuple(flags), **hop)
    read.unknown = tuple(unknown)


def read_next_hop(text: str) -> NextHop | None:
    r"""A line of a multipath route: "\tnexthop via 10.0.0.2 dev eth0 weight 2 onlink"."""
    words = text.split()
    if not words or words[0] != "nexthop":
        return None
    read = RouteWords("default", None)
    _attributes(iter(words[1:]), read)
    return read.hop


def _encapsulation(words: Iterator[str], hop: dict[str, Any]) -> str:
    """`encap mpls 100 via 10.0.0.1 dev eth0`: its own attributes end where the next hop begins."""
    kept = ["encap"]
    for word in words:
        if word == "via":
            hop["via"] = _gateway(words)
            break
        if word == "dev":
            hop["dev"] = next(words, "")
            break
        kept.append(word)
    return " ".join(kept)


def _gateway(words: Iterator[str]) -> str:
    text = next(words, "")
    if text in ("inet", "inet6", "link", "mpls"):
        text = next(words, "")
    return _address(text)


def _address(text: str) -> str:
    known = address(text)
    return known[0] if known else text


def _source(text: str) -> str:
    known = prefix(text)
    return known[0] if known else text


def _integer(text: str) -> int | None:
    try:
        return int(text, 0) if len(text) < 20 else None
    except ValueError:
        return None


def family_of(read: RouteWords, hops: tuple[NextHop, ...], asked: Family | None) -> Family:
    """A default route tells its family by its gateway or source; IPv6 routes alone always print a preference."""
    if read.family is not None:
        return read.family
    for text in (read.prefsrc, read.source, *(hop.via for hop in hops)):
        known = address(text.partition("/")[0]) if text else None
        if known is not None:
            return known[1]
    if read.preference is not None:
        return 6
    return asked or 4


def json_words(item: dict[str, Any]) -> tuple[str, tuple[NextHop, ...]]:
    """The words that print_route() prints without -j for the same route, and its next hops."""
    words = [str(item["type"])] if item.get("type", "unicast") != "unicast" else []
    words.append(str(item.get("dst", "")))
    for key, word in (("from", "from"), ("src", "from"), ("tos", "tos")):
        words += [word, str(item[key])] if key in item else []
    words += _json_hop(item)
    for key, word in _JSON_ATTRIBUTES:
        words += [word, str(item[key])] if key in item else []
    words += [str(flag) for flag in item.get("flags", ()) if isinstance(flag, str)]
    hops = tuple(_json_next_hop(listed) for listed in item.get("nexthops", ()) if isinstance(listed, dict))
    return " ".join(words), hops


_JSON_ATTRIBUTES: Final = (
    ("table", "table"), ("protocol", "proto"), ("scope", "scope"), ("prefsrc", "src"), ("metric", "metric"),
    ("pref", "pref"), ("iif", "iif"), ("mark", "mark"), ("uid", "uid"),
)  # fmt: skip


def _json_hop(item: dict[str, Any]) -> list[str]:
    words: list[str] = []
    if "encap" in item:
        words += ["encap", str(item["encap"])]
    via = item.get("via")
    if "gateway" in item:
        words += ["via", str(item["gateway"])]
    elif isinstance(via, dict):
        words += ["via", str(via.get("family", "")), str(via.get("host", ""))]
    return words + (["dev", str(item["dev"])] if "dev" in item else [])


def _json_next_hop(item: dict[str, Any]) -> NextHop:
    return read_next_hop(" ".join(["nexthop", *_json_hop(item), *_json_weight(item)])) or NextHop()


def _json_weight(item: dict[str, Any]) -> list[str]:
    weight = ["weight", str(item["weight"])] if "weight" in item else []
    return weight + [str(flag) for flag in item.get("flags", ()) if isinstance(flag, str)]


def route_of(
    at: Locator, read: RouteWords, hops: tuple[NextHop, ...], table: str | None, asked: Family | None
) -> Route:
    """The route behind the words. ``hops`` are those of following lines; none: the line's own."""
    single = (read.hop,) if not hops and (read.hop.dev or read.hop.via) else hops
    family = family_of(read, single, asked)
    destination = read.destination
    if destination == "default":
        destination = "0.0.0.0/0" if family == 4 else "::/0"
    return Route(
        at=at,
        family=family,
        destination=destination,
        table=read.table or table,
        type=read.type,
        nexthops=single,
        prefsrc=read.prefsrc,
        source=None if read.source in ("::/0", "0.0.0.0/0") else read.source,
        metric=read.metric,
        proto=read.proto,
        scope=read.scope,
        tos=read.tos,
        flags=read.flags,
        preference=read.preference,
        unknown=read.unknown,
    )
