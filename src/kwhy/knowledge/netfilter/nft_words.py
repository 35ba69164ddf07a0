"""The words of one nft rule, taken one after the other; and the statements that are read without expressions.

Sources: nftables 1.0.6 src/parser_bison.y (grammar), src/statement.c, src/xt.c (how they are printed).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from kwhy.facts.netfilter import NftTable
from kwhy.knowledge.netfilter import nft_statements as does
from kwhy.knowledge.netfilter.rule import Action, Change, Match
from kwhy.knowledge.netfilter.rule import Final as End
from kwhy.model.expressions import expression

#: ip saddr { 10.0.0.1, 10.0.0.2 } tcp flags syn / fin,syn,rst,ack comment "a b"
TOKEN: Final = expression(r'"(?:[^"\\]|\\.)*"\*?|[{}()]|,(?=\s)|[^\s{}()",]+(?:,[^\s{}()",]+)*')
#: Where a statement that is not understood ends at the latest.
STARTS: Final = frozenset(
    ("accept", "drop", "return", "continue", "jump", "goto", "reject", "queue", "counter", "log", "dnat", "snat",
     "masquerade", "redirect", "comment", "notrack", "ct", "ip", "ip6", "tcp", "udp", "th", "iifname", "oifname")
)  # fmt: skip
_LOG_OPTIONS: Final = frozenset(("prefix", "level", "group", "snaplen", "queue-threshold", "flags"))


class NotUnderstood(Exception):  # noqa: N818 - ends the reading of one statement only
    """What follows is not known here."""


class Words:
    """A place in the words of a rule."""

    def __init__(self, tokens: list[str], table: NftTable) -> None:
        self.tokens = tokens
        self.table = table
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else ""

    def take(self) -> str:
        word = self.peek()
        self.at += 1
        return word

    def taken(self, *words: str) -> bool:
        """Whether these words come next; then they are taken."""
        if all(self.peek(index) == word for index, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.taken(word):
            raise NotUnderstood


def _counter(words: Words) -> Sequence[Action]:
    if words.taken("packets"):
        words.take()
        words.taken("bytes")
        words.take()
    elif words.taken("name") or words.peek().startswith('"'):
        words.take()
    return ()


def _log(words: Words) -> Sequence[Action]:
    while words.peek() in _LOG_OPTIONS:
        words.take()
        words.take()
    return ()


def _comment(words: Words) -> Sequence[Action]:
    words.take()
    return ()


def _nothing(words: Words) -> Sequence[Action]:
    return ()


def _reject(words: Words) -> Sequence[Action]:
    how = "icmpx-port-unreachable" if words.table.family == "inet" else "icmp-port-unreachable"
    if words.table.family == "ip6":
        how = "icmp6-port-unreachable"
    if words.taken("with"):
        kind = words.take()
        words.taken("type")
        how = "tcp-reset" if kind == "tcp" else f"{'icmp6' if kind == 'icmpv6' else kind}-{words.peek()}"
        words.take()
    return (Change(does.reject(how)),)


def _queue(words: Words) -> Sequence[Action]:
    while words.peek() in ("num", "to", "flags", "bypass", "fanout") or words.peek()[:1].isdigit():
        words.take()
    return (End("queue", "hands it to a program that decides"),)


def _limit(words: Words) -> Sequence[Action]:
    """A rate, a quota, a count of connections: whether there is room is not shown."""
    start = words.at - 1
    while words.peek() and words.peek() not in STARTS:
        words.take()
    return (Match(does.not_known, " ".join(words.tokens[start : words.at])),)


def _set_statement(words: Words) -> Sequence[Action]:
    """ "update @seen { ip saddr timeout 3h }": remembers, and goes on."""
    words.take()
    words.expect("{")
    depth = 1
    while depth and words.peek():
        word = words.take()
        depth += (word == "{") - (word == "}")
    return ()


def _notrack(words: Words) -> Sequence[Action]:
    return (Change(does.untracked),)


def _segment_size(words: Words) -> Sequence[Action] | None:
    """None: it is a comparison ("tcp dport 80")."""
    if not words.taken("option", "maxseg", "size", "set"):
        return None
    fixed = words.take()
    if fixed == "rt":
        words.take()
    return (Change(does.segment_size(fixed)),)


def _compat(words: Words) -> Sequence[Action]:
    """ "xt match "physdev"", "xt target "TPROXY"": nft does not show what they say."""
    kind, name = words.take(), words.take().strip('"')
    words.taken("not", "found")  # "XT target MASQUERADE not found": nft 1.0.6, after tables of the other family
    if name == "comment":
        return ()
    if kind == "match":
        return (Match(does.not_known, f"xt match {name}"),)
    if name in does.HARMLESS_TARGETS:
        return ()
    return (End("unknown", f"does {name}", needs=f"what xt target {name} does (iptables-save shows it)"),)


def _compat_comment(words: Words) -> Sequence[Action]:
    """ "# xt_physdev", as nft without libxtables prints it: a target's name is in capitals."""
    name = words.take().removeprefix("xt_")
    if name == "comment":
        return ()
    if name.isupper():
        return (End("unknown", f"does {name}", needs=f"what xt target {name} does (iptables-save shows it)"),)
    return (Match(does.not_known, f"xt match {name}"),)


def _synproxy(words: Words) -> Sequence[Action]:
    return (End("stolen", "answers it in place of the receiver"),)


SIMPLE: Final[dict[str, Callable[[Words], Sequence[Action] | None]]] = {
    "counter": _counter, "log": _log, "comment": _comment, "continue": _nothing, "reject": _reject, "queue": _queue,
    "limit": _limit, "quota": _limit, "ct": _limit, "update": _set_statement, "add": _set_statement,
    "delete": _set_statement, "notrack": _notrack, "tcp": _segment_size, "xt": _compat, "XT": _compat,
    "#": _compat_comment, "synproxy": _synproxy,
}  # fmt: skip
