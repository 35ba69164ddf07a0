"""The kernel's log says that a container reached its own memory limit, where its status does not."""

from __future__ import annotations

from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.out_of_memory import OOM_KILLED, OUT_OF_MEMORY, memory_limit
from kwhy.knowledge.memory.kills import Kill, kills_in
from kwhy.model.rule import given, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.relations import node_of_pod
from kwhy.scene.views import PodView

_SIGKILL = 137


@rule(OUT_OF_MEMORY, rows=("N14",))
def killed_at_limit(
    pod: PodView, kills: list[Kill] = given(kills_in), endings: list[Ending] = given(endings_of)
) -> Verdict:
    """A process of the container was killed at the container's limit.

    What it means: The kernel killed a process of the container's group, of which the runtime does not always tell: a
    child whose parent then ended with 137 by itself, or a kill that came while the first process was ending.
    How it shows: "oom-kill:constraint=CONSTRAINT_MEMCG" names the pod's group, and the container ended with exit code
    137 without reason OOMKilled.
    What looks like it: CONSTRAINT_NONE: the node's memory was short, not the container's. A kill long before the end.
    Source: Linux v6.6 mm/oom_kill.c (dump_oom_summary), mm/memcontrol.c; containerd v1.6 pkg/cri/server/events.go.
    """
    killed = [ending for ending in endings if ending.code == _SIGKILL and ending.reason != OOM_KILLED]
    if not killed:
        if endings:
            return Absent((endings[0].evidence,))
        return unsure(f"how the containers of {pod.subject} ended", *pod.probes())
    own = [kill for kill in kills if kill.limit == "group"]
    for ending in killed:
        limit = memory_limit(ending.run)
        if own:
            at_limit = Evidence(ending.run.spec_at("resources.limits", f"memory: {limit}"), f"its limit is {limit}")
            because = (ending.evidence, own[-1].evidence, *((at_limit,) if limit else ()))
            return Present(because, {"container": ending.container, "limit": limit or "its group"})
    if kills:
        return Absent((kills[0].evidence,))
    nodes = node_of_pod(pod.scene, pod.subject)
    return unsure(f"whom the kernel killed on the node of {pod.subject}", *(KERNEL_LOG.of(node=n.name) for n in nodes))
