"""What statements of nft do to a packet.

Sources, Linux 6.18: net/netfilter/nft_nat.c, nft_masq.c, nft_redir.c, nft_numgen.c, nft_hash.c, nft_meta.c
(nft_meta_set_eval), nft_ct.c (nft_ct_set_eval), nft_reject.c.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from kwhy.knowledge.netfilter import translating
from kwhy.knowledge.netfilter.nft_keys import Key, Nothing
from kwhy.knowledge.netfilter.nft_matching import Comparison, Source, partly, values_of
from kwhy.knowledge.netfilter.nft_values import Element, Members, span_of, value_of, within
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.rule import Do, Effect, Jump
from kwhy.knowledge.netfilter.rule import Final as End
from kwhy.knowledge.netfilter.surroundings import Surroundings

#: A number computed from the packet; None: not known, Nothing: the rule does not match.
Number: TypeAlias = Callable[[Packet, Surroundings], int | Nothing | None]
#: Where a translation leads: shares with targets; None: not known. An empty list: no element of the map fits.
Translation: TypeAlias = Callable[[Packet, Surroundings], Sequence[tuple[float, str]] | None]
#: From the loosest to the closest (nftables src/expression.c).
OPERATORS: Final = (frozenset(("|", "or")), frozenset(("^", "xor")), frozenset(("&", "and")))
HARMLESS_TARGETS: Final = frozenset(("LOG", "NFLOG", "TRACE", "AUDIT", "CHECKSUM", "CLASSIFY", "TEE", "SET"))
_WHOLE = 0xFFFFFFFF


def not_known(packet: Packet, surroundings: Surroundings) -> bool | None:
    return None


def nothing_shown(packet: Packet, surroundings: Surroundings) -> None:
    return None


#: "meta random": a new number for each packet.
RANDOM: Final = Key(nothing_shown, "number")


def mask_of(kind: str, words: Sequence[str]) -> int | None:
    """A mask as printed: a number, an address, or flags."""
    total = 0
    for word in words:
        value = value_of(kind, word)
        if not isinstance(value, int):
            return None
        total |= value
    return total


def literal(
    operator: str, implicit: bool, kinds: Sequence[str], parts: Sequence[str], mask: str | None, source: Source
) -> Comparison:
    """The right side where it is written out."""
    key = source.keys[0]
    words = parts[0].split(",")
    if key.kind in ("state", "status"):
        return Comparison(operator, any_of=frozenset(words))
    if key.kind == "flags" and mask is not None:
        # "syn / fin,syn,rst,ack": of the flags on the right, those on the left and no others
        wanted, of = mask_of("flags", words), mask_of("flags", mask.split(","))
        return _masked(operator, wanted, of)
    if key.kind == "flags" and (implicit or operator == "!") and source.mask is None:
        return Comparison(operator, flag_mask=mask_of("flags", words))
    if key.kind == "flags":
        exact = mask_of("flags", words)
        return Comparison(operator, spans=((exact, exact),) if exact is not None else None)
    if key.kind == "exists":
        return _existing(operator, parts[0])
    spans = [span_of(kind, part) for kind, part in zip(kinds, parts, strict=False)]
    known = tuple(span for span in spans if span is not None)
    return Comparison(operator, spans=known if len(known) == len(kinds) else None)


def _masked(operator: str, wanted: int | None, of: int | None) -> Comparison:
    if wanted is None or of is None:
        return Comparison(operator)
    fitting = tuple(value for value in range(256) if value & of == wanted)
    return Comparison(operator, in_set=True, members=Members([Element(((value, value),)) for value in fitting]))


def _existing(operator: str, word: str) -> Comparison:
    """ "exists", "missing", "!= 0", "0"."""
    value = 0 if word in ("missing", "0") else 1
    value = 1 - value if operator == "!=" else value
    return Comparison("==", spans=((value, value),))


# --- verdicts ---------------------------------------------------------------------------------------------------------


def _verdict(text: str) -> End | Jump | None:
    """ "drop", "goto reject-chain", "continue" (None)."""
    word, _, name = text.partition(" ")
    if word in ("jump", "goto"):
        return Jump(name.strip(), word == "goto")
    says = {"accept": "accepts it", "drop": "drops it", "return": "ends this chain"}
    return End(word, says[word]) if word in says else None  # type: ignore[arg-type]  # one of these


def verdict_map(source: Source, members: Members | None, text: str) -> Do:
    """ "ip daddr . meta l4proto . th dport vmap @service-ips", "numgen random mod 2 vmap { … }"."""
    unknown = End("unknown", "looks up what is not shown", needs=text)

    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if members is None:
            return (Effect(p, then=unknown),)
        if source.modulus is not None:
            return tuple(_shared(p, element, share) for element, share in shares(source, members))
        values = values_of(source, p, s)
        if isinstance(values, Nothing):
            return (Effect(p, matched=False),)
        if values is None:
            may = members.may_find(partly(source, p, s))
            return (Effect(p, then=unknown),) if may else (Effect(p, matched=False),)
        found = members.find(values)
        if found is None:
            return (Effect(p, matched=False),)
        return (Effect(p, then=_verdict(found.leads_to)),)

    return do


def _shared(packet: Packet, element: Element | None, share: float) -> Effect:
    if element is None:
        return Effect(packet, matched=False, share=share)
    return Effect(packet, then=_verdict(element.leads_to), share=share)


def shares(source: Source, members: Members) -> list[tuple[Element | None, float]]:
    """How many of the numbers that are made fall to each element; None stands for no element."""
    modulus = source.modulus or 1
    found: dict[int, tuple[Element | None, int]] = {}
    for value in range(source.offset, source.offset + modulus):
        element = members.find((value,))
        _, count = found.get(id(element), (element, 0))
        found[id(element)] = (element, count + 1)
    return [(element, count / modulus) for element, count in found.values()]


def share(source: Source, comparison: Comparison) -> Do:
    """ "numgen inc mod 3 0": the rule matches a share of the packets."""
    modulus = source.modulus or 1
    fitting = sum(_fits(value, comparison) for value in range(source.offset, source.offset + modulus))
    return _sharing(fitting / modulus)


def random_below(mask: int, comparison: Comparison) -> Do:
    """ "meta random & 2147483647 < 1073741824", which iptables-nft makes of -m statistic --mode random."""
    limit = comparison.spans[0][0] if comparison.spans else None
    if not isinstance(limit, int) or comparison.operator not in ("<", ">=", "<=", ">"):
        return lambda p, s: (Effect(p, then=End("unknown", "", needs="a random number")),)
    below = min(1.0, (limit + (comparison.operator in ("<=", ">"))) / (mask + 1))
    return _sharing(below if comparison.operator in ("<", "<=") else 1 - below)


def _sharing(part: float) -> Do:
    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if part >= 1:
            return (Effect(p),)
        if part <= 0:
            return (Effect(p, matched=False),)
        return Effect(p, share=part), Effect(p, matched=False, share=1 - part)

    return do


def _fits(value: int, comparison: Comparison) -> bool:
    if comparison.in_set:
        inside = comparison.members is not None and comparison.members.find((value,)) is not None
        return inside != (comparison.operator == "!=")
    if comparison.spans is None:
        return False
    low = comparison.spans[0][0]
    if comparison.operator in ("==", "!="):
        return within(comparison.spans[0], value) != (comparison.operator == "!=")
    if not isinstance(low, int):
        return False
    return {"<": value < low, ">": value > low, "<=": value <= low, ">=": value >= low}.get(comparison.operator, False)


def reject(how: str) -> Do:
    """A reset answers TCP only, an ICMP error of one family only packets of that family (nft_reject.c validate)."""

    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        wrong_family = (how.startswith("icmp-") and p.family == 6) or (how.startswith("icmp6-") and p.family == 4)
        if wrong_family or (how == "tcp-reset" and p.protocol != "tcp"):
            return (Effect(p, matched=False),)
        return (Effect(p, then=End("reject", f"rejects it with {how}", reject_with=how)),)

    return do


# --- marks ------------------------------------------------------------------------------------------------------------


def reading(source: Source) -> Number:
    def read(p: Packet, s: Surroundings) -> int | Nothing | None:
        values = values_of(source, p, s)
        if values is None or isinstance(values, Nothing):
            return values
        return values[0] if isinstance(values[0], int) else None

    return read


def combined(operator: str, left: Number, right: Number) -> Number:
    def compute(p: Packet, s: Surroundings) -> int | Nothing | None:
        one, other = left(p, s), right(p, s)
        if isinstance(one, Nothing) or isinstance(other, Nothing):
            return one if isinstance(one, Nothing) else other
        if one is None or other is None:
            return 0 if 0 in (one, other) and operator in ("&", "and") else None
        if operator in ("&", "and"):
            return one & other
        return one | other if operator in ("|", "or") else one ^ other

    return compute


def looked_up(source: Source, members: Members | None) -> Number:
    def read(p: Packet, s: Surroundings) -> int | Nothing | None:
        values = values_of(source, p, s)
        if values is None or members is None or isinstance(values, Nothing):
            return values if isinstance(values, Nothing) else None
        found = members.find(values)
        if found is None:
            return Nothing()
        number = value_of("number", found.leads_to)
        return number if isinstance(number, int) else None

    return read


def set_mark(number: Number) -> Do:
    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        mark = number(p, s)
        if isinstance(mark, Nothing):
            return (Effect(p, matched=False),)
        if mark == p.mark:
            return (Effect(p),)
        says = f"sets the mark to {mark:#x}" if mark is not None else "sets a mark that is not known"
        return (Effect(p.replace(mark=mark & _WHOLE if mark is not None else None), says),)

    return do


def set_ct_mark(number: Number) -> Do:
    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        mark = number(p, s)
        if isinstance(mark, Nothing):
            return (Effect(p, matched=False),)
        if p.ct_state in ("INVALID", "UNTRACKED") or mark == p.ct_mark:
            return (Effect(p),)
        says = f"sets the connection's mark to {mark:#x}" if mark is not None else "sets the connection's mark"
        return (Effect(p.replace(ct_mark=mark & _WHOLE if mark is not None else None), says),)

    return do


def set_zone(word: str) -> Do:
    zone = int(word) if word.isdigit() else None
    return lambda p, s: (Effect(p.replace(ct_zone=zone), f"puts it into zone {word}"),)


def untracked(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
    if p.hook in ("input", "forward", "postrouting") or p.iif == "lo":
        return (Effect(p),)  # conntrack has seen it already (nft_ct.c nft_notrack_eval)
    return (Effect(p.replace(ct_state="UNTRACKED", original=None, answer=None), "lets no conntrack see it"),)


def segment_size(fixed: str) -> Do:
    size = int(fixed) if fixed.isdigit() else None

    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if p.protocol != "tcp":
            return (Effect(p, matched=False),)
        known = size is not None and p.tcp_mss is not None
        return (Effect(p.replace(tcp_mss=min(size, p.tcp_mss) if known else None), "lowers the segment size"),)  # type: ignore[type-var]  # known

    return do


# --- translations -----------------------------------------------------------------------------------------------------


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("-")[0])
    except ValueError:
        return False
    return True


def fixed(text: str) -> Translation:
    return lambda p, s: ((1.0, text),)


def mapped(source: Source, members: Members | None) -> Translation:
    """ "numgen random mod 2 map { 0 : 10.0.0.1 . 80 }", "ip daddr . tcp dport map @targets"."""

    def find(p: Packet, s: Surroundings) -> Sequence[tuple[float, str]] | None:
        if members is None:
            return None
        if source.modulus is not None:
            return [(part, element.leads_to) for element, part in shares(source, members) if element is not None]
        values = values_of(source, p, s)
        if isinstance(values, Nothing):
            return ()
        if values is None:
            return None
        found = members.find(values)
        return ((1.0, found.leads_to),) if found is not None else ()

    return find


def translate(what: str, to: Translation, *, random: bool) -> Do:
    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        found = to(p, s)
        if found is None:
            return (Effect(p, then=End("unknown", f"does {what}", needs=f"where {what} leads")),)
        if not found:
            return (Effect(p, matched=False),)
        return tuple(
            Effect(effect.packet, effect.says, effect.then, part, nat=effect.nat)
            for part, text in found
            for effect in _one(p, s, what, text, random)
        )

    return do


def _one(p: Packet, s: Surroundings, what: str, text: str, random: bool) -> tuple[Effect, ...]:
    do = _translation(what, text.replace(" . ", " "), random)
    return do(p, s) if do is not None else (_not_understood(p, what, text),)


def _not_understood(p: Packet, what: str, text: str) -> Effect:
    return Effect(p, then=End("unknown", f"does {what}", needs=f"where {what} to {text} leads"))


def _translation(what: str, text: str, random: bool) -> Do | None:
    if what == "masquerade":
        return translating.masquerade(translating.ports_of(text.removeprefix(":")), random=random)
    if what == "redirect":
        return translating.redirect(translating.ports_of(text.removeprefix(":")), random=random)
    address, blank, port = text.partition(" ")
    if blank:
        text = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    target = translating.target_of(text)
    if target is None:
        return None
    build = translating.destination if what == "dnat" else translating.source
    return build(target, random=random)
