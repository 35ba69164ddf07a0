"""The daemon behind the CNI plugins does not get on: its handlers queue at a lock."""

from __future__ import annotations

from kwhy.knowledge.cni.plugins_wait import PLUGINS_WAIT
from kwhy.knowledge.runtime.cri_call_hangs import CRI_CALL_HANGS
from kwhy.knowledge.waits.host import HostWaits, hangs, host_waits, programs_where, waits_of_process
from kwhy.knowledge.waits.locks import LockQueue
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CNI_CONFIG, PPROF_DUMP, PROCESSES
from kwhy.scene.scene import Scene

DAEMON_HUNG = Condition(
    code="cni.daemon-hung",
    kind="Process",
    nature=Nature.EFFECT,
    title="CNI daemon {subject} does not get on: {waiters} goroutines wait for one lock{since_when}",
    summary="Requests of the CNI plugins queue at a lock inside their daemon.",
)


#: The expected daemon, as long as nothing tells which CNI plugin the node uses.
UNNAMED_DAEMON = "the CNI daemon"


def _daemons(scene: Scene, node: Subject) -> list[Subject]:
    """The daemons behind the node's CNI plugins, also where no dump of them exists."""
    host = scene.derive(host_waits, node)
    names = host.daemons or (() if host.plugin_names else (UNNAMED_DAEMON,))
    return [Subject("Process", name, node=node.name) for name in names]


CALLS_DAEMON = Relation("waits for", _daemons)


def queue_of(host: HostWaits, program: str) -> LockQueue | None:
    """The longest lock queue of a program."""
    queues = [queue for _, queue in host.graph.queues if any(g in host.of_program(program) for g in queue.groups)]
    return max(queues, key=lambda queue: queue.waiters, default=None)


def _queueing(scene: Scene) -> list[Subject]:
    return programs_where(scene, lambda host, program: (queue := queue_of(host, program)) is not None and hangs(queue))


@rule(
    DAEMON_HUNG,
    rows=("N5", "N6"),
    leads=(leads_to(PLUGINS_WAIT, via=CALLS_DAEMON), leads_to(CRI_CALL_HANGS, via=CALLS_DAEMON)),
    among=_queueing,
    symptom=True,
)
def daemon_hung(daemon: Subject, host: HostWaits = given(waits_of_process)) -> Verdict:
    """The daemon's handlers queue at a lock.

    What it means: Whoever holds the lock decides; the waiters are victims.
    How it shows: Goroutines of the daemon in Mutex.Lock or semacquire with one lock address, or in methods of one type.
    What looks like it: A convoy with progress: waits are short and spread, and the holder runs. A second dump after ten
    seconds tells: the same goroutines stand there in a hang.
    Source: Go runtime/sema.go, sync/mutex.go; minutes are a lower bound (runtime/traceback.go, goroutineheader).
    """
    if daemon.name == UNNAMED_DAEMON:
        probes = (PROCESSES.of(node=daemon.node), CNI_CONFIG.of(node=daemon.node))
        return unsure(f"which CNI plugin {daemon.node} uses, and its daemon", *probes)
    queue = queue_of(host, daemon.name)
    if queue is None or (queue.waiters < 2 and queue.holder is None):
        whole = [g for g in host.of_program(daemon.name) if g.dump.whole]
        if whole and not host.waits(daemon.name):
            return Absent((Evidence(whole[0].at, "no goroutine of it waits out of the ordinary"),))
        return unsure(f"a goroutine dump of {daemon.name}", PPROF_DUMP.of(name=daemon.name, node=daemon.node))
    if queue.flow == "moving":
        holder = queue.holder
        place = holder.group.at if holder else queue.groups[0].at
        return Absent((Evidence(place, "the lock's holder runs: the queue moves"),))
    oldest = f", the oldest for at least {queue.oldest_minutes} minutes" if queue.oldest_minutes else ""
    because = [Evidence(queue.groups[0].at, f"{queue.waiters} goroutines wait for the same lock{oldest}")]
    if queue.holder is not None:
        because.append(Evidence(queue.holder.group.at, f"the likely holder: it {queue.holder.proof.words}"))
    return Present(tuple(because), {"waiters": queue.waiters, "since_when": oldest})
