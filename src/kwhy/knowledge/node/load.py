"""How busy a node is, by its own figures, and whose processes want its processors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from kwhy.facts.objects import Container, Node, Pod
from kwhy.facts.processes import ProcessSeen, same_program
from kwhy.facts.usage import CpuCount, CpuTime, LoadAverage, Pressure
from kwhy.model.quantity import parse_quantity
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import pods_on
from kwhy.scene.scene import Scene

F = TypeVar("F")

#: More tasks per processor than this want to run on a saturated machine (prometheus/node_exporter docs/node-mixin
#: config.libsonnet, systemSaturationPerCoreThreshold: 2).
SATURATED = 2.0
#: Above this percentage of time, some task waits for the resource more often than not.
PRESSED = 50.0
#: The processors of a machine that is idle for less than this percentage of time are all taken.
IDLE = 5.0
#: Processors that wait for the disk for more than this percentage of time are busy with it.
WAITING = 30.0


class Load(msgspec.Struct, frozen=True):
    """What the node's figures say: ``signs`` of overload, ``calm`` signs of none."""

    signs: tuple[Evidence, ...]
    calm: tuple[Evidence, ...]
    waits_for_disk: bool = False


def load_of(scene: Scene, node: Subject) -> Load:
    """The load average per processor, pressure and processor time of the node (uptime, top, vmstat, /proc/pressure)"""
    signs: list[Evidence] = []
    calm: list[Evidence] = []
    processors = processors_of(scene, node)
    for load in _latest(scene.facts_on(node, LoadAverage)):
        if processors:
            per = load.one / processors
            says = f"{load.one:g} tasks want {processors} processors (5 minutes: {load.five:g}, 15: {load.fifteen:g})"
            (signs if per > SATURATED else calm).append(Evidence(load.at, says))
    for pressure in scene.facts_on(node, Pressure):
        if pressure.resource == "cpu":
            says = f"in {pressure.some[0]:g} % of the last 10 s some task waited for a processor"
            (signs if pressure.some[0] > PRESSED else calm).append(Evidence(pressure.at, says))
    waits = False
    for time in _latest([time for time in scene.facts_on(node, CpuTime) if not time.since_boot]):
        says = f"processors are idle for {time.idle:g} %, wait for the disk for {time.iowait:g} %"
        waits = time.iowait > WAITING
        (signs if time.idle < IDLE or waits else calm).append(Evidence(time.at, says))
    return Load(tuple(signs), tuple(calm), waits)


def _latest(facts: Sequence[F]) -> Sequence[F]:
    """The last of several measurements: the one a person took last."""
    return facts[-1:]


def processors_of(scene: Scene, node: Subject) -> int | None:
    """How many processors the node has, by nproc or its capacity."""
    for count in scene.facts_on(node, CpuCount):
        if not count.contained:
            return count.count
    for observation in scene.observations(node):
        capacity = observation.object.status.capacity if isinstance(observation.object, Node) else None
        cores = parse_quantity(capacity.get("cpu", "")) if isinstance(capacity, dict) else None
        if cores:
            return max(1, int(cores))
    return None


class Runners(msgspec.Struct, frozen=True):
    """Processes with one command line that run or want to. ``pod`` is whose they are; None where no pod asks for it."""

    command: str
    program: str
    rows: tuple[ProcessSeen, ...]
    total: int
    pod: Subject | None


def runners_on(scene: Scene, node: Subject) -> Runners | None:
    """The largest group of the node's processes that run or want to (state R), and whose they are"""
    groups: dict[str, list[ProcessSeen]] = defaultdict(list)
    total = 0
    for row in scene.facts_on(node, ProcessSeen):
        if row.state.startswith("R") and not row.kernel_thread and not row.cut and row.tid is None:
            groups[row.command].append(row)
            total += 1
    if not groups:
        return None
    command, rows = max(groups.items(), key=lambda group: (len(group[1]), group[0]))
    return Runners(command, rows[0].program, tuple(rows), total, _whose(scene, node, command))


def _whose(scene: Scene, node: Subject, command: str) -> Subject | None:
    """The pod of the node that asks for this command line."""
    for pod in pods_on(scene, node):
        for observation in scene.observations(pod):
            containers = observation.object.spec.containers if isinstance(observation.object, Pod) else None
            if isinstance(containers, list) and any(_asks_for(container, command) for container in containers):
                return pod
    return None


def _asks_for(container: Container, command: str) -> bool:
    words = [*_words(container.command), *_words(container.args)]
    asked = " ".join(words)
    if not asked:
        return False
    if asked == command:
        return True
    # An entrypoint of the image comes before the arguments; a program may be shown with its full path.
    own = isinstance(container.command, list)
    return command.endswith(f" {asked}") and (not own or same_program(words[0].rpartition("/")[2], command.split()[0]))


def _words(words: object) -> list[str]:
    return [str(word) for word in words] if isinstance(words, list) else []
