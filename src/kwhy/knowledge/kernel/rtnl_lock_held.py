"""A thread in the kernel holds or waits for the lock of the network configuration."""

from __future__ import annotations

from kwhy.facts.kernel import Resource, ThreadStack, blocked_in
from kwhy.knowledge.cni.daemon_stuck import STUCK_IN_NETLINK
from kwhy.knowledge.kernel.hung import WAITS_FOR_NETWORK_LOCK
from kwhy.knowledge.kernel.tasks_hang import TASKS_HANG
from kwhy.knowledge.waits.host import HostWaits, host_waits
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import ALL_KERNEL_STACKS
from kwhy.scene.relations import ON_NODE

RTNL_BLOCKED = Condition(
    code="kernel.rtnl-blocked",
    kind="Node",
    nature=Nature.ROOT,
    title="On {subject} threads wait in the kernel for {what}",
    summary="The kernel's network configuration is blocked, so netlink requests are not answered.",
    remedies=(
        Remedy(
            id="reboot-after-dump",
            title="Keep all kernel stacks, then drain and reboot the node",
            when="now",
            risk="high",
            steps=(
                Step(
                    "Keep all kernel stacks: the thread that holds the lock is among them.",
                    "echo t > /proc/sysrq-trigger",
                ),
                Step("Drain the node.", "kubectl drain {name} --ignore-daemonsets --delete-emptydir-data"),
                Step("Reboot it."),
            ),
            verify=(Step("The node is Ready and pods get networks.", "kubectl get node {name}"),),
            undo=(Step("Uncordon the node.", "kubectl uncordon {name}"),),
        ),
    ),
)

_BLOCKING = frozenset({Resource.RTNL, Resource.NET_NAMESPACE, Resource.DEVICE_RELEASE})


@rule(
    RTNL_BLOCKED,
    rows=("N7", "N28"),
    leads=(leads_to(STUCK_IN_NETLINK, via=ON_NODE), leads_to(TASKS_HANG, via=WAITS_FOR_NETWORK_LOCK)),
)
def rtnl_blocked(node: Subject, host: HostWaits = given(host_waits)) -> Verdict:
    """The kernel's network lock is blocked.

    What it means: Requests that change links, addresses or routes wait for rtnl_lock; who waits in recvfrom for their
    answers is a victim.
    How it shows: Threads in rtnl_lock, copy_net_ns, cleanup_net or netdev_wait_allrefs.
    What looks like it: One thread in netlink_recvmsg and none in these functions: the kernel is not busy with it.
    Source: Linux v6.6 net/core/rtnetlink.c (rtnl_lock), net/core/net_namespace.c (copy_net_ns, cleanup_net).
    """
    blocked = [(s, blocked_in(s)) for s in host.stacks if blocked_in(s).resource in _BLOCKING]
    if blocked:
        because = tuple(
            Evidence(s.frame_at(w.function), f"thread {s.tid or s.pid} of {s.program} waits for {w.resource.value}")
            for s, w in blocked[:4]
        )
        return Present(because, {"what": blocked[0][1].resource.value})
    if _covers_host(host.stacks):
        return Absent((Evidence(host.stacks[0].at, "no thread of any program shown waits for the network lock"),))
    return unsure(f"the kernel stacks of all threads of {node.name}", ALL_KERNEL_STACKS.of(node=node.name))


def _covers_host(stacks: tuple[ThreadStack, ...]) -> bool:
    """Whether the stacks are those of the whole host: kernel threads are among them."""
    return any(s.program.startswith(("kworker", "ksoftirqd", "kthreadd", "rcu_")) for s in stacks)
