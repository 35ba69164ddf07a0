"""The CNI daemon waits in the kernel for an answer that does not come, while others wait for it."""

from __future__ import annotations

from kwhy.facts.kernel import Resource, ThreadStack, blocked_in
from kwhy.knowledge.cni.daemon_hung import CALLS_DAEMON, DAEMON_HUNG, UNNAMED_DAEMON, queue_of
from kwhy.knowledge.cni.plugins_wait import PLUGINS_WAIT
from kwhy.knowledge.runtime.cri_call_hangs import CRI_CALL_HANGS
from kwhy.knowledge.waits.host import HostWaits, programs_where, waits_of_process
from kwhy.knowledge.waits.locks import LockQueue
from kwhy.knowledge.waits.wait import Wait, WaitKind
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import KERNEL_STACKS, PPROF_DUMP, PROCESSES
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

_RESTART = Remedy(
    id="restart-the-daemon",
    title="Restart {name} on {node}, after keeping a dump",
    when="now",
    risk="medium",
    steps=(
        Step("Keep what shows the fault: dump the goroutines and kernel stacks of {name} again, ten seconds apart."),
        Step(
            "Restart it: delete its pod (its DaemonSet starts a new one), or restart its unit. Running pods keep their "
            "network; until it is back no pod network is set up or torn down on {node}.",
            "kubectl delete pod -n kube-system POD-OF-{name}-ON-{node}",
        ),
    ),
    verify=(
        Step("The waiting plugin processes are gone.", "ps -eo etime,args | grep /opt/cni/bin/ | grep -v grep"),
        Step("The node stays Ready for more than ten minutes.", "kubectl get node {node} -w"),
        Step("Pods on the node start.", "kubectl get pods -A -o wide --field-selector spec.nodeName={node}"),
    ),
    undo=(Step("Nothing to undo: the daemon reads its state anew at start."),),
)
_TIMEOUT = Remedy(
    id="receive-timeout",
    title="Give the daemon's netlink sockets a receive timeout",
    when="lasting",
    risk="low",
    steps=(
        Step("Upgrade {name} to a version that sets a timeout on its netlink sockets and releases its lock on error."),
        Step("Its authors set one with netlink.SetSocketTimeout (vishvananda/netlink) or SO_RCVTIMEO."),
    ),
    verify=(Step("After an upgrade, no goroutine waits in recvfrom for more than the timeout."),),
    undo=(Step("Go back to the version before.", "kubectl rollout undo daemonset/NAME -n kube-system"),),
)

STUCK_IN_NETLINK = Condition(
    code="cni.daemon-stuck-in-netlink",
    kind="Process",
    nature=Nature.ROOT,
    title="{subject} waits for a netlink answer of the kernel{since_when}{holds}",
    summary="The daemon behind the CNI plugins waits in recvfrom on a netlink socket without a timeout.",
    remedies=(_RESTART, _TIMEOUT),
)
STUCK_IN_SYSCALL = Condition(
    code="cni.daemon-stuck-in-system-call",
    kind="Process",
    nature=Nature.ROOT,
    title="{subject} waits in system call {call}{since_when}{holds}",
    summary="The daemon behind the CNI plugins waits in a blocking system call; for what, is not shown.",
    remedies=(_RESTART,),
)

#: A goroutine that waits this long for a netlink answer is stuck (minutes): the kernel answers in milliseconds.
STUCK_MINUTES = 2


def _suspects(scene: Scene) -> list[Subject]:
    """Programs of which a dump shows a goroutine in a system call for an answer."""
    return programs_where(scene, lambda host, program: bool(host.blocked_outside(program)))


_LEADS = (
    leads_to(PLUGINS_WAIT, via=CALLS_DAEMON),
    leads_to(CRI_CALL_HANGS, via=CALLS_DAEMON),
    leads_to(DAEMON_HUNG, via=ITSELF),
)


@rule(
    STUCK_IN_NETLINK,
    rows=("N7",),
    leads=(*_LEADS, leads_to(STUCK_IN_SYSCALL, via=ITSELF)),
    among=_suspects,
    symptom=True,
)
def stuck_in_netlink(daemon: Subject, host: HostWaits = given(waits_of_process)) -> Verdict:
    """The daemon waits for a netlink answer.

    What it means: The kernel did not answer a request, or the daemon waits for an answer that the kernel never sends
    (a request without NLM_F_ACK succeeds silently); without a receive timeout it waits for ever, with its lock held.
    How it shows: A goroutine in recvfrom under a netlink library's request, for minutes or with others queued behind
    its lock; or a goroutine in recvfrom whose thread stands in netlink_recvmsg (tied by the buffer's address).
    What looks like it: A subscription waits for announcements and rests. Another thread holds rtnl_lock: then the
    kernel itself is busy, and that thread is the one to find.
    Source: vishvananda/netlink v1 nl/nl_linux.go (NetlinkRequest.Execute, NetlinkSocket.Receive); Linux v6.6
    net/netlink/af_netlink.c (netlink_recvmsg, netlink_ack).
    """
    if daemon.name == UNNAMED_DAEMON:
        return _unnamed(daemon)
    for wait in host.blocked_outside(daemon.name):
        thread = host.thread_behind(wait)
        in_netlink = thread is not None and blocked_in(thread).resource is Resource.NETLINK
        queue = _queue_behind(host, daemon, wait)
        if (wait.kind is WaitKind.NETLINK or in_netlink) and _stuck(wait, queue):
            return _present(host, daemon, wait, queue, thread if in_netlink else None)
    threads = [t for t in host.stacks_of(daemon.name) if blocked_in(t).resource is Resource.NETLINK]
    if not host.of_program(daemon.name) or threads:
        return unsure(f"a goroutine dump of {daemon.name}", PPROF_DUMP.of(name=daemon.name, node=daemon.node))
    if any(w.kind is WaitKind.SOCKET for w in host.blocked_outside(daemon.name)) and not host.stacks_of(daemon.name):
        return unsure(f"kernel stacks of {daemon.name}", KERNEL_STACKS.of(name=daemon.name, node=daemon.node))
    if any(g.dump.whole for g in host.of_program(daemon.name)):
        return Absent((Evidence(host.of_program(daemon.name)[0].at, "no goroutine of it waits for a netlink answer"),))
    return unsure(f"a whole goroutine dump of {daemon.name}", PPROF_DUMP.of(name=daemon.name, node=daemon.node))


@rule(STUCK_IN_SYSCALL, rows=("N7",), leads=_LEADS, among=_suspects, symptom=True)
def stuck_in_system_call(daemon: Subject, host: HostWaits = given(waits_of_process)) -> Verdict:
    """The daemon waits in a blocking system call while it holds a lock.

    What it means: Every request needs the lock, so none is served.
    How it shows: The lock's likely holder stands in a blocking system call.
    What looks like it: A call that is merely slow: a second dump after ten seconds tells.
    Source: Go runtime/proc.go (entersyscall), syscall package.
    """
    if daemon.name == UNNAMED_DAEMON:
        return _unnamed(daemon)
    for wait in host.blocked_outside(daemon.name):
        queue = _queue_behind(host, daemon, wait)
        if queue is not None:
            return _present(host, daemon, wait, queue, host.thread_behind(wait))
    whole = [g for g in host.of_program(daemon.name) if g.dump.whole]
    if whole and not host.blocked_outside(daemon.name):
        return Absent((Evidence(whole[0].at, "no goroutine of it waits in a system call"),))
    return unsure(f"a goroutine dump of {daemon.name}", PPROF_DUMP.of(name=daemon.name, node=daemon.node))


def _unnamed(daemon: Subject) -> Verdict:
    return unsure(f"which CNI plugin {daemon.node} uses, and a dump of its daemon", PROCESSES.of(node=daemon.node))


def _queue_behind(host: HostWaits, daemon: Subject, wait: Wait) -> LockQueue | None:
    """The queue whose likely holder is the waiting goroutine."""
    queue = queue_of(host, daemon.name)
    return queue if queue is not None and queue.holder is not None and queue.holder.group is wait.group else None


def _stuck(wait: Wait, queue: LockQueue | None) -> bool:
    return queue is not None or (wait.at_least_minutes or 0) >= STUCK_MINUTES


def _present(
    host: HostWaits, daemon: Subject, wait: Wait, queue: LockQueue | None, thread: ThreadStack | None
) -> Present:
    group = wait.group
    since_when = f" for at least {wait.at_least_minutes} minutes" if wait.at_least_minutes else ""
    what = wait.call.method if wait.call is not None and wait.call.method else wait.system_call
    locked = ", locked to its thread" if group.locked_to_thread else ""
    because = [Evidence(group.at, f"a goroutine waits in {what}{since_when}{locked}")]
    holds = ""
    if thread is not None:
        waits = blocked_in(thread)
        which = "its thread waits" if host.tied(wait, thread) else f"a thread of {daemon.name}, the only such, waits"
        because.append(Evidence(thread.frame_at(waits.function), f"{which} in the kernel for {waits.resource.value}"))
    if queue is not None:
        holds = f" and holds the lock that {queue.waiters} others wait for"
        oldest = f", the oldest for at least {queue.oldest_minutes} minutes" if queue.oldest_minutes else ""
        words = queue.holder.proof.words if queue.holder is not None else ""
        because.append(
            Evidence(queue.groups[0].at, f"{queue.waiters} goroutines wait for the lock{oldest}; the holder {words}")
        )
    taken = group.dump.taken.latest
    began = taken - wait.at_least_minutes * 60 if taken is not None and wait.at_least_minutes else taken
    values = {"since_when": since_when, "holds": holds, "call": wait.system_call or "recvfrom"}
    return Present(tuple(because), values, since=Moment(None, began))
