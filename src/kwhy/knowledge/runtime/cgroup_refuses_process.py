"""The kernel refuses to move a process of an exec or a probe into the container's control group."""

from __future__ import annotations

import msgspec

from kwhy.facts.hosts import KernelRelease
from kwhy.facts.objects import Node
from kwhy.knowledge.container.runs import Statement, event_messages
from kwhy.knowledge.probe.asked import restarting, unreadying
from kwhy.knowledge.probe.failures import Failing
from kwhy.knowledge.probe.liveness_kills import LIVENESS_KILLS
from kwhy.knowledge.probe.readiness_fails import READINESS_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

CGROUP_REFUSES_PROCESS = Condition(
    code="runtime.cgroup-refuses-process",
    kind="Pod",
    nature=Nature.ROOT,
    title="The kernel of {subject} ({release}) refuses to move processes into control groups ({controller}): exec and "
    "exec probes fail",
    summary="Kernels before 4 refuse this under conditions that later ones do not know; the program is not at fault.",
    remedies=(
        Remedy(
            id="move-the-pods",
            title="Move the pods to a node with a newer kernel; ask with HTTP or TCP instead of exec until then",
            when="now",
            risk="medium",
            steps=(
                Step("Cordon the node and let the pods be made elsewhere.", "kubectl cordon {name}"),
                Step("Use httpGet or tcpSocket for the probes: they start no process in the container."),
            ),
            verify=(Step("No new event Unhealthy with this message.", "kubectl events -A --types=Warning"),),
            undo=(Step("Let pods on the node again.", "kubectl uncordon {name}"),),
        ),
        Remedy(
            id="newer-kernel",
            title="Run a kernel of version 4 or later on the node",
            when="lasting",
            risk="medium",
            steps=(Step("Update the node's operating system, and all other nodes with the same kernel.", "uname -r"),),
            verify=(Step("The node reports the new kernel.", "kubectl get node {name} -o wide"),),
            undo=(Step("Boot the former kernel."),),
        ),
    ),
)

# adding pid 30968 to cgroups caused \"failed to write 30968 to cgroup.procs: write /sys/fs/cgroup/cpu,cpuacct/kubepods…
# /cgroup.procs: invalid argument\" (opencontainers/runc 1.0-rc, libcontainer/process_linux.go, cgroups/utils.go)
_REFUSED = expression(
    r"adding pid \d{1,10} to cgroups.{0,80}?failed to write \d{1,10} to cgroup\.procs: write "
    r"/sys/fs/cgroup/(?P<controller>[\w,]{1,60})/\S{1,600}/(?:cgroup\.procs|tasks): (?P<error>[a-z][a-z ]{3,60})"
)
KERNEL = Probe(
    "uname -r; docker info 2>/dev/null | grep -i cgroup; grep -i cgroupDriver /var/lib/kubelet/config.yaml",
    unlocks="the kernel, and the cgroup drivers of kubelet and runtime",
    where="node {node}",
)


class Refusal(msgspec.Struct, frozen=True):
    """The controller and the error with which a process was refused."""

    controller: str
    error: str
    said: Statement


def refusals_of(scene: Scene, pod: Subject) -> list[Refusal]:
    """Events of the pod that say that a process could not be added to its control group, newest first"""
    found = []
    for said in event_messages(scene, pod, "Unhealthy", "ProbeWarning", "Failed", "FailedPostStartHook"):
        match = _REFUSED.search(said.text)
        if match is not None:
            found.append(Refusal(match["controller"], match["error"].strip(), said))
    return found


def kernel_of(scene: Scene, pod: Subject) -> tuple[str, Evidence] | None:
    """The kernel of the pod's node"""
    for node in node_of_pod(scene, pod):
        for observation in scene.observations(node):
            info = observation.object.status.node_info if isinstance(observation.object, Node) else None
            version = getattr(info, "kernel_version", None)
            if isinstance(version, str) and version:
                place = observation.field_at("status.nodeInfo.kernelVersion", f"kernelVersion: {version}")
                return version, Evidence(place, f"the kernel of {node.name} is {version}")
        for fact in scene.facts_on(node, KernelRelease):
            return fact.release, Evidence(fact.at, f"the kernel of {node.name} is {fact.release}")
    return None


@rule(
    CGROUP_REFUSES_PROCESS,
    rows=("N19",),
    leads=(
        leads_to(LIVENESS_KILLS, via=restarting(Failing.OTHER)),
        leads_to(READINESS_FAILS, via=unreadying(Failing.OTHER)),
    ),
)
def cgroup_refuses_process(
    pod: PodView,
    refusals: list[Refusal] = given(refusals_of),
    kernel: tuple[str, Evidence] | None = given(kernel_of),
) -> Verdict:
    """The kernel refuses a process its control group.

    What it means: An exec and an exec probe start a process and move it into the container's groups. Where that fails
    nothing was asked of the program at all.
    How it shows: "adding pid … to cgroups caused failed to write … invalid argument" in the probe's event, and a node
    whose kernel is older than version 4.
    What looks like it: "no such file or directory": the container was just being removed. With a newer kernel: a
    realtime process in a group without a realtime budget, an empty cpuset ("no space left on device"), kubelet and
    runtime with different cgroup drivers.
    Source: opencontainers/runc v1.0.0-rc libcontainer/process_linux.go; Linux v3.10 kernel/sched/core.c
    (cpu_cgroup_can_attach).
    """
    nodes = node_of_pod(pod.scene, pod.subject)
    ask = KERNEL.of(node=nodes[0].name if nodes else None)
    if not refusals:
        said = event_messages(pod.scene, pod.subject, "Unhealthy", "ProbeWarning")
        return Absent((said[0].evidence,)) if said else unsure(f"how the probes of {pod.subject} fail", *pod.probes())
    refusal = refusals[0]
    if refusal.error != "invalid argument":
        return Absent((refusal.said.evidence,))
    if kernel is None:
        return unsure(f"the kernel of the node of {pod.subject}", ask)
    major = kernel[0].partition(".")[0]
    if not major.isdecimal() or int(major) >= 4:
        return unsure(f"why a kernel {kernel[0]} refuses a process its control group", ask)
    values = {"release": kernel[0], "controller": refusal.controller}
    because = (refusal.said.evidence, kernel[1])
    return Present(because, values, basis=Basis.INFERRED, blames=nodes[0] if nodes else None)
