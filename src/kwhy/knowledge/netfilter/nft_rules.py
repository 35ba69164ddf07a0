"""Rules of `nft list ruleset` made ready for packets: a recursive reader of nft's statements and expressions.

What it does not know becomes a match whose answer is "not known", up to the rule's verdict. Sources: nftables 1.0.6
src/parser_bison.y (grammar), src/statement.c, src/expression.c (how they are printed).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kwhy.facts.netfilter import NftRule, NftTable
from kwhy.knowledge.netfilter import nft_keys as keys
from kwhy.knowledge.netfilter import nft_statements as does
from kwhy.knowledge.netfilter.chain import Chain
from kwhy.knowledge.netfilter.nft_keys import Key
from kwhy.knowledge.netfilter.nft_matching import Comparison, Source, comparing
from kwhy.knowledge.netfilter.nft_values import Members, elements_of
from kwhy.knowledge.netfilter.nft_words import SIMPLE, STARTS, TOKEN, NotUnderstood, Words
from kwhy.knowledge.netfilter.rule import Action, Change, Jump, Match, Rule
from kwhy.knowledge.netfilter.rule import Final as End
from kwhy.knowledge.netfilter.rule import Key as IndexKey
from kwhy.model.expressions import expression

#: iifname "cali1234" goto cali-fw-cali1234
_DEVICE: Final = expression(r'^(?P<way>[io])ifname "(?P<name>[^"*]{1,15})" ')
_VERDICTS: Final[dict[str, End]] = {
    "accept": End("accept", "accepts it"),
    "drop": End("drop", "drops it"),
    "return": End("return", "ends this chain"),
}
_OPERATORS: Final = frozenset(("==", "!=", "<", ">", "<=", ">=", "eq", "ne", "lt", "gt", "le", "ge", "!"))
_WORDS_OF: Final = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}


def nft_chain(table: NftTable, name: str, sets: Sets) -> Chain:
    shown = table.chains[name]

    def compiled(position: int) -> Rule:
        return _rule(table, shown.rules[position], sets)

    return Chain(
        name, len(shown.rules), compiled, lambda position: _index_key(shown.rules[position]), whole=shown.whole
    )


def _index_key(rule: NftRule) -> IndexKey | None:
    """A device that the rule begins with: dispatch chains of network plugins hold one rule per device."""
    found = _DEVICE.match(rule.text)
    if found is None:
        return None
    return ("iif" if found["way"] == "i" else "oif"), found["name"]


class Sets:
    """The named sets and maps of a table, made ready when a rule asks for them."""

    def __init__(self, table: NftTable) -> None:
        self._table = table
        self._ready: dict[tuple[str, tuple[str, ...]], Members | None] = {}

    def named(self, name: str, kinds: tuple[str, ...]) -> Members | None:
        """None where the set, or what it holds, is not shown."""
        key = (name, kinds)
        if key not in self._ready:
            shown = self._table.sets.get(name)
            usable = shown is not None and shown.elements is not None
            elements = elements_of(kinds, shown.elements or ()) if usable and shown is not None else None
            self._ready[key] = Members(elements) if elements is not None else None
        return self._ready[key]


def _rule(table: NftTable, shown: NftRule, sets: Sets) -> Rule:
    reading = _Reading(TOKEN.findall(shown.text), table, sets)
    actions = reading.statements()
    leading = 0
    while leading < len(actions) and isinstance(actions[leading], Match):
        leading += 1
    matches = tuple(each for each in actions[:leading] if isinstance(each, Match))
    return Rule(lambda: table.place(shown), shown.text, matches, tuple(actions[leading:]))


class _Reading(Words):
    """One pass over the tokens of a rule."""

    def __init__(self, tokens: list[str], table: NftTable, sets: Sets) -> None:
        super().__init__(tokens, table)
        self.sets = sets

    # --- statements -----------------------------------------------------------------------------------------------

    def statements(self) -> list[Action]:
        found: list[Action] = []
        while self.at < len(self.tokens):
            start = self.at
            try:
                found.extend(self._statement())
            except NotUnderstood:
                self.at = start
                found.append(self._skipped())
        return found

    def _skipped(self) -> Action:
        """What is not understood: a match that may or may not hold; without a verdict after it, what it does."""
        start = self.at
        self.at += 1
        depth = 0
        while self.at < len(self.tokens):
            word = self.tokens[self.at]
            depth += (word == "{") - (word == "}")
            if depth <= 0 and word in STARTS and self.tokens[self.at - 1] not in ("{", ","):
                break
            self.at += 1
        text = " ".join(self.tokens[start : self.at])
        if self.at >= len(self.tokens) or "set" in self.tokens[start : self.at]:
            return End("unknown", f"does {text}", needs=f"what {text} does")
        return Match(does.not_known, text)

    def _statement(self) -> Sequence[Action]:
        word = self.peek()
        if word in _VERDICTS:
            self.at += 1
            return (_VERDICTS[word],)
        if word in ("jump", "goto"):
            self.at += 1
            return (Jump(self.take(), word == "goto"),)
        simple = SIMPLE.get(word)
        if simple is not None and not (word == "ct" and self.peek(1) not in ("count", "helper")):
            self.at += 1
            found = simple(self)
            if found is not None:
                return found
            self.at -= 1
        if word == "ct" and self.peek(2) == "set":
            return self._ct_set()
        if word in ("meta", "mark") and "set" in (self.peek(1), self.peek(2)):
            return self._meta_set()
        if word in ("dnat", "snat", "masquerade", "redirect"):
            return self._nat()
        return self._comparison()

    def _comparison(self) -> Sequence[Action]:
        start = self.at
        source = self.source()
        if self.peek() == "set":
            raise NotUnderstood
        if self.taken("vmap"):
            members = self._members(source)
            text = " ".join(self.tokens[start : self.at])
            return (Change(does.verdict_map(source, members, text)),)
        comparison = self._right_side(source)
        text = " ".join(self.tokens[start : self.at])
        if source.modulus is not None:
            return (Change(does.share(source, comparison)),)
        if source.mask is not None and source.random:
            return (Change(does.random_below(source.mask, comparison)),)
        return (Match(comparing(source, comparison), text),)

    def _right_side(self, source: Source) -> Comparison:
        operator = "=="
        implicit = True
        if self.peek() in _OPERATORS:
            operator, implicit = _WORDS_OF.get(self.peek(), self.peek()), False
            self.at += 1
        if self.peek() == "{" or self.peek().startswith("@"):
            return Comparison(operator, members=self._members(source), in_set=True)
        kinds = [key.kind for key in source.keys]
        parts = [self._value()]
        while self.taken("."):
            parts.append(self._value())
        mask = self._value() if len(parts) == 1 and self.taken("/") else None
        return does.literal(operator, implicit, kinds, parts, mask, source)

    def _value(self) -> str:
        word = self.take()
        if not word or word in "{}(),":
            raise NotUnderstood
        return word

    def _members(self, source: Source) -> Members | None:
        kinds = tuple(key.kind for key in source.keys)
        if self.peek().startswith("@"):
            return self.sets.named(self.take()[1:], kinds)
        self.expect("{")
        texts, words, depth = [], list[str](), 1
        while self.at < len(self.tokens):
            word = self.take()
            depth += (word == "{") - (word == "}")
            if depth == 0:
                break
            if word == ",":
                texts.append(" ".join(words))
                words = []
            else:
                words.append(word)
        if words:
            texts.append(" ".join(words))
        elements = elements_of(kinds, texts)
        return Members(elements) if elements is not None else None

    # --- expressions ----------------------------------------------------------------------------------------------

    def source(self) -> Source:
        """ "ip daddr . meta l4proto . th dport", "meta mark & 0xff", "numgen random mod 2"."""
        if self.peek() in ("numgen", "jhash", "symhash"):
            return self._generated()
        found = [self.key()]
        random = found[0] is does.RANDOM
        while self.taken("."):
            found.append(self.key())
        mask = None
        if len(found) == 1 and self.peek() in ("&", "and"):
            self.at += 1
            if self.taken("("):
                words = []
                while self.peek() and not self.taken(")"):
                    words.append(self.take())
                mask = does.mask_of(found[0].kind, [each for each in words if each != "|"])
            else:
                mask = does.mask_of(found[0].kind, self._value().split(","))
            if mask is None:
                raise NotUnderstood
        return Source(tuple(found), mask, random=random)

    def _generated(self) -> Source:
        """ "numgen random mod 2 offset 1", "jhash ip saddr . tcp dport mod 2 seed 0x1": a share for each value."""
        word = self.take()
        while self.peek() and self.peek() != "mod":
            self.at += 1
        self.expect("mod")
        modulus = self._value()
        offset = self._value() if self.taken("offset") else "0"
        if self.taken("seed"):
            self._value()
            offset = self._value() if self.taken("offset") else offset
        if not modulus.isdigit() or not offset.isdigit() or not 0 < int(modulus) <= 1 << 20:
            raise NotUnderstood
        return Source((Key(does.nothing_shown, "number"),), None, int(modulus), int(offset), word)

    def key(self) -> Key:
        word = self.take()
        found: Key | None = None
        if word in ("ip", "ip6"):
            found = (keys.IPV4 if word == "ip" else keys.IPV6).get(self.peek(), keys.UNKNOWN)
            self.at += 1
        elif word in keys.TRANSPORT:
            field = self.take()
            found = keys.transport(word, field)
            if found is None:
                found = self._tcp_option() if field == "option" else keys.UNKNOWN
        elif word in ("icmp", "icmpv6"):
            found = keys.icmp(word, self.take()) or keys.UNKNOWN
        elif word == "ct":
            found = self._ct_key()
        elif word == "ether":
            field = self.take()
            found = Key(keys.source_mac, "mac") if field == "saddr" else keys.UNKNOWN
        elif word == "fib":
            found = self._fib()
        else:
            if word == "meta":
                word = self.take()
            if word == "random":
                return does.RANDOM
            if word in ("skuid", "skgid") and self.table.written_by_iptables:
                raise NotUnderstood  # nft 1.0.6 prints "! --uid-owner 0-5" as "skuid 0-5"
            found = keys.META.get(word)
            if found is None and word in keys.META_UNKNOWN:
                found = keys.UNKNOWN
        if found is None:
            raise NotUnderstood
        if found is keys.UNKNOWN:
            raise NotUnderstood
        return found

    def _tcp_option(self) -> Key:
        if self.taken("maxseg", "size"):
            return Key(lambda p, s: keys.NOTHING if p.protocol != "tcp" else p.tcp_mss, "number")
        raise NotUnderstood

    def _ct_key(self) -> Key:
        if self.peek() in ("original", "reply"):
            way = self.take()
            if self.peek() in ("ip", "ip6"):
                self.at += 1
            return keys.ct_end(way, self.take()) or keys.UNKNOWN
        word = self.take()
        if word == "status" and self.table.written_by_iptables:
            # nft 1.0.6 prints "! --ctstate RELATED,ESTABLISHED,DNAT" as "ct status dnat"
            return keys.UNKNOWN
        return keys.CT.get(word, keys.UNKNOWN)

    def _fib(self) -> Key | None:
        words = [self.take()]
        while self.taken("."):
            words.append(self.take())
        result = self.take()
        if self.peek() in ("exists", "missing") and result.startswith("oif"):
            return keys.fib(words, result)
        return keys.fib(words, result)

    # --- changes --------------------------------------------------------------------------------------------------

    def _meta_set(self) -> Sequence[Action]:
        self.taken("meta")
        what = self.take()
        self.expect("set")
        if what in ("nftrace", "priority", "secmark", "pkttype"):
            self._rest_of_value()
            return ()
        if what != "mark":
            raise NotUnderstood
        return (Change(does.set_mark(self._arithmetic())),)

    def _ct_set(self) -> Sequence[Action]:
        self.expect("ct")
        what = self.take()
        self.expect("set")
        if what == "mark":
            return (Change(does.set_ct_mark(self._arithmetic())),)
        if what in ("helper", "label", "event", "secmark"):
            self._rest_of_value()
            return ()
        if what == "zone":
            return (Change(does.set_zone(self._value())),)
        raise NotUnderstood

    def _rest_of_value(self) -> None:
        while self.peek() and self.peek() not in STARTS:
            self.at += 1

    def _arithmetic(self) -> does.Number:
        """ "meta mark & 0xff | 0x10", "mark or 0x1", "ip daddr map { … }"; & binds closest, then ^, then |."""
        return self._binary(0)

    def _binary(self, level: int) -> does.Number:
        if level == len(does.OPERATORS):
            return self._operand()
        left = self._binary(level + 1)
        while self.peek() in does.OPERATORS[level]:
            operator = self.take()
            left = does.combined(operator, left, self._binary(level + 1))
        return left

    def _operand(self) -> does.Number:
        if self.taken("("):
            inner = self._binary(0)
            self.expect(")")
            return inner
        word = self.peek()
        if word[:1].isdigit():
            self.at += 1
            try:
                value = int(word, 0)
            except ValueError:
                raise NotUnderstood from None
            return lambda p, s: value
        source = self.source()
        if self.taken("map"):
            return does.looked_up(source, self._members(source))
        if len(source.keys) != 1 or source.modulus is not None:
            raise NotUnderstood
        return does.reading(source)

    def _nat(self) -> Sequence[Action]:
        """ "dnat ip to 10.0.0.1:80", "redirect to :8080", "masquerade fully-random", "dnat to … map { … }"."""
        what = self.take()
        while self.peek() in ("ip", "ip6", "addr", "port", ".", "prefix"):
            if self.peek() == "prefix":
                raise NotUnderstood
            self.at += 1
        build: does.Translation
        if not self.taken("to"):
            build = does.fixed("")
        elif self.peek()[:1].isdigit() or self.peek()[:1] in "[:" or does.is_address(self.peek()):
            build = does.fixed(self._value())
        else:
            source = self.source()
            self.expect("map")
            build = does.mapped(source, self._members(source))
        random = False
        while self.peek() in ("random", "fully-random", "persistent") or self.peek() == ",":
            random |= "random" in self.take()
        return (Change(does.translate(what, build, random=random)),)
