"""The targets of iptables.

Sources, Linux 6.18: net/netfilter/xt_*.c, net/ipv4/netfilter/ipt_REJECT.c, net/netfilter/nf_nat_redirect.c; options as
`iptables-save` prints them: iptables 1.8.9 extensions/libxt_*.c, libipt_*.c, libip6t_*.c (functions *_save).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kwhy.facts.netfilter import IptablesTable
from kwhy.knowledge.netfilter import translating
from kwhy.knowledge.netfilter.iptables_matches import network_of, value_and_mask
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.rule import Action, Change, Do, Effect, Final, Jump
from kwhy.knowledge.netfilter.surroundings import Surroundings

#: Targets after which the packet goes on to the next rule, as it is or with changes that no match here looks at.
_WITHOUT_EFFECT = frozenset(
    (
        "LOG", "NFLOG", "ULOG", "TRACE", "AUDIT", "SECMARK", "CONNSECMARK", "CHECKSUM", "CLASSIFY", "RATEEST",
        "IDLETIMER", "LED", "TEE", "SET", "HMARK", "TCPOPTSTRIP", "ECN",
    )
)  # fmt: skip
_VERDICTS: dict[str, Final] = {
    "ACCEPT": Final("accept", "accepts it"),
    "DROP": Final("drop", "drops it"),
    "RETURN": Final("return", "ends this chain"),
    "QUEUE": Final("queue", "hands it to a program that decides"),
    "NFQUEUE": Final("queue", "hands it to a program that decides"),
    "SYNPROXY": Final("stolen", "answers it in place of the receiver"),
    "CLUSTERIP": Final("unknown", "CLUSTERIP", needs="what target CLUSTERIP does"),
}
#: net/ipv4/netfilter/ipt_REJECT.c, net/ipv6/netfilter/ip6t_REJECT.c: the default
_DEFAULT_REJECT = {4: "icmp-port-unreachable", 6: "icmp6-port-unreachable"}


def target(table: IptablesTable, goto: bool, words: Sequence[str]) -> tuple[Action, ...]:
    """What the words after -j or -g do."""
    if not words:
        return ()
    name, options = words[0], words[1:]
    if goto or name in table.chains:
        return (Jump(name, goto),)
    if name in _VERDICTS:
        return (_VERDICTS[name],)
    if name in _WITHOUT_EFFECT:
        return ()
    if name == "REJECT":
        how = _value(options, "--reject-with") or _DEFAULT_REJECT[table.family]
        return (Final("reject", f"rejects it with {how}", reject_with=how),)
    build = _CHANGES.get(name)
    do = build(table, options) if build is not None else None
    if do is not None:
        return (Change(do),)
    if not table.complete and build is None:
        return (Final("unknown", f"goes to {name}", needs=f"chain {name} of table {table.name}"),)
    return (Final("unknown", f"does {name}", needs=f"what target {' '.join(words)} does"),)


def _value(options: Sequence[str], name: str) -> str | None:
    if name in options:
        at = options.index(name) + 1
        return options[at] if at < len(options) else None
    return None


def _random(options: Sequence[str]) -> bool:
    return "--random" in options or "--random-fully" in options


def _mark(table: IptablesTable, options: Sequence[str]) -> Do | None:
    """newmark = (mark & ~mask) ^ value   (xt_mark.c mark_tg)"""
    written = _value(options, "--set-xmark")
    if written is None and (plain := _value(options, "--set-mark")) is not None:
        read = value_and_mask(plain)
        written = f"{read[0]:#x}/{read[1] | read[0]:#x}" if read is not None else None
    read = value_and_mask(written) if written is not None else None
    if read is None:
        return None
    value, mask = read

    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        mark = (p.mark & ~mask & 0xFFFFFFFF) ^ value if p.mark is not None else value if mask == 0xFFFFFFFF else None
        if mark == p.mark:
            return (Effect(p, f"leaves the mark {_hex(mark)}"),)
        return (Effect(p.replace(mark=mark), f"sets the mark to {_hex(mark)}"),)

    return do


def _hex(mark: int | None) -> str:
    return f"{mark:#x}" if mark is not None else "what it is"


def _connmark(table: IptablesTable, options: Sequence[str]) -> Do | None:
    """net/netfilter/xt_connmark.c connmark_tg_shift"""
    both = _value(options, "--mask")
    of_packet = _mask(_value(options, "--nfmask") or both)
    of_connection = _mask(_value(options, "--ctmask") or both)
    if of_packet is None or of_connection is None:
        return None
    if "--save-mark" in options:
        return _saving(of_packet, of_connection)
    if "--restore-mark" in options:
        return _restoring(of_packet, of_connection)
    written = _value(options, "--set-xmark") or _value(options, "--set-mark")
    read = value_and_mask(written) if written is not None else None
    if read is None:
        return None
    value, mask = read

    def setting(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if p.ct_state in ("INVALID", "UNTRACKED"):
            return (Effect(p),)
        mark = (p.ct_mark & ~mask & 0xFFFFFFFF) ^ value if p.ct_mark is not None else None
        return (Effect(p.replace(ct_mark=mark), f"sets the connection's mark to {_hex(mark)}"),)

    return setting


def _mask(text: str | None) -> int | None:
    if text is None:
        return 0xFFFFFFFF
    read = value_and_mask(text)
    return read[0] if read is not None else None


def _saving(of_packet: int, of_connection: int) -> Do:
    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if p.ct_state in ("INVALID", "UNTRACKED"):
            return (Effect(p),)
        known = p.ct_mark is not None and p.mark is not None
        mark = (p.ct_mark & ~of_connection & 0xFFFFFFFF) ^ (p.mark & of_packet) if known else None  # type: ignore[operator]  # known
        return (Effect(p.replace(ct_mark=mark), f"keeps the mark {_hex(mark)} for the connection"),)

    return do


def _restoring(of_packet: int, of_connection: int) -> Do:
    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if p.ct_state in ("INVALID", "UNTRACKED"):
            return (Effect(p),)
        known = p.ct_mark is not None and p.mark is not None
        mark = (p.mark & ~of_packet & 0xFFFFFFFF) ^ (p.ct_mark & of_connection) if known else None  # type: ignore[operator]  # known
        return (Effect(p.replace(mark=mark), f"gives it the connection's mark {_hex(mark)}"),)

    return do


def _destination(table: IptablesTable, options: Sequence[str]) -> Do | None:
    written = _value(options, "--to-destination")
    to = translating.target_of(written) if written is not None else None
    return translating.destination(to, random=_random(options)) if to is not None else None


def _source(table: IptablesTable, options: Sequence[str]) -> Do | None:
    written = _value(options, "--to-source")
    to = translating.target_of(written) if written is not None else None
    return translating.source(to, random=_random(options)) if to is not None else None


def _masquerade(table: IptablesTable, options: Sequence[str]) -> Do | None:
    ports = translating.ports_of(_value(options, "--to-ports"))
    return translating.masquerade(ports, random=_random(options))


def _redirect(table: IptablesTable, options: Sequence[str]) -> Do | None:
    return translating.redirect(translating.ports_of(_value(options, "--to-ports")), random=_random(options))


def _netmap(table: IptablesTable, options: Sequence[str]) -> Do | None:
    written = _value(options, "--to")
    network = network_of(written) if written is not None else None
    return translating.netmap(network) if network is not None else None


def _untracked(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
    return (Effect(p.replace(ct_state="UNTRACKED", original=None, answer=None), "lets no conntrack see it"),)


def _notrack(table: IptablesTable, options: Sequence[str]) -> Do | None:
    return _untracked


def _ct(table: IptablesTable, options: Sequence[str]) -> Do | None:
    if "--notrack" in options:
        return _untracked
    zone = _value(options, "--zone") or _value(options, "--zone-orig") or _value(options, "--zone-reply")

    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if zone is None:
            return (Effect(p),)
        return (Effect(p.replace(ct_zone=int(zone) if zone.isdigit() else None), f"puts it into zone {zone}"),)

    return do


def _mss(table: IptablesTable, options: Sequence[str]) -> Do | None:
    fixed = _value(options, "--set-mss")

    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if fixed is None or not fixed.isdigit():
            return (Effect(p.replace(tcp_mss=None), "lowers the segment size to what the route's MTU allows"),)
        mss = min(int(fixed), p.tcp_mss) if p.tcp_mss is not None else None
        return (Effect(p.replace(tcp_mss=mss), f"lowers the segment size to {fixed}"),)

    return do


def _tproxy(table: IptablesTable, options: Sequence[str]) -> Do | None:
    address, port = _value(options, "--on-ip") or "", _value(options, "--on-port") or "0"
    read = value_and_mask(_value(options, "--tproxy-mark") or "0x0/0x0")
    if read is None:
        return None
    value, mask = read
    to = f"{address or 'the local'}:{port}"

    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        mark = (p.mark & ~mask & 0xFFFFFFFF) ^ value if p.mark is not None else None
        says = f"hands it to the socket {to} if there is one"
        return (Effect(p.replace(mark=mark), says, Final("accept", ""), proxied_to=to),)

    return do


def _hops(table: IptablesTable, options: Sequence[str]) -> Do | None:
    return lambda p, s: (Effect(p.replace(ttl=None), "changes its time to live"),)


def _service_type(table: IptablesTable, options: Sequence[str]) -> Do | None:
    return lambda p, s: (Effect(p.replace(dscp=None), "changes its type of service"),)


_CHANGES: dict[str, Callable[[IptablesTable, Sequence[str]], Do | None]] = {
    "MARK": _mark,
    "CONNMARK": _connmark,
    "DNAT": _destination,
    "SNAT": _source,
    "MASQUERADE": _masquerade,
    "REDIRECT": _redirect,
    "NETMAP": _netmap,
    "NOTRACK": _notrack,
    "CT": _ct,
    "TCPMSS": _mss,
    "TPROXY": _tproxy,
    "TTL": _hops,
    "HL": _hops,
    "DSCP": _service_type,
    "TOS": _service_type,
}
