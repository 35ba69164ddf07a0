"""Calls to the container runtime do not return: their handlers wait for something else."""

from __future__ import annotations

from kwhy.knowledge.kubelet.relist_waits import RELIST_WAITS
from kwhy.knowledge.runtime.hangs import RUNTIME_HANGS
from kwhy.knowledge.waits.graph import distinct
from kwhy.knowledge.waits.host import HostWaits, host_waits, lasting, minutes, nodes_where
from kwhy.knowledge.waits.kubernetes import cri_handler, each, relist_call
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Gap, Present, Unsure, Verdict
from kwhy.probes.node import CONTAINERD_DUMP, DOCKERD_DUMP
from kwhy.scene.relations import ITSELF, ON_NODE
from kwhy.scene.scene import Scene

CRI_CALL_HANGS = Condition(
    code="runtime.cri-call-hangs",
    kind="Node",
    nature=Nature.EFFECT,
    title="The container runtime of {subject} does not answer {method}: its handler waits for {what}",
    summary="The runtime accepted the kubelet's call and its handler waits.",
)


def _hanging(scene: Scene) -> list[Subject]:
    return nodes_where(scene, lambda host: any(lasting(h.wait) for h in each(host.groups, cri_handler)))


@rule(
    CRI_CALL_HANGS,
    rows=("N4", "N9"),
    leads=(leads_to(RELIST_WAITS, via=ON_NODE), leads_to(RUNTIME_HANGS, via=ITSELF)),
    among=_hanging,
    symptom=True,
)
def cri_call_hangs(node: Subject, host: HostWaits = given(host_waits)) -> Verdict:
    """The runtime's handler of the kubelet's call waits.

    What it means: The runtime is alive; one step of the call hangs.
    How it shows: A goroutine dump of the runtime with the call's handler waiting. With dockershim the handlers run
    inside the kubelet, so the kubelet's own dump shows them.
    What looks like it: The whole runtime is down (connection refused), or one container's lock is held.
    Source: containerd v1.6 pkg/cri/server; Kubernetes v1.9 … v1.23 pkg/kubelet/dockershim; cri-dockerd core.
    """
    wanted = {call.method for call in each(host.of_program("kubelet"), relist_call) if call.method}
    handlers = each(distinct(host.groups), cri_handler)
    fitting = [h for h in handlers if h.method in wanted] or [h for h in handlers if h.method is None]
    if not wanted:
        fitting = fitting or list(handlers)
    if not fitting:
        probes = (CONTAINERD_DUMP.of(node=node.name), DOCKERD_DUMP.of(node=node.name))
        return Unsure((Gap(f"a goroutine dump of the container runtime of {node.name}", probes),))
    first = fitting[0]
    because = tuple(
        Evidence(h.group.at, f"{h.runtime} serves {h.method or 'the call'} and waits for {h.wait.on}{minutes(h.wait)}")
        for h in fitting[:3]
    )
    return Present(
        because, {"method": first.method or " or ".join(sorted(wanted)) or "the call", "what": first.wait.on}
    )
