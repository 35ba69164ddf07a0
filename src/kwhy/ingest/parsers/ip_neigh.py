"""`ip neigh`: the ARP and NDP tables.

Source: iproute2 6.1 ip/ipneigh.c print_neigh(); busybox prints the same words. States: kernel uapi linux/neighbour.h.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from kwhy.facts.network import Neighbour
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.ip_command import IpCommand, ip_command
from kwhy.ingest.net.output import content_lines, head_lines, not_understood, share
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: 10.0.0.2 dev eth0 lladdr 66:55:a0:fd:69:71 REACHABLE   ·   10.0.0.77 dev eth0 FAILED   (iproute2 6.1)
#: 10.244.2.0 lladdr 0a:f4:02:00:00:01 PERMANENT   (ip neigh show dev flannel.1: the device is not repeated)
_NEIGHBOUR: Final = expression(
    r"^(?P<address>[0-9a-fA-F:.]{2,45})(?: dev (?P<dev>\S{1,15}))?(?: lladdr (?P<mac>[0-9a-fA-F:.]{2,60}))?"
    r"(?P<rest>(?: .{0,200})?)$"
)
_STATES: Final = frozenset(
    ("INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "NOARP", "PERMANENT", "NONE")
)


def recognise(head: Head) -> float:
    asked = ip_command(head.command)
    if asked is not None:
        return 0.97 if asked.object == "neighbour" else 0.0
    lines = head_lines(head)
    return 0.95 * share(lines, (_state(line) is not None and " dev " in line for line in lines))


def _state(line: str) -> str | None:
    match = _NEIGHBOUR.match(line)
    return next((word for word in match["rest"].split() if word in _STATES), None) if match else None


def _asked_device(asked: IpCommand | None) -> str | None:
    """The device that the command asks about, which the output then leaves out."""
    words = asked.arguments if asked is not None else ()
    return next((after for word, after in pairwise(words) if word == "dev"), None)


def parse(document: Document) -> Iterator[Parsed]:
    asked = ip_command(document.command)
    only = _asked_device(asked)
    for number, line in content_lines(document):
        match = _NEIGHBOUR.match(line.rstrip())
        known = address(match["address"]) if match else None
        device = (match["dev"] or only) if match else None
        if match is None or known is None or device is None:
            yield not_understood(document, number, line, 'a neighbour ("10.0.0.2 dev eth0 lladdr … REACHABLE")')
            continue
        yield Neighbour(
            at=document.at(number, excerpt=line.strip()),
            address=known[0],
            dev=device,
            mac=match["mac"],
            state=_state(line.rstrip()),
            is_router=" router" in match["rest"],
            netns=asked.ran.netns if asked else None,
        )


FORMAT = Format("ip-neigh", recognise, parse)
