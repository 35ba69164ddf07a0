"""`nft -j list ruleset`: the same tables as in text; rules are written out as nft itself prints them.

Source: nftables 1.0.6 src/json.c (expr_print_json, stmt_print_json); libnftables-json(5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from kwhy.facts.netfilter import NftChain, NftListing, NftRule, NftSet, NftTable
from kwhy.ingest.invocation import invocation
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: {"nftables": [{"metainfo": {"version": "1.0.6", …
_BEGINNING: Final = expression(r'^\s*\{\s*"nftables"\s*:\s*\[')
_FAMILIES: Final = ("ip", "ip6", "inet", "arp", "bridge", "netdev")
_VERDICTS: Final = ("accept", "drop", "return", "continue")


def recognise(head: Head) -> float:
    return 0.98 if _BEGINNING.match(head.text) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    first = document.at(document.first_line, excerpt='{"nftables": …')
    try:
        read = msgspec.json.decode(bytes(document.data))
        items = read["nftables"]
        assert isinstance(items, list)
    except (msgspec.DecodeError, ValueError, KeyError, TypeError, AssertionError, RecursionError):
        yield Unparsed(first, "this is no whole JSON as `nft -j` prints it: its tables are left out")
        return
    tables: dict[tuple[str, str], _Table] = {}
    for index, item in enumerate(items):
        try:
            _take(tables, document, index, item)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            at = document.at(path=f"nftables[{index}]", excerpt=str(item)[:200])
            yield Unparsed(at, "this object of nft's JSON is not understood")
            for table in tables.values():
                table.whole = False
    ran = invocation(document.command)
    netns = ran.netns if ran else None
    for table in tables.values():
        yield NftTable(
            table.family, table.name, {name: chain.closed(table.whole) for name, chain in table.chains.items()},
            table.sets, table.whole, document.at(path=table.path, excerpt=f"table {table.family} {table.name}"),
            table.dormant, document.captured, netns,
        )  # fmt: skip
    if ran is not None and ran.program == "nft" and "ruleset" in ran.arguments and not ran.filtered:
        yield NftListing(len(tables), first, document.captured, netns)


class _Chain:
    def __init__(self, shown: dict[str, Any]) -> None:
        words = [shown[key] for key in ("name", "type", "hook", "policy", "dev") if key in shown]
        if not all(isinstance(word, str) for word in words) or not isinstance(shown.get("prio", 0), int):
            raise TypeError("a chain of other types")
        self.shown = shown
        self.rules: list[NftRule] = []

    def closed(self, whole: bool) -> NftChain:
        shown = self.shown
        return NftChain(
            tuple(self.rules), None, shown.get("type"), shown.get("hook"), shown.get("prio"),
            shown.get("policy", "accept"), shown.get("dev"), whole,
        )  # fmt: skip


class _Table:
    def __init__(self, shown: dict[str, Any], path: str) -> None:
        if shown["family"] not in _FAMILIES:
            raise ValueError(shown["family"])
        self.family = shown["family"]
        self.name = str(shown["name"])
        self.path = path
        self.dormant = "dormant" in shown.get("flags", ())
        self.chains: dict[str, _Chain] = {}
        self.sets: dict[str, NftSet] = {}
        self.whole = True


def _take(tables: dict[tuple[str, str], _Table], document: Document, index: int, item: dict[str, Any]) -> None:
    ((kind, shown),) = item.items()
    path = f"nftables[{index}].{kind}"
    if kind == "table":
        tables[(shown["family"], shown["name"])] = _Table(shown, path)
    elif kind == "chain":
        tables[(shown["family"], shown["table"])].chains[shown["name"]] = _Chain(shown)
    elif kind == "rule":
        written = " ".join(_statement(each) for each in shown["expr"])
        chain = tables[(shown["family"], shown["table"])].chains[shown["chain"]]
        chain.rules.append(NftRule(written, None, path))
    elif kind in ("set", "map"):
        tables[(shown["family"], shown["table"])].sets[shown["name"]] = _set(kind, shown)


def _set(kind: str, shown: dict[str, Any]) -> NftSet:
    key, value = shown["type"], shown.get("map")
    elements = tuple(_element(each) for each in shown.get("elem", ()))
    return NftSet(
        "map" if kind == "map" else "set",
        " . ".join(key) if isinstance(key, list) else str(key),
        None,
        " . ".join(value) if isinstance(value, list) else value,
        frozenset(shown.get("flags", ())),
        elements,
    )


def _element(element: object) -> str:
    if isinstance(element, list) and len(element) == 2:
        return f"{_text(element[0])} : {_text(element[1])}"
    return _text(element)


def _statement(statement: dict[str, Any]) -> str:
    ((kind, said),) = statement.items()
    if kind in _VERDICTS or kind == "notrack":
        return str(kind)
    if kind in ("jump", "goto"):
        return f"{kind} {said['target']}"
    return _STATEMENTS.get(kind, lambda _: f"{kind} in JSON")(said)


def _match(said: dict[str, Any]) -> str:
    left, right, operator = said["left"], said["right"], said["op"]
    if isinstance(right, bool):
        return f"{_text(left)} {'exists' if right == (operator == '==') else 'missing'}"
    flags = ",".join(right) if isinstance(right, list) else _text(right)
    before = _text(left)
    # nft leaves "==" out, but not where that would mean "any of these flags" or follow a mask
    bare = operator == "in" or (operator == "==" and not before.endswith("flags") and "&" not in before)
    return f"{before} {flags}" if bare else f"{before} {operator} {flags}"


def _reject(said: dict[str, Any] | None) -> str:
    if not said:
        return "reject"
    return " ".join(["reject with", str(said["type"]), *([str(said["expr"])] if "expr" in said else [])])


def _translation(kind: str) -> Callable[[dict[str, Any] | None], str]:
    def write(said: dict[str, Any] | None) -> str:
        words = [kind]
        said = said or {}
        address, port = said.get("addr"), said.get("port")
        to = _text(address) if address is not None else ""
        if isinstance(address, str) and ":" in address and port is not None:
            to = f"[{to}]"
        if port is not None:
            to += f":{_text(port)}"
        if to:
            words += [*([said["family"]] if "family" in said else []), "to", to]
        flags = said.get("flags", ())
        return " ".join([*words, *([flags] if isinstance(flags, str) else flags)])

    return write


_STATEMENTS: Final[dict[str, Callable[[Any], str]]] = {
    "match": _match,
    "vmap": lambda said: f"{_text(said['key'])} vmap {_text(said['data'])}",
    "mangle": lambda said: f"{_text(said['key'])} set {_text(said['value'])}",
    "log": lambda said: "log",
    "counter": lambda said: (
        f"counter packets {said['packets']} bytes {said['bytes']}" if "bytes" in said else "counter"
    ),
    "limit": lambda said: f"limit rate {'over ' if said.get('inv') else ''}{said['rate']}/{said['per']}",
    "quota": lambda said: "quota of bytes",
    "ct count": lambda said: f"ct count {'over ' if said.get('inv') else ''}{said['val']}",
    "reject": _reject,
    "dnat": _translation("dnat"),
    "snat": _translation("snat"),
    "masquerade": _translation("masquerade"),
    "redirect": _translation("redirect"),
    "queue": lambda said: "queue",
    "set": lambda said: f"{said['op']} {said['set']} {{ {_text(said['elem'])} }}",
    "xt": lambda said: f"xt {said['type']} {said['name']}" if said else "xt match unknown",
}


def _text(said: Any) -> str:
    """An expression as nft prints it."""
    if not isinstance(said, dict):
        return ",".join(map(_text, said)) if isinstance(said, list) else str(said)
    if not said:
        raise ValueError("empty")
    kind, value = next(iter(said.items()))
    if kind in _VERDICTS:
        return str(kind)
    if kind in ("jump", "goto"):
        return f"{kind} {value['target']}"
    if kind in ("&", "|", "^"):
        return f"{_text(value[0])} {kind} {_operand(value[1])}"
    return _EXPRESSIONS[kind](value)


def _operand(said: object) -> str:
    return f"( {' | '.join(map(str, said))} )" if isinstance(said, list) else _text(said)


def _payload(said: dict[str, Any]) -> str:
    if "field" in said:
        return f"{said['protocol']} {said['field']}"
    return f"@{said['base']},{said['offset']},{said['len']}"


def _made(kind: str) -> Callable[[dict[str, Any]], str]:
    def write(said: dict[str, Any]) -> str:
        what = said.get("mode") or (_text(said["expr"]) if "expr" in said else "")
        offset = f" offset {said['offset']}" if said.get("offset") else ""
        return " ".join(f"{kind} {what} mod {said['mod']}{offset}".split())

    return write


_EXPRESSIONS: Final[dict[str, Callable[[Any], str]]] = {
    "prefix": lambda said: f"{said['addr']}/{said['len']}",
    "range": lambda said: f"{_text(said[0])}-{_text(said[1])}",
    "set": lambda said: "{ " + ", ".join(map(_element, said if isinstance(said, list) else [said])) + " }",
    "concat": lambda said: " . ".join(map(_text, said)),
    "elem": lambda said: _text(said["val"]),
    "payload": _payload,
    "meta": lambda said: f"meta {said['key']}",
    "ct": lambda said: f"ct {said['dir'] + ' ' if 'dir' in said else ''}{said['key']}",
    "fib": lambda said: f"fib {' . '.join(said['flags'])} {said['result']}",
    "rt": lambda said: f"rt {said['key']}",
    "tcp option": lambda said: f"tcp option {said['name']} {said.get('field', 'kind')}",
    "map": lambda said: f"{_text(said['key'])} map {_text(said['data'])}",
    "numgen": _made("numgen"),
    "jhash": _made("jhash"),
    "symhash": _made("symhash"),
}
FORMAT = Format("nft-json", recognise, parse)
