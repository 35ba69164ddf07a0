"""What an `ip` command line asks for, with iproute2's abbreviations (`ip r s t 2`)."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from kwhy.facts.network import Family
from kwhy.ingest.invocation import Invocation, invocation

IpObject: TypeAlias = Literal["address", "route", "rule", "neighbour", "link"]
#: iproute2 v6.12 ip/ip.c `cmds[]`: the first entry that the word is a prefix of wins.
_OBJECTS: Final[tuple[tuple[str, IpObject | None], ...]] = (
    ("address", "address"), ("addrlabel", None), ("maddress", None), ("route", "route"), ("rule", "rule"),
    ("neighbor", "neighbour"), ("neighbour", "neighbour"), ("ntable", None), ("ntbl", None), ("link", "link"),
)  # fmt: skip
_VALUE_OPTIONS: Final = {"-f", "-family", "--family", "-l", "-loops", "-rc", "-rcvbuf", "-b", "-batch"}


_WRITING_VERBS: Final = ("add", "del", "delete", "change", "replace", "flush", "set", "append", "restore", "save")


class IpCommand(msgspec.Struct, frozen=True):
    """``verb`` is "show" or "get"; ``arguments`` what follows it. ``families`` is None where no option chose one."""

    object: IpObject
    verb: Literal["show", "get"]
    arguments: tuple[str, ...]
    families: tuple[Family, ...] | None
    json: bool
    ran: Invocation


def ip_command(command: str | None) -> IpCommand | None:
    """The reading `ip` command behind a command line; None for all other commands."""
    ran = invocation(command)
    if ran is None or ran.program != "ip":
        return None
    families: tuple[Family, ...] | None = None
    json = False
    words = list(ran.arguments)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in _VALUE_OPTIONS and words:
            value = words.pop(0)
            if option in ("-f", "-family", "--family"):
                families = (6,) if value == "inet6" else (4,) if value == "inet" else families
        elif option == "-4":
            families = (4,)
        elif option == "-6":
            families = (6,)
        elif option in ("-j", "-json", "--json", "-js"):
            json = True
    if not words:
        return None
    what = _object(words.pop(0))
    if what is None:
        return None
    verb: Literal["show", "get"] = "show"
    if words and _is_verb(words[0], what):
        word = words.pop(0)
        if word in ("g", "ge", "get") and what == "route":
            verb = "get"
    elif words and words[0] in (
        "add",
        "del",
        "delete",
        "change",
        "replace",
        "flush",
        "set",
        "append",
        "restore",
        "save",
    ):
        return None
    return IpCommand(what, verb, tuple(words), families, json, ran)


def _object(word: str) -> IpObject | None:
    for name, what in _OBJECTS:
        if name.startswith(word):
            return what
    return None


def _is_verb(word: str, what: IpObject) -> bool:
    verbs = ("show", "list", "lst", "ls") + (("get",) if what == "route" else ())
    return any(verb.startswith(word) for verb in verbs) and word not in ("",)
