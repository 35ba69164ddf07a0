"""The grammar of one policy rule, as words and as JSON.

Source: iproute2 6.1 ip/iprule.c print_rule(); kernel uapi linux/fib_rules.h.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from kwhy.facts.network import TABLE_NAMES, PolicyRule
from kwhy.ingest.net.addresses import prefix
from kwhy.model.document import Locator

JsonValue: TypeAlias = str | int | float | bool | list[Any] | dict[str, Any] | None
_PLAIN_ACTIONS: Final = ("nop", "blackhole", "unreachable", "prohibit")
_RANGES: Final = {"uidrange": "uids", "sport": "source_ports", "dport": "destination_ports"}
#: Words with one argument that do not take part in routing.
_WITHOUT_MEANING: Final = ("realms", "proto", "protocol", "pref", "priority")
_JSON_KEYS: Final = {
    "priority", "not", "src", "srclen", "dst", "dstlen", "tos", "fwmark", "fwmask", "iif", "iif_detached", "oif",
    "oif_detached", "l3mdev", "uid", "uid_start", "uid_end", "ipproto", "sport", "sport_start", "sport_end", "dport",
    "dport_start", "dport_end", "table", "suppress_prefixlen", "suppress_ifgroup", "flow_from", "flow_to", "goto",
    "unresolved", "nop", "action", "protocol", "to_prefixlen", "nat_gateway",
}  # fmt: skip


def rule_of(at: Locator, priority: int, words: list[str]) -> PolicyRule:
    """The rule behind the words after "PRIORITY:". What is not understood is kept in ``unknown``."""
    fields: dict[str, Any] = {"action": "unknown"}
    unknown: list[str] = []
    device = "iif"
    remaining = iter(words)
    for word in remaining:
        if word in ("from", "to"):
            _prefix("source" if word == "from" else "destination", next(remaining, ""), fields, unknown)
        elif word in ("iif", "dev", "oif"):
            device = "oif" if word == "oif" else "iif"
            fields[device] = next(remaining, "")
        elif word == "[detached]":
            fields[f"{device}_detached"] = True
        elif word in ("lookup", "table"):
            table = next(remaining, "")
            fields |= {"action": "lookup", "table": TABLE_NAMES.get(table, table), "l3mdev": table == "[l3mdev-table]"}
        elif word == "goto":
            fields |= {"action": "goto", "goto": _integer(next(remaining, ""))}
        elif word in _PLAIN_ACTIONS:
            fields["action"] = word
        elif word in _RANGES:
            _range(_RANGES[word], next(remaining, ""), fields, unknown)
        elif word == "fwmark":
            _fwmark(next(remaining, ""), fields, unknown)
        elif word in ("tos", "dsfield"):
            _number("tos", next(remaining, ""), fields, unknown)
        elif word == "suppress_prefixlength":
            _number(word, next(remaining, ""), fields, unknown)
        elif word == "suppress_ifgroup":
            fields[word] = next(remaining, "")
        elif word == "ipproto":
            fields["protocol"] = next(remaining, "")
        elif word == "not":
            fields["inverted"] = True
        elif word in _WITHOUT_MEANING:
            next(remaining, "")
        elif word != "[unresolved]":
            unknown.append(word)
    return PolicyRule(at=at, family=4, priority=priority, unknown=tuple(unknown), **fields)


def _prefix(key: str, text: str, fields: dict[str, Any], unknown: list[str]) -> None:
    if text in ("all", "any", "default"):
        return
    known = prefix(text)
    if known is None:
        unknown.append(f"{key} {text}")
    else:
        fields[key] = known[0]


def _number(key: str, text: str, fields: dict[str, Any], unknown: list[str]) -> None:
    value = _integer(text)
    if value is None:
        unknown.append(f"{key} {text}")
    else:
        fields[key] = value


def _range(key: str, text: str, fields: dict[str, Any], unknown: list[str]) -> None:
    low, _, high = text.partition("-")
    first, last = _integer(low), _integer(high or low)
    if first is None or last is None:
        unknown.append(f"{key} {text}")
    else:
        fields[key] = (first, last)


def _fwmark(text: str, fields: dict[str, Any], unknown: list[str]) -> None:
    mark, slash, mask = text.partition("/")
    value, bits = _integer(mark), _integer(mask) if slash else 0xFFFFFFFF
    if value is None or bits is None:
        unknown.append(f"fwmark {text}")
    else:
        fields |= {"fwmark": value, "fwmask": bits}


def _integer(text: str) -> int | None:
    """A number as iproute2 prints it, decimal or with 0x; names of rt_dsfield are not resolved."""
    try:
        return int(text, 0) if len(text) < 20 else None
    except ValueError:
        return None


def words_of_json(item: dict[str, JsonValue]) -> list[str]:
    """The words that print_rule() prints without -j for the same rule."""

    def word(key: str) -> str:
        return str(item[key])

    def spread(name: str, single: str, low: str, high: str) -> list[str]:
        if single in item:
            return [name, word(single)]
        return [name, f"{item[low]}-{item[high]}"] if low in item and high in item else []

    words = ["not"] if "not" in item else []
    for name, key in (("from", "src"), ("to", "dst")):
        if key in item:
            words += [name, word(key) + (f"/{item[key + 'len']}" if key + "len" in item else "")]
    words += ["tos", word("tos")] if "tos" in item else []
    if "fwmark" in item:
        words += ["fwmark", word("fwmark") + (f"/{item['fwmask']}" if "fwmask" in item else "")]
    for key in ("iif", "oif"):
        words += [key, word(key)] if key in item else []
        words += ["[detached]"] if f"{key}_detached" in item else []
    words += ["lookup", "[l3mdev-table]"] if "l3mdev" in item else []
    words += spread("uidrange", "uid", "uid_start", "uid_end")
    words += ["ipproto", word("ipproto")] if "ipproto" in item else []
    words += spread("sport", "sport", "sport_start", "sport_end")
    words += spread("dport", "dport", "dport_start", "dport_end")
    words += [_in_words(key) for key in sorted(item.keys() - _JSON_KEYS)]
    words += ["lookup", word("table")] if "table" in item else []
    words += ["suppress_prefixlength", word("suppress_prefixlen")] if "suppress_prefixlen" in item else []
    words += ["suppress_ifgroup", word("suppress_ifgroup")] if "suppress_ifgroup" in item else []
    words += ["goto", word("goto")] if "goto" in item else []
    return words + ([word("action")] if "action" in item else []) + (["nop"] if "nop" in item else [])


def _in_words(key: str) -> str:
    return key.replace("_", "-")
