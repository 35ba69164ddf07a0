"""Complaints of ip, ifconfig, tcpdump and busybox about a device that does not exist, where nothing else is printed."""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.facts.network import MissingDevice
from kwhy.ingest.invocation import invocation
from kwhy.ingest.net.missing import SIGNS, missing_device
from kwhy.ingest.net.output import content_lines, head_lines, not_understood, share
from kwhy.model.document import Document
from kwhy.model.parsing import Format, Head, Parsed


def recognise(head: Head) -> float:
    if not any(sign in head.text for sign in SIGNS):
        return 0.0
    lines = head_lines(head)
    return 0.93 * share(lines, (missing_device(line) is not None for line in lines))


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    for number, line in content_lines(document):
        device = missing_device(line)
        if device is None:
            yield not_understood(document, number, line, "a complaint about a missing network device")
        else:
            yield MissingDevice(document.at(number, excerpt=line.strip()), device, ran.netns if ran else None)


FORMAT = Format("missing-device", recognise, parse)
