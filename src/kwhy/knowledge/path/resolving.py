"""Whether the owner of an address answers for it when a neighbour asks (ARP). Neighbour discovery asks nothing more.

Source: Linux 6.18 net/ipv4/arp.c arp_solicit(), arp_process(), arp_fwd_proxy(): the question is routed like a packet
from the asker, so that the reverse path filter and missing routes silence the answer.
"""

from __future__ import annotations

from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.net.source_address import select_v4
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.source_validation import VALID, Validity, source_is_valid
from kwhy.knowledge.path.world import Reached

_SCOPE_LINK = 253


def answers_for_others(reached: Reached) -> bool:
    """Proxy ARP: routed pods ask for a gateway that nobody has (Calico's 169.254.1.1)."""
    network = reached.network
    return any(network.value(f"net.ipv4.conf.{name}.proxy_arp") == 1 for name in ("all", reached.dev))


def resolves(network: Network, dev: str, wanted: str, source: str | None, target: Reached) -> Validity:
    """Whether ``target`` answers the question of ``network`` for the address ``wanted``."""
    if ":" in wanted:
        return VALID
    asker = source if source in network.own else select_v4(network.database, dev, wanted, _SCOPE_LINK)
    if asker is None:
        return VALID  # questions without a sender are answered for every address of the host
    there, at = target.network, target.dev
    if wanted in there.own and not there.database.table("local", 4).routes:
        return VALID
    decision = there.route(Flow(destination=wanted, source=asker, arrives_on=at))
    result = decision.result
    if not decision.known:
        return Validity(None, f"whether {there.name} answers for {wanted}")
    silent = f"{there.name} does not answer for {wanted} on {at}"
    if result.error is not None:
        return Validity(
            False, f"{silent}: it has no route there ({result.error})", result.route.at if result.route else None
        )
    out = next(iter(result.devices), None)
    if result.kind == "unicast" and (out == at or not answers_for_others(target)):
        return Validity(False, f"{silent}: the address is not its own")
    valid = source_is_valid(there, at, asker, wanted, 0, out if result.kind == "unicast" else None)
    return Validity(False, f"{silent}: {valid.why}", valid.at) if valid.holds is False else valid
