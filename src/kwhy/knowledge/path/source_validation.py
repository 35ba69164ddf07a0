"""Whether a namespace takes a packet's source address for possible: martians and the reverse path filter.

Source: Linux 6.18 net/ipv4/fib_frontend.c fib_validate_source(), __fib_validate_source(); net/ipv4/route.c
ip_route_input_slow(); include/linux/inetdevice.h IN_DEV_RPFILTER() (the larger of `all` and the device's own).
IPv6 asks nothing of the kind.
"""

from __future__ import annotations

from ipaddress import ip_address

import msgspec

from kwhy.facts.network import Sysctl
from kwhy.knowledge.net.policy_database import DEFAULT_RULES
from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.path.networks import Network
from kwhy.model.document import Locator


class Validity(msgspec.Struct, frozen=True):
    """``holds`` None: not known, and ``why`` says on what it depends. False: ``why`` says what refuses."""

    holds: bool | None
    why: str = ""
    at: Locator | None = None


VALID = Validity(True)


def strictness(network: Network, dev: str) -> tuple[int | None, Sysctl | None]:
    """The reverse path filter in force on a device, and the parameter that sets it; None where it is not shown."""
    everywhere, own = (f"net.ipv4.conf.{name}.rp_filter" for name in ("all", dev.replace(".", "/")))
    values = [(value, network.sysctl(key)) for key in (everywhere, own) if (value := network.value(key)) is not None]
    if len(values) == 2:
        return max(values, key=lambda each: each[0])
    strictest = max(values, key=lambda each: each[0], default=(None, None))
    # One of the two decides alone only where nothing can be larger: 2 is the most, but 1 beats nothing else than 0.
    return strictest if strictest[0] == 2 else (None, None)


def source_is_valid(
    network: Network, dev: str, source: str, destination: str, mark: int | None, out: str | None
) -> Validity:
    """Whether a packet from ``source`` may arrive on ``dev``. ``out``: the device it is forwarded to."""
    if ":" in source:
        return VALID
    parsed = ip_address(source)
    if parsed.is_multicast or source == "255.255.255.255":
        return Validity(False, f"{source} cannot be the source of a packet (martian)")
    local_routing = network.value(f"net.ipv4.conf.{dev}.route_localnet") or network.value(
        "net.ipv4.conf.all.route_localnet"
    )
    if parsed.is_loopback and dev != "lo" and not local_routing:
        return Validity(False, f"{source} comes from outside and is a loopback address (martian)")
    if ip_address(destination).is_loopback and dev != "lo" and not local_routing:
        return Validity(False, f"{destination} is a loopback address and the packet comes from outside (martian)")
    strict, setting = strictness(network, dev)
    accepts_local = bool(
        network.value(f"net.ipv4.conf.{dev}.accept_local") or network.value("net.ipv4.conf.all.accept_local")
    )
    answers = {_validated(network, dev, source, destination, mark, out, level, accepts_local=accepts_local)
               for level in ((strict,) if strict is not None else (0, 1, 2))}  # fmt: skip
    if len(answers) == 1:
        why = answers.pop()
        if why is None:
            return VALID
        if why.startswith("?"):
            return Validity(None, why[1:])
        at = setting.at if setting is not None and "rp_filter" in why else None
        return Validity(False, why, at)
    refusal = next(why for why in answers if why is not None)
    key = f"net.ipv4.conf.{dev}.rp_filter"
    return Validity(None, f"whether {key} is on: then {refusal.lstrip('?')}")


def _validated(
    network: Network,
    dev: str,
    source: str,
    destination: str,
    mark: int | None,
    out: str | None,
    strict: int,
    *,
    accepts_local: bool,
) -> str | None:
    """None where the source is taken; else why not ("?…" where that cannot be told)."""
    if strict == 0 and dev != out:
        if accepts_local:
            return None
        if not _has_custom_rules(network):
            if source in network.own:
                return f"{source} is an address of {network.name} itself (martian source)"
            return None
    arrives = out or "lo"
    vmark = network.value(f"net.ipv4.conf.{dev}.src_valid_mark") or network.value("net.ipv4.conf.all.src_valid_mark")
    flow = Flow(destination=source, source=destination, arrives_on=arrives, mark=mark if vmark else 0)
    decision = network.route(flow)
    result = decision.result
    if not decision.known:
        return "?" + (decision.depends_on[0] if decision.depends_on else f"the way back to {source}")
    named = f"rp_filter={strict} on {dev}"
    if result.error is not None:
        return f"{named}: {network.name} has no way back to {source}" if strict else None
    if result.kind != "unicast" and not (result.kind == "local" and accepts_local):
        return f"{source} is an address of {network.name} itself (martian source)"
    if dev in result.devices:
        return None
    if not any(each.dev == dev and each.family == 4 for each in network.database.addresses):
        return f"{named}: the way back to {source} leaves by {_devices(result.devices)}" if strict else None
    if strict == 1:
        return f"{named} (strict): the way back to {source} leaves by {_devices(result.devices)}, not by {dev}"
    return None


def _devices(names: tuple[str, ...]) -> str:
    return " or ".join(names) or "no device"


def _has_custom_rules(network: Network) -> bool:
    """Rules beside the kernel's three; the kernel remembers that there were some, which no document shows."""
    defaults = set(DEFAULT_RULES[4])
    return any((rule.priority, rule.table) not in defaults for rule in network.database.rules[4])
