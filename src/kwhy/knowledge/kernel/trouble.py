"""What the kernel of a node said of its own trouble since it booted, as far as it still counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from kwhy.facts.log_patterns import kernel
from kwhy.facts.logs import LogHit, LogPattern
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

Trouble: TypeAlias = Literal[
    "device errors",
    "file system errors",
    "read-only",
    "link down",
    "transmit timeout",
    "stuck processor",
    "hung task",
    "oops",
    "hardware error",
    "device not freed",
]
_TROUBLES: dict[LogPattern, Trouble] = {
    kernel.IO_ERROR: "device errors",
    kernel.NVME_TIMEOUT: "device errors",
    kernel.FS_ERROR: "file system errors",
    kernel.READ_ONLY: "read-only",
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
#: Said once, such a thing lasts: nothing repeats it, and a reboot or a repair ends it. The others are repeated.
LASTING: frozenset[Trouble] = frozenset({"read-only", "oops", "file system errors"})
#: What is older than this, while the evidence goes on, says nothing about now (seconds).
OLD = 24 * 3600.0


class Said(msgspec.Struct, frozen=True):
    """All messages of one trouble about one thing (``about``: a device, a task, a processor, "")."""

    trouble: Trouble
    about: str
    hit: LogHit

    @property
    def evidence(self) -> Evidence:
        count = f" ({self.hit.count} times)" if self.hit.count > 1 else ""
        return Evidence(self.hit.locate(self.hit.last), f"the kernel reports {self.trouble}{count}")


def said_by_kernel(scene: Scene, node: Subject) -> list[Said]:
    """The kernel log of the node"""
    hits = scene.facts_on(node, LogHit)
    boots: dict[int, int] = {}
    for hit in hits:
        if hit.pattern == kernel.BOOT:
            boots[id(hit.document)] = max(boots.get(id(hit.document), 0), hit.last.line)
    found = []
    for hit in hits:
        trouble = _TROUBLES.get(hit.pattern)
        before_boot = hit.last.line < boots.get(id(hit.document), 0)
        if trouble is not None and not before_boot and not _old(scene, hit):
            found.append(Said(trouble, next((value for value in hit.key.values() if value), ""), hit))
    return found


def _old(scene: Scene, hit: LogHit) -> bool:
    now, last = scene.as_of, hit.last.when.latest
    return now is not None and last is not None and now - last > OLD


def of(said: Iterable[Said], *troubles: Trouble) -> list[Said]:
    return [one for one in said if one.trouble in troubles]


def nodes_in_trouble(scene: Scene) -> list[Subject]:
    """The nodes whose kernel reports trouble."""
    hosts = dict.fromkeys(scene.host_of(hit.document) for hit in scene.facts(LogHit) if hit.pattern in _TROUBLES)
    return [node for node in hosts if scene.derive(said_by_kernel, node)]


def things(said: Iterable[Said]) -> str:
    """What it is about, in words: "sda and sdb"."""
    return " and ".join(dict.fromkeys(one.about for one in said if one.about)) or "a device"
