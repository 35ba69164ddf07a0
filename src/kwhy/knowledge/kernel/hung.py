"""Tasks that the kernel of a node reports as blocked for minutes, and what their stacks wait for."""

from __future__ import annotations

import msgspec

from kwhy.facts.kernel import KernelWait, Resource, ThreadStack, blocked_in
from kwhy.knowledge.kernel.trouble import Said, of, said_by_kernel
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene


class Hung(msgspec.Struct, frozen=True):
    """One blocked task: the kernel's message, and the stack below it where that is shown."""

    said: Said
    stack: ThreadStack | None
    wait: KernelWait | None

    @property
    def task(self) -> str:
        return self.said.about

    @property
    def resource(self) -> Resource:
        return self.wait.resource if self.wait is not None else Resource.UNKNOWN

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        if self.stack is None or self.wait is None or self.resource is Resource.UNKNOWN:
            return (self.said.evidence,)
        place = self.stack.frame_at(self.wait.function)
        return (self.said.evidence, Evidence(place, f"{self.task} waits for {self.resource.value}"))


def hung_tasks(scene: Scene, node: Subject) -> list[Hung]:
    """What the kernel of the node says about blocked tasks, with their stacks"""
    stacks = {str(stack.tid or stack.pid): stack for stack in scene.facts_on(node, ThreadStack)}
    found = []
    for said in of(scene.derive(said_by_kernel, node), "hung task"):
        stack = stacks.get(said.key.get("pid", ""))
        found.append(Hung(said, stack, blocked_in(stack) if stack is not None else None))
    return found


def waiting_for(name: str, *resources: Resource) -> Relation:
    """From a node to itself where one of its blocked tasks waits for such a thing, or no stack tells what for."""

    def find(scene: Scene, node: Subject) -> list[Subject]:
        known = {hung.resource for hung in scene.derive(hung_tasks, node)} - {Resource.UNKNOWN}
        return [node] if not known or known & set(resources) else []

    return Relation(name, find)


#: What a disk that answers with errors, or not at all, keeps waiting.
WAITS_FOR_DISK = waiting_for("has tasks that wait for the disk of", Resource.DISK, Resource.JOURNAL, Resource.UNMOUNT)
WAITS_FOR_SERVER = waiting_for("has tasks that wait for a mount of", Resource.NFS, Resource.REMOTE_FILES, Resource.FUSE)
WAITS_FOR_NETWORK_LOCK = waiting_for(
    "has tasks that wait for the network lock of", Resource.RTNL, Resource.NET_NAMESPACE, Resource.DEVICE_RELEASE
)
WAITS_FOR_THAW = waiting_for("has tasks that wait for the thaw of", Resource.FROZEN_FILES)
