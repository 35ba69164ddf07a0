"""Event tables: `kubectl get events` of every version, `kubectl events`, and the "Events:" block of describe.

Sources: printEvent (k8s.io/kubernetes v1.34.4 pkg/printers/internalversion/printers.go), DescribeEvents (k8s.io/kubectl
v0.34.4 pkg/describe/describe.go), pkg/cmd/events/event_printer.go. Before v1.15 `get events` printed
"LAST SEEN, FIRST SEEN, COUNT, NAME, KIND, SUBOBJECT, TYPE, REASON, SOURCE, MESSAGE"; before v1.19 describe printed
"kubelet, node-a" in From, before v1.9 it had the columns "FirstSeen, LastSeen, Count, From, SubObjectPath, …".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from kwhy.facts.kubectl import moment_before, printed_age
from kwhy.facts.objects import Event
from kwhy.ingest.kubectl.columns import Header, split_row, titled_header
from kwhy.ingest.kubectl.kinds import is_namespaced, kind_of
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT

#: Any set of columns that shows what happened, and to what.
DESCRIBE_TITLES = ("Type", "Reason", "Age", "From", "Message", "FirstSeen", "LastSeen", "Count", "SubObjectPath",
                   "SubobjectPath")  # fmt: skip
#: "8m29s (x19 over 42m)", "5s (x543 over 27h)", "7s" (DescribeEvents; event_printer.go getInterval).
_INTERVAL = expression(r"(?P<last>[\w<>]+)(?: \(x(?P<count>\d{1,9}) over (?P<first>[\w<>]+)\))?")
#: The name of an Event object: the involved object's name and a time in nanoseconds, in hexadecimal.
_EVENT_NAME = expression(r"(?P<name>.+)\.[0-9a-f]{14,17}")
_RULE = expression(r"[\s-]+")

UNKNOWN = Subject("Unknown", "")

#: What kubelet and the node controller report about nodes (v1.34: pkg/kubelet/events/event.go, kubelet_node_status.go,
#: eviction_manager.go, image_gc_manager.go, oom watcher; pkg/controller/nodelifecycle). "Starting" is kubelet's and
#: kube-proxy's own start.
NODE_REASONS = frozenset(
    [
        "NodeReady",
        "NodeNotReady",
        "NodeSchedulable",
        "NodeNotSchedulable",
        "Starting",
        "KubeletSetupFailed",
        "Rebooted",
        "Shutdown",
        "ContainerGCFailed",
        "ImageGCFailed",
        "FreeDiskSpaceFailed",
        "InvalidDiskCapacity",
        "EvictionThresholdMet",
        "FailedNodeAllocatableEnforcement",
        "NodeAllocatableEnforced",
        "PossibleMemoryBackedVolumesOnDisk",
        "CgroupV1",
        "CheckLimitsForResolvConf",
        "MissingClusterDNS",
        "SystemOOM",
        "RegisteredNode",
        "RemovingNode",
        "DeletingNode",
        "DeletingAllPods",
        "CIDRNotAvailable",
        "CIDRAssignmentFailed",
        "NodeHasSufficientMemory",
        "NodeHasInsufficientMemory",
        "NodeHasNoDiskPressure",
        "NodeHasDiskPressure",
        "NodeHasSufficientPID",
        "NodeHasInsufficientPID",
        "NodeHasSufficientDisk",
        "NodeHasInsufficientDisk",
        "NodeOutOfDisk",
    ]
)
#: "Node node.xxxx1 status is now: NodeHasDiskPressure" (kubelet_node_status.go recordNodeStatusEvent).
_NODE_STATUS = expression(r"Node (\S+) (?:status is now: \w+|event: .*)")

Row = Mapping[str, str]


def is_event_header(header: Header) -> bool:
    """Whether the columns are those of `kubectl get events` or `kubectl events`."""
    names = set(header.names)
    return "REASON" in names and bool({"LAST SEEN", "LASTSEEN"} & names) and bool({"OBJECT", "KIND", "NAME"} & names)


def event_of_row(row: Row, namespace: str, line: int, excerpt: str, document: Document) -> Event | None:
    """The event of a row of `kubectl get events` or `kubectl events`; None where it is no such row."""
    about = _about(row, row.get("NAMESPACE", namespace))
    if about is None or not row.get("REASON"):
        return None
    interval = _INTERVAL.fullmatch(row.get("LAST SEEN", row.get("LASTSEEN", "")))
    if interval is None:
        return None
    component, host = _source(row.get("SOURCE", ""))
    first = interval["first"] or row.get("FIRST SEEN") or row.get("FIRSTSEEN") or ""
    count = interval["count"] or row.get("COUNT", "1")
    return _event(
        about, row["REASON"], row.get("MESSAGE", ""), row.get("TYPE", ""), component, host,
        interval["last"], first, count, line, excerpt, document,
    )  # fmt: skip


def _source(text: str) -> tuple[str, str]:
    """The component and its host.

    "kubelet, node-a"; "{kubelet node-a}" before v1.5; "kubelet" alone in describe since v1.19.
    """
    if text.startswith("{"):
        component, _, host = text.strip("{}").partition(" ")
    else:
        component, _, host = text.partition(",")
    return component.strip(), host.strip()


def _about(row: Row, namespace: str) -> Subject | None:
    kind, slash, name = row.get("OBJECT", row.get("KIND", "")).partition("/")
    if not kind:
        return None
    if not slash:
        named = row.get("NAME", "")
        matched = _EVENT_NAME.fullmatch(named)
        name = matched["name"] if matched else named
    full = kind_of(kind)
    return Subject(full, name, None if is_namespaced(full) is False else namespace or None)


def _event(
    about: Subject, reason: str, message: str, type_: str, component: str, host: str,
    last: str, first: str, count: str, line: int, excerpt: str, document: Document,
) -> Event:  # fmt: skip
    age, first_age = printed_age(last), printed_age(first or last)
    return Event(
        about=about,
        reason=reason,
        message=message,
        type=type_,
        component=component,
        at=document.at(line=line, excerpt=excerpt),
        host=host or None,
        count=int(count) if count.isdecimal() and len(count) < 10 else 1,
        first=moment_before(document.captured, first_age) if first_age else UNKNOWN_MOMENT,
        last=moment_before(document.captured, age) if age else UNKNOWN_MOMENT,
        age=age.low if age else None,
        first_age=first_age.low if first_age else None,
    )


def described_events(
    lines: Iterable[tuple[int, str]], document: Document, about: Callable[[str, str, str, str], Subject]
) -> Iterator[Event | Unparsed]:
    """The rows of an "Events:" block (without that line).

    ``about`` names the subject of an event by its reason, component, host and message.
    A line that is no row continues the message above it: messages may hold line ends, and terminals wrap.
    """
    header: Header | None = None
    pending: Event | None = None
    for number, line in lines:
        if not line.strip() or _RULE.fullmatch(line):
            continue
        heading = titled_header(line, DESCRIBE_TITLES)
        if heading is not None and "Reason" in heading.names:
            header = heading
            continue
        event = _described(line, number, header, document, about)
        if event is not None:
            if pending is not None:
                yield pending
            pending = event
        elif pending is not None:
            pending = _continued(pending, line)
        else:
            yield Unparsed(document.at(number, excerpt=line.strip()), "expected a row of an event table here")
    if pending is not None:
        yield pending


#: A row of "Events:" without its header: type, reason, age, from, message.
_HEADLESS = Header(DESCRIBE_TITLES[:5], (2, 10, 28, 34, 53))


def _described(
    line: str, number: int, header: Header | None, document: Document, about: Callable[[str, str, str, str], Subject]
) -> Event | None:
    shown = header or _HEADLESS
    cells = split_row(line, shown)
    if cells is None:
        return None
    row = dict(zip(shown.names, cells, strict=True))
    interval = _INTERVAL.fullmatch(row.get("Age", row.get("LastSeen", "")))
    if interval is None or not row.get("Reason") or row.get("Type", "Normal") not in ("Normal", "Warning", ""):
        return None
    if printed_age(interval["last"]) is None and interval["last"] not in ("<unknown>", "<invalid>"):
        return None
    component, host = _source(row.get("From", ""))
    subject = about(row["Reason"], component, host, row.get("Message", ""))
    return _event(
        subject, row["Reason"], row.get("Message", ""), row.get("Type", ""), component, host,
        interval["last"], interval["first"] or row.get("FirstSeen", ""), interval["count"] or row.get("Count", "1"),
        number, line.strip(), document,
    )  # fmt: skip


#: A message longer than this is not continued any further (characters).
_LONGEST_MESSAGE = 100_000


def _continued(event: Event, line: str) -> Event:
    if len(event.message) > _LONGEST_MESSAGE:
        return event
    return msgspec.structs.replace(event, message=f"{event.message}\n{line.strip()}")


def guessed_subject(reason: str, component: str, host: str, message: str) -> Subject:
    """What an event of a lone "Events:" block is about: a node where kubelet speaks of its node, otherwise unknown."""
    if reason not in NODE_REASONS or component not in (
        "kubelet",
        "kube-proxy",
        "node-controller",
        "",
        "kernel-monitor",
    ):
        return UNKNOWN
    stated = _NODE_STATUS.fullmatch(message)
    return Subject("Node", stated[1] if stated else host)
