"""What the kernel of a node said of its own trouble since it booted, as far as it still counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from kwhy.facts.kernel import ThreadStack
from kwhy.facts.log_patterns import kernel
from kwhy.facts.logs import LogHit, LogPattern
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.time import Moment, by
from kwhy.model.verdict import Evidence
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.events import MergedEvent
from kwhy.scene.gates import showing_condition
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

Trouble: TypeAlias = Literal[
    "device errors",
    "file system errors",
    "file system set read-only",
    "link down",
    "transmit timeout",
    "stuck processor",
    "hung task",
    "oops",
    "hardware error",
    "uncorrected hardware error",
    "device not freed",
]
_TROUBLES: dict[LogPattern, Trouble] = {
    kernel.IO_ERROR: "device errors",
    kernel.NVME_TIMEOUT: "device errors",
    kernel.FS_ERROR: "file system errors",
    kernel.READ_ONLY: "file system set read-only",
    kernel.LINK_DOWN: "link down",
    kernel.TX_TIMEOUT: "transmit timeout",
    kernel.SOFT_LOCKUP: "stuck processor",
    kernel.HARD_LOCKUP: "stuck processor",
    kernel.RCU_STALL: "stuck processor",
    kernel.HUNG_TASK: "hung task",
    kernel.OOPS: "oops",
    kernel.HARDWARE_ERROR: "hardware error",
    kernel.UNREGISTER_NETDEVICE: "device not freed",
}
_EXPRESSIONS = {pattern: expression(pattern.regex) for pattern in _TROUBLES}
#: Conditions that node-problem-detector sets from one kernel line and never takes back before it is restarted, each
#: with what it stands for where its message does not hold the line (node-problem-detector v0.8.20
#: config/kernel-monitor.json, readonly-monitor.json, kernel-monitor-counter.json; issue 474: they stay True).
PERMANENT: Mapping[str, LogPattern] = {
    "KernelDeadlock": kernel.HUNG_TASK,
    "ReadonlyFilesystem": kernel.READ_ONLY,
    "XfsShutdown": kernel.FS_ERROR,
    "FrequentUnregisterNetDevice": kernel.UNREGISTER_NETDEVICE,
}
#: Reasons of the events in which it passes kernel lines on (the same files).
REASONS = (
    "TaskHung",
    "UnregisterNetDevice",
    "KernelOops",
    "Ext4Error",
    "IOError",
    "MemoryReadError",
    "DockerHung",
    "FilesystemIsReadOnly",
    "XfsHasShutdown",
)
#: What FrequentUnregisterNetDevice counts at least (kernel-monitor-counter.json, --count=3).
COUNTED = 3
#: The kubelet's event after a boot ("Node %s has been rebooted, boot id: %s", Kubernetes v1.34
#: pkg/kubelet/kubelet_node_status.go updateNodeStatus): what was said before it is over.
REBOOTED = "Rebooted"
#: What EDAC ("UE", drivers/edac/edac_mc.c) and APEI (drivers/firmware/efi/cper.c cper_severity_str; Linux v6.6) call an
#: error by which data was lost.
UNCORRECTED = ("UE", "recoverable", "fatal")
#: So many losses of a link that came back each time are a flapping link, not one work on a cable.
FLAPS = 5
#: Said once, such a thing lasts: nothing repeats it, and a reboot or a repair ends it. The others are repeated.
LASTING: frozenset[Trouble] = frozenset({"file system set read-only", "oops", "file system errors"})
#: What is older than this, while the evidence goes on, says nothing about now (seconds).
OLD = 24 * 3600.0


class Said(msgspec.Struct, frozen=True):
    """All messages of one trouble about one thing (``about``: a device, a task, a processor, "").

    They stand in the kernel log, or node-problem-detector passes them on as an event or a condition (``passed_on``).
    ``first`` bounds the first of them, ``at`` is the place of the last.
    """

    trouble: Trouble
    about: str
    pattern: LogPattern
    key: Mapping[str, str]
    count: int
    first: Moment
    at: Locator
    passed_on: bool = False

    @property
    def evidence(self) -> Evidence:
        count = f" ({self.count} times)" if self.count > 1 else ""
        who = "node-problem-detector passes on that the kernel" if self.passed_on else "the kernel"
        return Evidence(self.at, f"{who} reports {self.trouble}{count}")


def said_by_kernel(scene: Scene, node: Subject) -> list[Said]:
    """The kernel log of the node, or what node-problem-detector passed on of it"""
    logged = list(_in_log(scene, node))
    pids = {one.key.get("pid") for one in logged if one.trouble == "hung task"}
    return [*logged, *_above_stacks(scene, node, pids), *_passed_on(scene, node)]


def _above_stacks(scene: Scene, node: Subject, known: Collection[str | None]) -> Iterator[Said]:
    """Messages of blocked tasks that were pasted with their stacks, without the log around them."""
    for stack in scene.facts_on(node, ThreadStack):
        pid = str(stack.tid or stack.pid or "")
        if stack.blocked_seconds is not None and pid not in known:
            key = {"task": stack.program, "pid": pid}
            yield Said("hung task", stack.program, kernel.HUNG_TASK, key, 1, by(stack.observed), stack.at)


def _in_log(scene: Scene, node: Subject) -> Iterator[Said]:
    hits = scene.facts_on(node, LogHit)
    boots: dict[int, int] = {}
    for hit in hits:
        if hit.pattern == kernel.BOOT:
            boots[id(hit.document)] = max(boots.get(id(hit.document), 0), hit.last.line)
    for hit in hits:
        trouble = _trouble(hit.pattern, hit.key)
        before_boot = hit.last.line < boots.get(id(hit.document), 0)
        if trouble is not None and not before_boot and not _old(scene, hit.last.when):
            place = hit.locate(hit.last)
            yield Said(trouble, _about(hit.key), hit.pattern, hit.key, hit.count, hit.first.when, place)


def _passed_on(scene: Scene, node: Subject) -> Iterator[Said]:
    """Kernel lines in the messages of the node's events and of the conditions that node-problem-detector keeps."""
    events = scene.events_about(node)
    boots = [event for event in events if event.reason == REBOOTED]
    merged: dict[tuple[str, str], Said] = {}
    for event in events:
        over = any(_later(boot, event) for boot in boots) or _old(scene, event.last)
        found = None if over else _read(event.message)
        if found is not None:
            pattern, key = found
            said = Said(
                _trouble(pattern, key) or _TROUBLES[pattern],
                _about(key),
                pattern,
                key,
                event.count,
                by(event.first),
                event.at,
                True,
            )
            earlier = merged.get((pattern.id, said.about))
            count = event.count if earlier is None else earlier.count + event.count
            merged[pattern.id, said.about] = replace(earlier or said, count=count)
    yield from merged.values()
    view = NodeView(scene, node)
    for kind, default in PERMANENT.items():
        condition = view.condition(kind)
        if not condition.observed or condition.value is None or condition.value.status != "True":
            continue
        began = parse_timestamp(condition.value.last_transition_time)
        since = Moment(None, began)
        if any(_after(boot.last, Moment(began, began)) for boot in boots):
            continue
        pattern, key = _read(condition.value.message or "") or (default, {})
        if (pattern.id, _about(key)) not in merged:
            count = COUNTED if kind.startswith("Frequent") else 1
            yield Said(
                _trouble(pattern, key) or _TROUBLES[pattern],
                _about(key),
                pattern,
                key,
                count,
                since,
                condition.place,
                True,
            )


def _read(message: str) -> tuple[LogPattern, Mapping[str, str]] | None:
    for pattern, shape in _EXPRESSIONS.items():
        if any(anchor in message for anchor in pattern.anchors) and (match := shape.search(message)):
            fields = match.groupdict(default="")
            return pattern, {name: fields[name] for name in pattern.key}
    return None


def _trouble(pattern: LogPattern, key: Mapping[str, str]) -> Trouble | None:
    if pattern == kernel.HARDWARE_ERROR and (key.get("kind") in UNCORRECTED or key.get("severity") in UNCORRECTED):
        return "uncorrected hardware error"
    return _TROUBLES.get(pattern)


def _about(key: Mapping[str, str]) -> str:
    return next((value for value in key.values() if value), "")


def _later(one: MergedEvent, other: MergedEvent) -> bool:
    if one.age is not None and other.age is not None:
        return one.age < other.age
    return _after(one.last, other.last)


def _after(one: Moment, other: Moment) -> bool:
    return one.latest is not None and other.latest is not None and one.latest > other.latest


def _old(scene: Scene, last: Moment) -> bool:
    now = scene.as_of
    return now is not None and last.latest is not None and now - last.latest > OLD


def of(said: Iterable[Said], *troubles: Trouble) -> list[Said]:
    return [one for one in said if one.trouble in troubles]


def from_log(said: Iterable[Said]) -> list[Said]:
    """What stands in the kernel log itself: only there does it tell something that other things are not said."""
    return [one for one in said if not one.passed_on]


def nodes_in_trouble(scene: Scene) -> list[Subject]:
    """The nodes whose kernel reports trouble."""
    nodes = dict.fromkeys(scene.host_of(hit.document) for hit in scene.facts(LogHit) if hit.pattern in _TROUBLES)
    pasted = (stack for stack in scene.facts(ThreadStack) if stack.blocked_seconds is not None)
    nodes.update(dict.fromkeys(scene.host_of(stack.at.document) for stack in pasted))
    nodes.update(dict.fromkeys(one for one in scene.events.with_reason(*REASONS) if one.kind == "Node"))
    nodes.update(dict.fromkeys(showing_condition(scene, "Node", PERMANENT, "True")))
    return [node for node in nodes if scene.derive(said_by_kernel, node)]


def things(said: Iterable[Said]) -> str:
    """What it is about, in words: "sda and sdb"."""
    return " and ".join(dict.fromkeys(one.about for one in said if one.about)) or "a device"
