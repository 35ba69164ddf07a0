"""`ip rule` and `ip -6 rule`: the routing policy database.

Printed by iproute2 (ip/iprule.c print_rule(), 3.x to 6.x, text and `-j`) and busybox (networking/libiproute/iprule.c),
which leaves out oif, uidrange, ports and masks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.network import Family, ListingBasis, PolicyRule, RuleListing
from kwhy.ingest.net.ip_command import ip_command
from kwhy.ingest.net.output import (
    LONGEST_LINE,
    content_lines,
    failed,
    head_lines,
    not_understood,
    share,
)
from kwhy.ingest.net.rule_words import JsonValue, rule_of, words_of_json
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: 1536:	from 10.0.97.30 to 10.0.0.0/16 lookup 2   (iproute2 6.1)
_RULE: Final = expression(r"^(?P<priority>\d{1,10}):\s+(?P<rest>(?:not )?(?:from|to|lookup|fwmark|iif|oif) .*)$")
#: {"priority":32764,"src":"all","iif":"d0","goto":32766,"protocol":"unspec"}   (iproute2 6.1 -j)
_JSON: Final = expression(r'^\s*\[\s*\{\s*"priority"\s*:\s*\d')
_LAST_DEFAULT: Final = 32767
_MAIN: Final = 32766


def recognise(head: Head) -> float:
    asked = ip_command(head.command)
    if asked is not None:
        return 0.97 if asked.object == "rule" else 0.0
    if _JSON.match(head.text):
        return 0.95
    lines = head_lines(head)
    return 0.95 * share(lines, (bool(_RULE.match(line[:LONGEST_LINE])) for line in lines))


def parse(document: Document) -> Iterator[Parsed]:
    asked = ip_command(document.command)
    netns = asked.ran.netns if asked else None
    asked_families = asked.families if asked else None
    rules: list[PolicyRule] = []
    refused = 0
    items = _json_rules(document) if _JSON.match(_start(document)) else _text_rules(document)
    for item in items:
        if isinstance(item, Unparsed):
            refused += 1
            yield item
        else:
            rules.append(item)
    family = _family(rules, asked_families)
    for rule in rules:
        explicit = _explicit_family(rule)
        yield msgspec.structs.replace(rule, family=explicit or family, netns=netns)
    whole = not refused and not failed(document) and not (asked and (asked.ran.filtered or _filters(asked.arguments)))
    if whole and rules and (asked or _complete(rules)):
        basis: ListingBasis = "command" if asked else "content"
        yield RuleListing(at=rules[0].at, families=(family,), count=len(rules), basis=basis, netns=netns)


FORMAT = Format("ip-rule", recognise, parse)


def _start(document: Document) -> str:
    return bytes(document.data[:256]).decode("utf-8", "replace")


def _text_rules(document: Document) -> Iterator[PolicyRule | Unparsed]:
    for number, line in content_lines(document):
        match = _RULE.match(line) if len(line) <= LONGEST_LINE else None
        if match is None:
            yield not_understood(document, number, line, 'a policy rule ("32766: from all lookup main")')
            continue
        yield rule_of(document.at(number, excerpt=line.strip()), int(match["priority"]), match["rest"].split())


def _json_rules(document: Document) -> Iterator[PolicyRule | Unparsed]:
    try:
        decoded = msgspec.json.decode(bytes(document.data), type=list[dict[str, JsonValue]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Unparsed(document.at(document.first_line), f"this is not the JSON of `ip -j rule`: {error}")
        return
    for index, item in enumerate(decoded):
        words = words_of_json(item)
        priority = item.get("priority")
        place = document.at(document.first_line, f"[{index}]", f"{priority}: {' '.join(words)}")
        if not isinstance(priority, int):
            yield Unparsed(place, "this rule has no priority")
            continue
        yield rule_of(place, priority, words)


def _explicit_family(rule: PolicyRule) -> Family | None:
    for text in (rule.source, rule.destination):
        if text is not None:
            return 6 if ":" in text else 4
    return None


def _family(rules: list[PolicyRule], asked: tuple[Family, ...] | None) -> Family:
    """`ip rule` prints one family. Without the command: by its addresses, else IPv4 alone has the rule 32767."""
    if asked:
        return asked[0]
    explicit = [family for rule in rules if (family := _explicit_family(rule))]
    if explicit:
        return explicit[0]
    priorities = {rule.priority for rule in rules}
    return 6 if _MAIN in priorities and _LAST_DEFAULT not in priorities and 0 in priorities else 4


def _complete(rules: list[PolicyRule]) -> bool:
    """Whether an output without command shows both ends of the rule list that every kernel begins with."""
    return bool(rules) and rules[0].priority == 0 and rules[-1].priority in (_MAIN, _LAST_DEFAULT)


def _filters(arguments: tuple[str, ...]) -> bool:
    """`ip rule list SELECTOR` (iproute2 ≥ 4.10) prints only the rules that fit."""
    return bool(arguments)
