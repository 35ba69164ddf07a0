"""Parts of a describe that people paste alone: a condition, an "Events:" block, a container's last state, a message.

What they are about is not written in them. Conditions of a node make a Node; its name comes from the events pasted with
them ("kubelet, node-a"), or stays "". What is left unknown is ``Subject("Unknown", "")``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from kwhy.facts import objects as api
from kwhy.facts.objects import Event, ObjectMeta, Observation
from kwhy.ingest.kubectl.command import parse_command
from kwhy.ingest.kubectl.describe import DescribeFact, described_kind, read_described
from kwhy.ingest.kubectl.describe_container import read_status
from kwhy.ingest.kubectl.describe_node import condition_of
from kwhy.ingest.kubectl.events import described_events, guessed_subject
from kwhy.ingest.kubectl.tree import Entries, TableRow, indentation, read_scrap_entries
from kwhy.ingest.kubectl.words import RFC1123Z
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject

Lines = list[tuple[int, str]]

#: A row of a node's conditions without its header (describeNode, every version; NetworkUnavailable and OutOfDisk are of
#: cloud providers and of versions before v1.13).
_CONDITION = expression(
    r"\s*(?P<type>Ready|MemoryPressure|DiskPressure|PIDPressure|NetworkUnavailable|OutOfDisk|KernelDeadlock|ReadonlyFilesystem"
    r"|ConfigOK|CorruptDockerOverlay2|FrequentKubeletRestart|FrequentDockerRestart|FrequentContainerdRestart)\s+"
    r"(?P<status>True|False|Unknown)\s+(?P<heartbeat>"
    + RFC1123Z.pattern
    + r")\s+(?P<transition>"
    + RFC1123Z.pattern
    + r")"
    r"\s+(?P<reason>\w+)(?:\s+(?P<message>\S.*))?"
)
#: "Events:" and the header of its table.
_EVENTS = expression(r"\s*(?:Events:(?:\s*<none>)?|Type\s+Reason\s+Age\s+From\s+Message)\s*")
#: "Message: **Liveness probe failed: …": the decorations of a web page.
_MESSAGE = expression(r"\s*Message:\s+(?P<bold>\*\*)?(?P<text>\S.*?)(?:\*\*)?\s*")
#: eviction_manager.go, nodeLowMessageFmt (v1.9 to v1.34): the message of an evicted pod's status.
_EVICTED = expression(
    r"(?:The node was low on resource|Pod .* exceeds|The node had condition|Usage of EmptyDir volume).*"
)
#: prober.go recordContainerEvent (v1.9 to v1.34): the message of an event "Unhealthy".
_PROBE_FAILED = expression(r"(?:Liveness|Readiness|Startup) probe (?:failed|errored).*")
#: Keys of a container's block in `describe pod`.
_CONTAINER_KEYS = frozenset({"State", "Last State", "Restart Count"})
#: Keys by which a section pasted without its "Name:" is recognised.
SECTION_KEYS = frozenset(
    [
        "Taints",
        "Unschedulable",
        "Conditions",
        "Capacity",
        "Allocatable",
        "Addresses",
        "Containers",
        "Volumes",
        "Tolerations",
        "Node-Selectors",
    ]
) | {"System Info", "Non-terminated Pods", "Allocated resources", "QoS Class", "Init Containers", "Controlled By"}
_SECTION = expression(r"(?P<key>[A-Z][\w -]{2,40}):(?:\s.*)?")


def starts_scrap(line: str) -> bool:
    """Whether ``line`` can begin a scrap."""
    if len(line) > 20_000:
        return False
    if _EVENTS.fullmatch(line) or _CONDITION.fullmatch(line):
        return True
    matched = _MESSAGE.fullmatch(line)
    if matched is not None:
        return _EVICTED.fullmatch(matched["text"]) is not None or _PROBE_FAILED.fullmatch(matched["text"]) is not None
    section = _SECTION.fullmatch(line.strip())
    if section is None:
        return False
    return section["key"] in _CONTAINER_KEYS or (section["key"] in SECTION_KEYS and indentation(line) == 0)


def read_scrap(lines: Lines, document: Document) -> Iterator[DescribeFact]:
    """The facts of a describe without its beginning."""
    entries = read_scrap_entries(lines)
    kind = described_kind(entries, lines)
    if kind is not None:
        yield from _named(list(read_described(lines, document, None)))
        return
    events_at = next((index for index, (_, line) in enumerate(lines) if _EVENTS.fullmatch(line)), len(lines))
    asked = _asked_for(document)
    about = (lambda *_: asked) if asked is not None else guessed_subject
    events = list(described_events(lines[events_at:][_skipped(lines, events_at) :], document, about))
    yield from _before_events(lines[:events_at], entries, events, document)
    yield from events


def _asked_for(document: Document) -> Subject | None:
    """The one object that the command describes: `kubectl describe pod web-1 | grep -A5 Events`."""
    command = parse_command(document.command)
    if command is None or command.verb != "describe" or len(command.kinds) != 1 or len(command.names) != 1:
        return None
    kind = command.kinds[0]
    return Subject(kind, command.names[0], command.namespace_of(kind) or None)


def _skipped(lines: Lines, events_at: int) -> int:
    """1 where the block begins with "Events:", which is no row of the table."""
    return int(events_at < len(lines) and lines[events_at][1].strip().startswith("Events:"))


def _named(facts: list[DescribeFact]) -> list[DescribeFact]:
    """A scrap has no name; node events of kubelet that carry a host give it one."""
    host = _host([fact for fact in facts if isinstance(fact, Event)])
    if host is None:
        return facts
    named: list[DescribeFact] = []
    for fact in facts:
        if isinstance(fact, Observation) and isinstance(fact.object, api.Node) and not fact.object.metadata.name:
            node = replace(fact.object, metadata=replace(fact.object.metadata, name=host))
            fact = replace(fact, object=node)
        elif isinstance(fact, Event) and fact.about == Subject("Node", ""):
            fact = replace(fact, about=Subject("Node", host))
        named.append(fact)
    return named


def _host(events: list[Event]) -> str | None:
    """The one node that the events speak of."""
    hosts = {event.host for event in events if event.about.kind == "Node" and event.host}
    names = {event.about.name for event in events if event.about.kind == "Node" and event.about.name}
    found = hosts | names
    return found.pop() if len(found) == 1 else None


def _before_events(
    lines: Lines, entries: Entries, events: list[Event | Unparsed], document: Document
) -> Iterator[DescribeFact]:
    conditions: list[api.Condition] = []
    marks: dict[str, int] = {}
    first: int | None = None
    for number, line in lines:
        if (condition := _CONDITION.fullmatch(line)) is not None:
            first = first or number
            marks[f"status.conditions[{len(conditions)}]"] = number
            conditions.append(_condition(condition, number))
        elif (message := _MESSAGE.fullmatch(line)) is not None:
            yield from _message(message["text"], number, line, document)
    if conditions:
        node = _host([event for event in events if isinstance(event, Event)]) or ""
        observed = api.Node(ObjectMeta(name=node), status=api.NodeStatus(conditions=conditions))
        yield Observation(observed, document, whole=False, line=first, lines=marks, observed=document.captured)
    elif any(key in entries for key in _CONTAINER_KEYS):
        marks = {}
        status = read_status("", entries, "status.containerStatuses[0]", marks)
        pod = api.Pod(ObjectMeta(), status=api.PodStatus(container_statuses=[status]))
        yield Observation(pod, document, whole=False, line=lines[0][0], lines=marks, observed=document.captured)
    elif lines and not any(_MESSAGE.fullmatch(line) for _, line in lines) and any(line.strip() for _, line in lines):
        why = "a part of a kubectl describe without a name, whose kind its keys do not tell"
        yield Unparsed(document.at(lines[0][0], excerpt=lines[0][1].strip()), why)


def _condition(matched: re.Match[str], line: int) -> api.Condition:
    cells = {
        "Type": matched["type"],
        "Status": matched["status"],
        "LastHeartbeatTime": matched["heartbeat"],
        "LastTransitionTime": matched["transition"],
        "Reason": matched["reason"],
        "Message": matched["message"] or "",
    }
    return condition_of(TableRow(line, cells))


def _message(text: str, line: int, source: str, document: Document) -> Iterator[DescribeFact]:
    if _EVICTED.fullmatch(text):
        pod = api.Pod(ObjectMeta(), status=api.PodStatus(message=text))
        yield Observation(
            pod, document, whole=False, line=line, lines={"status.message": line}, observed=document.captured
        )
    elif _PROBE_FAILED.fullmatch(text):
        at = document.at(line, excerpt=source.strip())
        yield Event(Subject("Pod", ""), "Unhealthy", text, "Warning", "kubelet", at)
