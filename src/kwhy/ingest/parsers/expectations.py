"""What is expected of names and peers (`kwhy diagnose --expect FILE`): a small subset of YAML, one name per line.

    # kwhy expect
    store.objects.example: 10.219.0.0/16
    "*.corp.example": [10.0.0.0/8, 192.168.0.0/16]
    peers:
      - 10.0.0.0/8

Written by hand. A file that lies among the evidence is recognised by its first line, "# kwhy expect".
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from kwhy.facts.expectations import Expectation
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: "# kwhy expect", "# kwhy: expectations"
_TITLE: Final = expression(r"\s*#\s*kwhy:?\s+expect")
#: 'store.objects.example: 10.219.0.0/16', '"*.corp.example": [10.0.0.0/8, 192.168.0.0/16]  # both lines'
_ENTRY: Final = expression(r"\s*(?P<quote>['\"]?)(?P<name>[*A-Za-z0-9_.-]{1,253})(?P=quote)\s*:(?P<rest>(?:\s.*)?)$")
#: "  - 10.0.0.0/8"
_ITEM: Final = expression(r"\s*-\s+(?P<rest>\S.*)$")
_COMMENT: Final = expression(r"(?:^|\s)#.*$")
_LONGEST: Final = 4096


def recognise(head: Head) -> float:
    return 1.0 if head.lines and _TITLE.match(head.lines[0]) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    """A name per line with its networks, behind it or as a list below it."""
    open_at: Locator | None = None
    name, networks = "", list[str]()
    for number, line in document.lines():
        text = _COMMENT.sub("", line[:_LONGEST]).rstrip()
        if not text.strip() or text.strip() == "---":
            continue
        place = document.at(line=number, excerpt=text.strip())
        item, entry = _ITEM.match(text), _ENTRY.match(text)
        if item is None and entry is None:
            yield Unparsed(place, 'a name with its networks was expected, as in "db.example: 10.0.0.0/8"')
            continue
        if entry is not None and item is None:
            yield from _closed(open_at, name, networks)
            open_at, name, networks = place, entry["name"].rstrip(".").lower(), []
        for word in _words((item or entry)["rest"]):  # type: ignore[index]  # one of them matched
            network = _network(word)
            if network is None:
                yield Unparsed(place, f"{word!r} is no network; one like 10.219.0.0/16 was expected")
            elif open_at is None:
                yield Unparsed(place, "a network of no name; the name belongs in a line before")
            else:
                networks.append(network)
    yield from _closed(open_at, name, networks)


def _closed(at: Locator | None, name: str, networks: list[str]) -> Iterator[Parsed]:
    if at is None:
        return
    if networks:
        yield Expectation(at, name, tuple(networks))
    else:
        yield Unparsed(at, f"no network is given for {name}")


def _words(text: str) -> list[str]:
    return text.translate(str.maketrans("[],'\"", "     ")).split()


def _network(word: str) -> str | None:
    try:
        return str(ip_network(word, strict=False))
    except ValueError:
        return None


FORMAT = Format("expectations", recognise, parse)
