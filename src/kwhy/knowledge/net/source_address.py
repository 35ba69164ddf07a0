"""Which source address the kernel puts on a packet of its own.

IPv4: net/ipv4/devinet.c inet_select_addr(), fib_semantics.c fib_result_prefsrc().
IPv6: net/ipv6/addrconf.c ipv6_dev_get_saddr(), the rules of RFC 6724 as the kernel orders them.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Final

from kwhy.facts.network import Family, InterfaceAddress, NextHop, Route
from kwhy.knowledge.net.policy_database import PolicyDatabase, contains, number

#: /etc/iproute2/rt_scopes, kernel uapi linux/rtnetlink.h rt_scope_t
_SCOPES: Final = {"global": 0, "universe": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}
_LINK: Final = 253
_V6_LINK: Final = 2
#: Default policy table of RFC 6724 as in net/ipv6/addrlabel.c ip6addrlbl_init_table: prefix and label.
_LABELS: Final = (
    ("::1/128", 0), ("::/96", 3), ("::ffff:0:0/96", 4), ("2001::/32", 6), ("2001:10::/28", 7), ("2002::/16", 2),
    ("3ffe::/16", 12), ("fc00::/7", 5), ("fec0::/10", 11), ("::/0", 1),
)  # fmt: skip


def scope_number(name: str | None) -> int:
    if name is None:
        return 0
    return _SCOPES.get(name, int(name) if name.isdigit() else 0)


def chosen_source(database: PolicyDatabase, route: Route, hop: NextHop, destination: str) -> str | None:
    """The source of a packet that takes this next hop; None where the evidence does not tell."""
    if route.prefsrc is not None:
        return route.prefsrc
    if database.address_listing is None or hop.dev is None or route.partial:
        return None
    if route.family == 6:
        return _select_v6(database, hop.dev, destination)
    gateway = hop.via if hop.via is not None and ":" not in hop.via else None
    return select_v4(database, hop.dev, gateway, scope_number(route.scope))


def select_v4(database: PolicyDatabase, dev: str, towards: str | None, scope: int) -> str | None:
    """The device's first primary address in scope, in the gateway's network before others; else another device's."""
    primary = [address for address in database.addresses if address.family == 4 and "secondary" not in address.flags]
    usable = [address for address in primary if address.dev == dev and scope_number(address.scope) <= scope]
    if towards is not None:
        for address in usable:
            if contains(_network_of(address), number(towards), 4):
                return address.address
    if usable:
        return usable[0].address
    for address in primary:
        if scope_number(address.scope) != _LINK and scope_number(address.scope) <= scope:
            return address.address
    return None


def is_own_address(database: PolicyDatabase, address: str, family: Family) -> bool | None:
    """Whether the host owns the address; None where its addresses were not listed."""
    if any(own.address == address for own in database.addresses):
        return True
    local = database.table("local", family)
    for _, routes in local.covering(number(address)):
        if any(route.type == "local" for route in routes):
            return True
    return False if database.address_listing is not None or local.listing is not None else None


def _network_of(address: InterfaceAddress) -> str:
    return str(ip_network(f"{address.peer or address.address}/{address.prefix_length}", strict=False))


def _select_v6(database: PolicyDatabase, dev: str, destination: str) -> str | None:
    candidates = [
        address
        for address in database.addresses
        if address.family == 6 and not {"tentative", "dadfailed"} & set(address.flags)
    ]
    goal = number(destination)
    if _v6_scope(goal) == _V6_LINK:
        candidates = [address for address in candidates if address.dev == dev]
    if not candidates:
        return None
    return max(candidates, key=lambda address: _rank_v6(address, dev, goal)).address


def _rank_v6(address: InterfaceAddress, dev: str, goal: int) -> tuple[int, ...]:
    """Higher is better, rule by rule: same address, scope, not deprecated, outgoing device, label, prefix.

    Of equals the kernel keeps the one that `ip addr` lists first.
    """
    own = number(address.address)
    own_scope, goal_scope = _v6_scope(own), _v6_scope(goal)
    scope = -own_scope if own_scope >= goal_scope else own_scope - 128
    common = 128 - (own ^ goal).bit_length()
    return (
        int(own == goal),
        scope,
        int("deprecated" not in address.flags),
        int(address.dev == dev),
        int(_label(own) == _label(goal)),
        int("temporary" not in address.flags),
        min(common, address.prefix_length),
    )


def _v6_scope(address: int) -> int:
    """include/net/ipv6.h: link-local 2, site-local 5, global 14; the loopback counts as link-local."""
    if address == 1 or address >> 118 == 0xFE80 >> 6:
        return _V6_LINK
    return 5 if address >> 118 == 0xFEC0 >> 6 else 14


def _label(address: int) -> int:
    matching: Sequence[tuple[str, int]] = [entry for entry in _LABELS if contains(entry[0], address, 6)]
    return max(matching, key=lambda entry: int(entry[0].partition("/")[2]))[1]
