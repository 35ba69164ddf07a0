"""Single containers that their runtime does not get past: the derivation behind the rules about stuck containers."""

from __future__ import annotations

import re

import msgspec

from kwhy.facts.kernel import KernelWait, Resource, ThreadStack, blocked_in, wait_of
from kwhy.facts.objects import Pod
from kwhy.facts.processes import ProcessSeen
from kwhy.facts.runtime import RuntimeAnswer, RuntimeContainer, same_id
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

# "/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id 646a3d505d5b… -address …" (containerd 1.4 and later: the id is
# the pod sandbox's); "docker-containerd-shim 3f2a… /var/run/docker/libcontainerd/3f2a…" and "containerd-shim -namespace
# moby -workdir …/moby/3f2a…" (docker 17 to 20: the container's)
_SHIM = re.compile(r"containerd-shim\S{0,20}\s.{0,300}?(?:-id |/)?(?P<id>[0-9a-f]{64})\b")
#: How many parents to follow from a process up to its shim.
_DEPTH = 12


class Held(msgspec.Struct, frozen=True):
    """A process of a container in uninterruptible sleep, and what it waits for in the kernel, if that is shown.

    ``seconds``: for how long at least, as the kernel's hung-task message says.
    """

    process: ProcessSeen
    wait: KernelWait | None
    seconds: int | None
    evidence: tuple[Evidence, ...]


class ContainerState(msgspec.Struct, frozen=True):
    """What is known of one container: calls about it that did not return, and its processes that cannot be woken."""

    id: str
    unanswered: tuple[Evidence, ...]
    held: tuple[Held, ...]


def containers_of(scene: Scene, node: Subject) -> dict[str, ContainerState]:
    """Commands that asked for one container, process lists and kernel stacks of the node"""
    asked: dict[str, list[Evidence]] = {}
    for answer in scene.facts_on(node, RuntimeAnswer):
        if answer.outcome == "timed out" and len(answer.asked) >= len("3f2a9c1d7b6e"):
            says = f"{answer.program} {answer.call} {answer.asked} did not return"
            asked.setdefault(answer.asked, []).append(Evidence(answer.at, says))
    held: dict[str, list[Held]] = {}
    listed = [row for row in scene.facts_on(node, ProcessSeen) if row.tid in (None, row.pid)]
    rows = {(id(row.at.document), row.pid): row for row in listed}
    for row in rows.values():
        if row.uninterruptible and not row.kernel_thread:
            for name in _containers_above(rows, row):
                held.setdefault(name, []).append(_held(scene, node, row))
    served = _sandboxes(scene, node)
    names = list(asked) + [name for name in held if not any(_one(name, other, served) for other in asked)]
    return {
        name: ContainerState(
            name,
            tuple(asked.get(name, ())),
            tuple(h for other, found in held.items() if _one(name, other, served) for h in found),
        )
        for name in names
    }


def _sandboxes(scene: Scene, node: Subject) -> list[tuple[str, str]]:
    """Container and pod sandbox ids that belong together: one shim serves a pod and bears its sandbox's id."""
    return [(c.id, c.pod_id) for c in scene.facts_on(node, RuntimeContainer) if c.pod_id]


def _one(name: str, other: str, served: list[tuple[str, str]]) -> bool:
    return _same(name, other) or any(
        (_same(name, container) and _same(other, sandbox)) or (_same(other, container) and _same(name, sandbox))
        for container, sandbox in served
    )


def _same(one: str, other: str) -> bool:
    return one == other or same_id(one, other)


def _containers_above(rows: dict[tuple[int, int], ProcessSeen], row: ProcessSeen) -> list[str]:
    """The ids that the shim above a process serves."""
    at: ProcessSeen | None = row
    for _ in range(_DEPTH):
        if at is None:
            return []
        match = _SHIM.search(at.command)
        if match:
            return [match["id"]]
        at = rows.get((id(at.at.document), at.ppid)) if at.ppid is not None else None
    return []


def _held(scene: Scene, node: Subject, row: ProcessSeen) -> Held:
    because = [Evidence(row.at, f"process {row.pid} ({row.program}) is in uninterruptible sleep")]
    wait: KernelWait | None = None
    seconds: int | None = None
    for stack in scene.facts_on(node, ThreadStack):
        if row.pid in (stack.pid, stack.tid):
            found = blocked_in(stack)
            if wait is None and not found.idle and found.resource is not Resource.UNKNOWN:
                wait = found
                because.append(Evidence(stack.frame_at(found.function), f"it waits for {found.resource.value}"))
            if stack.blocked_seconds is not None:
                seconds = max(seconds or 0, stack.blocked_seconds)
    if wait is None and row.wchan:
        found = wait_of((row.wchan,), "D")
        wait = found if found.resource is not Resource.UNKNOWN else None
    return Held(row, wait, seconds, tuple(because))


def container_subject(node: Subject, name: str) -> Subject:
    return Subject("Container", name[:12], node=node.name)


def state_of(scene: Scene, container: Subject) -> ContainerState | None:
    """What commands, process lists and stacks show of the container"""
    node = Subject("Node", container.node or "")
    known = scene.derive(containers_of, node)
    return next((state for name, state in known.items() if name[:12] == container.name), None)


def containers_on(scene: Scene, node: Subject) -> list[Subject]:
    """Containers of the node that something does not get past."""
    return [container_subject(node, name) for name in scene.derive(containers_of, node)]


def containers_of_pod(scene: Scene, pod: Subject) -> list[Subject]:
    """The pod's containers that something does not get past."""
    found: list[Subject] = []
    for observation in scene.observations(pod):
        struct = observation.object
        if isinstance(struct, Pod) and isinstance(struct.spec.node_name, str):
            node = Subject("Node", struct.spec.node_name)
            own = _ids(scene, node, struct)
            stuck = scene.derive(containers_of, node)
            found += [container_subject(node, name) for name in stuck if any(_same(name, known) for known in own)]
    return found


def _ids(scene: Scene, node: Subject, pod: Pod) -> list[str]:
    """The ids of a pod's containers and sandboxes."""
    statuses = pod.status.container_statuses
    ids = [s.container_id for s in statuses if isinstance(s.container_id, str)] if isinstance(statuses, list) else []
    known = [c for c in scene.facts_on(node, RuntimeContainer) if c.pod_uid and c.pod_uid == pod.metadata.uid]
    return [name.rpartition("//")[2] for name in ids if name] + [c.pod_id for c in known if c.pod_id]
