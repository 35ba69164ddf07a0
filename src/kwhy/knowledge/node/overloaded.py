"""A node has more to do than its processors, or its disk, can do."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.node.load import Load, load_of
from kwhy.knowledge.node.probes_time_out import PROBES_TIME_OUT
from kwhy.knowledge.probe.failures import Failing, failures_of
from kwhy.knowledge.probe.liveness_kills import LIVENESS_KILLS
from kwhy.knowledge.probe.readiness_fails import READINESS_FAILS
from kwhy.model.condition import Condition, Nature
from kwhy.model.probe import Probe
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF, node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

OVERLOADED = Condition(
    code="node.overloaded",
    kind="Node",
    nature=Nature.EFFECT,
    title="{subject} is overloaded: {signs}",
    summary="More tasks want to run than the node has processors, or its processors wait for the disk.",
)

LOAD = Probe(
    "uptime; nproc; grep . /proc/pressure/*; top -b -n 1 | head -40; ps -eo pid,ppid,stat,wchan:20,args",
    unlocks="how busy the node is, and with what",
    where="node {node}",
)


def _late_here(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The node of a pod whose probe times out."""
    if any(failure.failing is Failing.TIMEOUT for failure in scene.derive(failures_of, pod)):
        yield from node_of_pod(scene, pod)


ANSWERS_LATE_ON = Relation("answers its probe too late on", _late_here)


@rule(
    OVERLOADED,
    rows=("N16", "N17"),
    leads=(
        leads_to(PROBES_TIME_OUT, via=ITSELF),
        leads_to(LIVENESS_KILLS, via=ANSWERS_LATE_ON),
        leads_to(READINESS_FAILS, via=ANSWERS_LATE_ON),
    ),
)
def overloaded(node: NodeView, load: Load = given(load_of)) -> Verdict:
    """The node is overloaded.

    What it means: Programs wait for a processor for longer than their probes wait for an answer. Requests of CPU divide
    what there is; what requests little gets little.
    How it shows: More than two tasks per processor in the load average, /proc/pressure/cpu above 50 %, or processors
    that are idle for less than 5 %, or wait for the disk for more than 30 %.
    What looks like it: A load average that counts tasks that wait for a dead NFS server (state D) with idle processors.
    A container at its own CPU limit on an idle node.
    Source: Linux v6.6 kernel/sched/loadavg.c, kernel/sched/psi.c; prometheus/node_exporter docs/node-mixin
    (NodeSystemSaturation).
    """
    busy = [sign for sign in load.signs if "tasks want" not in sign.says]
    if load.signs and (busy or not load.calm):
        return Present(load.signs, {"signs": load.signs[0].says})
    if load.calm:
        return Absent((*load.calm, *load.signs))
    return unsure(f"how busy {node.name} is", LOAD.of(node=node.name))
