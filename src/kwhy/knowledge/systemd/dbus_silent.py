"""systemd does not answer on D-Bus, and whoever starts containers waits for it."""

from __future__ import annotations

from kwhy.knowledge.kubelet.relist_waits import RELIST_WAITS
from kwhy.knowledge.runtime.cri_call_hangs import CRI_CALL_HANGS
from kwhy.knowledge.waits.graph import distinct
from kwhy.knowledge.waits.host import HostWaits, host_waits, lasting, minutes, nodes_where, waits_of_process
from kwhy.knowledge.waits.kubernetes import cni_exec, dbus_wait, each
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CONTAINERD_DUMP, SYSTEMD_ANSWERS
from kwhy.scene.scene import Scene

DBUS_SILENT = Condition(
    code="systemd.dbus-silent",
    kind="Process",
    nature=Nature.ROOT,
    title="systemd on {node} does not answer on D-Bus: {who} waits for it{since_when}",
    summary="The runtime asked systemd for a unit (a container's cgroup) and got no answer.",
    remedies=(
        Remedy(
            id="reexec-systemd",
            title="Let systemd start itself anew; services and containers keep running",
            when="now",
            risk="low",
            steps=(
                Step("See whether systemd answers at all.", "timeout 10 systemctl list-units --no-pager"),
                Step("Re-execute it.", "systemctl daemon-reexec"),
                Step("Where that hangs too, signal it directly.", "kill -TERM 1"),
            ),
            verify=(
                Step("systemd answers.", "timeout 10 systemctl list-units --no-pager"),
                Step("The node stays Ready for more than ten minutes.", "kubectl get node {node} -w"),
            ),
            undo=(Step("Nothing to undo: systemd keeps its state across re-execution."),),
        ),
        Remedy(
            id="upgrade-systemd",
            title="Upgrade systemd, and keep the number of units low",
            when="lasting",
            risk="medium",
            steps=(
                Step("Upgrade systemd to a version without the fault, and reboot in a maintenance window."),
                Step(
                    "Look for thousands of mount and scope units, which slow it down.", "systemctl list-units | wc -l"
                ),
            ),
            verify=(Step("No goroutine of the runtime waits under go-systemd/dbus."),),
            undo=(Step("Install the former version again."),),
        ),
    ),
)


def _systemd_of(scene: Scene, subject: Subject) -> list[Subject]:
    """The node's systemd, unless dumps show that the calls wait for CNI plugins and nothing waits for D-Bus."""
    node = subject.name if subject.kind == "Node" else subject.node
    host = scene.derive(host_waits, Subject("Node", node or ""))
    if each(host.groups, cni_exec) and not each(host.groups, dbus_wait):
        return []
    return [Subject("Process", "systemd", node=node)]


SYSTEMD_OF = Relation("waits for", _systemd_of)


def _silent(scene: Scene) -> list[Subject]:
    nodes = nodes_where(scene, lambda host: any(lasting(wait) for wait in each(host.groups, dbus_wait)))
    return [Subject("Process", "systemd", node=node.name) for node in nodes]


@rule(
    DBUS_SILENT,
    rows=("N8",),
    leads=(leads_to(CRI_CALL_HANGS, via=SYSTEMD_OF), leads_to(RELIST_WAITS, via=SYSTEMD_OF)),
    among=_silent,
    symptom=True,
)
def dbus_silent(systemd: Subject, host: HostWaits = given(waits_of_process)) -> Verdict:
    """systemd does not answer on D-Bus.

    What it means: With the systemd cgroup driver each container start and stop asks systemd for a scope unit; when its
    D-Bus connection hangs, runc and the runtime hang with it.
    How it shows: Goroutines of runc, the runtime or the kubelet under go-systemd/dbus for minutes.
    What looks like it: systemd that is merely slow through thousands of mount or scope units: waits are seconds.
    Source: coreos/go-systemd v22 dbus/methods.go (startJob); godbus/dbus v5 conn.go; runc libcontainer/cgroups/systemd.
    """
    waits = [w for w in each(distinct(host.groups), dbus_wait) if lasting(w)]
    if waits:
        who = ", ".join(sorted({host.program_of(w.group) for w in waits}))
        because = tuple(
            Evidence(w.group.at, f"{host.program_of(w.group)} waits for systemd's answer{minutes(w)}")
            for w in waits[:4]
        )
        return Present(because, {"who": who, "since_when": minutes(waits[0])})
    whole = [g for g in host.groups if g.dump.whole and host.program_of(g) in ("containerd", "dockerd", "crio")]
    if whole and not each(whole, dbus_wait):
        return Absent((Evidence(whole[0].at, "no goroutine of the runtime waits under go-systemd or dbus"),))
    return unsure(
        f"whether systemd of {systemd.node} answers",
        SYSTEMD_ANSWERS.of(node=systemd.node),
        CONTAINERD_DUMP.of(node=systemd.node),
    )
