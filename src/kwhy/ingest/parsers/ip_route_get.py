"""`ip route get ADDRESS …`: the kernel's own route decision.

Printed by iproute2 (ip/iproute.c iproute_get(), text and `-j`) and busybox. Errors are strerror(3) of the netlink
answer: "RTNETLINK answers: Network is unreachable" (iproute2), "ip: RTNETLINK answers: …" (busybox).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from kwhy.facts.network import Family, MissingDevice, RouteGetAnswer
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.ip_command import IpCommand, ip_command
from kwhy.ingest.net.missing import missing_device
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood, share
from kwhy.ingest.net.route_words import RouteWords, json_words, read_words
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: RTNETLINK answers: Network is unreachable   (iproute2 6.1; busybox 1.35 puts "ip: " before it)
_ERROR: Final = expression(r"^(?:ip: )?RTNETLINK answers: (?P<error>.{1,120})$")
#: 10.5.1.1 via 10.0.0.5 dev eth0 src 10.0.0.1 uid 0   (iproute2 6.1; "uid" since 4.10)
_ANSWER: Final = expression(
    r"^(?:(?:local|broadcast|multicast|anycast|unreachable|blackhole|prohibit) )?[0-9a-fA-F:.]{2,45} "
    r"(?:from \S{1,50} )?(?:tos \S{1,10} )?(?:via \S{1,50} (?:\S{3,45} )?)?dev \S{1,20}(?: |$)"
)
#: "    cache <local,brd>" after the answer; iproute2 prints it for IPv4, and for IPv6 until kernel 4.2
_CACHE: Final = expression(r"^ +cache\b")


#: [{"dst":"10.5.1.1","gateway":"10.0.0.5","dev":"eth0","prefsrc":"10.0.0.1","flags":[],"uid":0,"cache":[]}]
_JSON: Final = expression(r'^\s*\[\s*\{\s*(?:"type":"\w+",)?"dst"')


def recognise(head: Head) -> float:
    asked = ip_command(head.command)
    if asked is not None:
        return 0.97 if asked.object == "route" and asked.verb == "get" else 0.0
    if re.match(r'^\s*\[\s*\{\s*(?:"type":"\w+",)?"dst"', head.text) and (
        '"cache"' in head.text or '"uid"' in head.text
    ):
        return 0.95
    lines = head_lines(head)
    if not any(_CACHE.match(line) or " uid " in line for line in lines):
        return 0.0
    return 0.95 * share(lines, (bool(_ANSWER.match(line[:LONGEST_LINE]) or _CACHE.match(line)) for line in lines))


def parse(document: Document) -> Iterator[Parsed]:
    asked = ip_command(document.command)
    if bytes(document.data[:64]).lstrip().startswith(b"["):
        yield from _json_answers(document, asked)
        return
    for number, raw in content_lines(document):
        line = raw.split("\\")[0]
        if len(raw) > LONGEST_LINE or _CACHE.match(line):
            continue
        at = document.at(number, excerpt=raw.strip())
        error = _ERROR.match(line)
        read = None if error else read_words(line)
        if error and asked is not None:
            yield _refusal(at, error["error"].strip(), asked)
        elif gone := missing_device(raw):
            yield MissingDevice(at, gone, asked.ran.netns if asked else None)
        elif error:
            yield Unparsed(at, "the kernel refused something; the command is not in the evidence")
        elif read is not None and read.destination != "default":
            yield _answer(at, read, asked)
        else:
            yield not_understood(
                document, number, raw, 'an answer of `ip route get` ("10.0.0.7 dev eth0 src 10.0.0.1")'
            )


FORMAT = Format("ip-route-get", recognise, parse)


def _answer(at: Locator, read: RouteWords, asked: IpCommand | None) -> RouteGetAnswer:
    source = read.source.partition("/")[0] if read.source else None
    return RouteGetAnswer(
        at=at,
        family=read.family or 4,
        destination=read.destination.partition("/")[0],
        type=read.type,
        source=None if source == "::" else source,
        via=read.hop.via,
        dev=read.hop.dev,
        prefsrc=read.prefsrc,
        table=read.table,
        iif=read.extra.get("iif"),
        mark=_integer(read.extra.get("mark")),
        uid=_integer(read.extra.get("uid")),
        asked=asked.arguments if asked else (),
        netns=asked.ran.netns if asked else None,
    )


def _refusal(at: Locator, error: str, asked: IpCommand) -> RouteGetAnswer:
    """A refusal repeats nothing of the question: what it is about stands in the command."""
    words = list(asked.arguments)
    if words[:1] == ["to"]:
        words = words[1:]
    target = address(words[0].partition("/")[0]) if words else None
    source = address(words[words.index("from") + 1]) if "from" in words[:-1] else None
    family: Family = target[1] if target else 4
    return RouteGetAnswer(
        at=at,
        family=family,
        destination=target[0] if target else None,
        source=source[0] if source else None,
        iif=words[words.index("iif") + 1] if "iif" in words[:-1] else None,
        error=error,
        asked=asked.arguments,
        netns=asked.ran.netns,
    )


def _json_answers(document: Document, asked: IpCommand | None) -> Iterator[RouteGetAnswer | Unparsed]:
    try:
        decoded = msgspec.json.decode(bytes(document.data), type=list[dict[str, Any]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Unparsed(document.at(document.first_line), f"this is not the JSON of `ip -j route get`: {error}")
        return
    for index, item in enumerate(decoded):
        if not item:
            continue
        text, _ = json_words(item)
        place = document.at(document.first_line, f"[{index}]", text)
        read = read_words(text)
        if read is None or read.destination == "default":
            yield Unparsed(place, "this object is not a route decision")
        else:
            yield _answer(place, read, asked)


def _integer(text: str | None) -> int | None:
    try:
        return int(text, 0) if text and len(text) < 20 else None
    except ValueError:
        return None
