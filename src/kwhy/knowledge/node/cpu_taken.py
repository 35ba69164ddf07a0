"""The processes of one workload, or one program of the node, want all its processors."""

from __future__ import annotations

from kwhy.knowledge.node.load import SATURATED, Runners, processors_of, runners_on
from kwhy.knowledge.node.overloaded import LOAD, OVERLOADED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF, owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

CPU_TAKEN = Condition(
    code="node.cpu-taken",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} has {count} processes on {node} that want to run at once: its {processors} processors are taken",
    summary="One command line makes up most of what wants to run on the node; everything else gets what is left.",
    remedies=(
        Remedy(
            id="stop-or-move",
            title="Stop what takes the processors, or run it elsewhere",
            when="now",
            risk="medium",
            steps=(
                Step("See that it is meant to do this.", "ps -eo pid,ppid,stat,pcpu,args --sort=-pcpu | head -30"),
                Step("Scale a workload down; end a program of the node by its unit."),
            ),
            verify=(Step("The load falls, and no probe times out any more.", "uptime"),),
            undo=(Step("Scale it up again, or start it."),),
        ),
        Remedy(
            id="limit-and-request",
            title="Give it a CPU limit, and give others requests that fit what they need",
            when="lasting",
            risk="low",
            steps=(
                Step("A limit bounds what it takes; a node of its own (taint, affinity) spares the others."),
                Step("Requests of CPU are shares: a pod that requests 2m gets next to nothing where all is wanted."),
                Step("Probes with timeoutSeconds 1 are the first to fail: 3 or 5 s tell a hang from a busy node."),
            ),
            verify=(Step("/proc/pressure/cpu stays low under load.", "cat /proc/pressure/cpu"),),
            undo=(Step("Remove the limit."),),
        ),
    ),
)


def processors(scene: Scene, node: Subject) -> int | None:
    """How many processors the node has"""
    return processors_of(scene, node)


@rule(CPU_TAKEN, rows=("N16", "N17"), leads=(leads_to(OVERLOADED, via=ITSELF),))
def cpu_taken(
    node: NodeView, runners: Runners | None = given(runners_on), count: int | None = given(processors)
) -> Verdict:
    """One workload takes the processors.

    What it means: Its processes compute; they are not what fails.
    How it shows: In the list of processes (ps), more than two per processor with the same command line are in state R,
    and they are most of all that are. A container of a pod on the node asks for this command line.
    What looks like it: Many programs that all do a little. Processes in state D wait for a disk or a server. The
    probes' own processes (runc, exec) in great number.
    Source: Linux proc(5) (state R), procps-ng 4.0 ps(1).
    """
    if runners is None or count is None:
        return unsure(f"which processes run on {node.name}", LOAD.of(node=node.name))
    first = runners.rows[0]
    says = Evidence(
        first.at, f"{len(runners.rows)} of {runners.total} processes that want to run: {runners.command[:80]}"
    )
    if len(runners.rows) <= SATURATED * count or len(runners.rows) * 2 < runners.total:
        return Absent((says,))
    blamed = owner_of(node.scene, runners.pod) if runners.pod else Subject("Process", runners.program, node=node.name)
    values = {"count": len(runners.rows), "processors": count, "node": node.name}
    return Present((says,), values, basis=Basis.RECOMPUTED, blames=blamed)
