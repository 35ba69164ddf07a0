"""Pods on two nodes want a volume that only one node may have."""

from __future__ import annotations

from kwhy.knowledge.node.not_ready import not_ready
from kwhy.knowledge.storage.attached_elsewhere import ATTACHED_ELSEWHERE
from kwhy.knowledge.storage.holders import Holder, holders_of, multi_attach, uses_it
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.model.wording import named
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED, PODS
from kwhy.scene.relations import ITSELF, node_of_pod, owner_of
from kwhy.scene.views import NodeView, PodView

SHARED_BETWEEN_NODES = Condition(
    code="storage.shared-between-nodes",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} wants volume {volume} on a second node, while {holder} uses it on {where}{why}",
    summary="The volume can be attached to one node at a time, and pods on two nodes are to use it.",
    remedies=(
        Remedy(
            id="use-it-on-one-node",
            title="Let one pod, or pods on one node, use the volume",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "A Deployment with such a volume must stop the old pod before it starts the new one: set strategy "
                    "Recreate.",
                    'kubectl patch {kind} {name} -n {namespace} -p \'{{"spec":{{"strategy":{{"type":"Recreate",'
                    '"rollingUpdate":null}}}}}}\'',
                ),
                Step("Workloads that share it: keep them on one node by pod affinity, or stop one of them."),
                Step(
                    "Several nodes at once need a volume with access mode ReadWriteMany, or a StatefulSet's own claims."
                ),
            ),
            verify=(
                Step("One node has the volume.", "kubectl get volumeattachments"),
                Step("The pods start.", "kubectl get pods -n {namespace} -o wide"),
            ),
            undo=(Step("Set the former strategy or number of replicas.", "kubectl edit {kind} {name} -n {namespace}"),),
        ),
    ),
)


@rule(SHARED_BETWEEN_NODES, rows=("V2",), leads=(leads_to(ATTACHED_ELSEWHERE, via=ITSELF),))
def shared_between_nodes(pod: PodView, holders: list[Holder] = given(holders_of)) -> Verdict:
    """Pods on two nodes are to use a volume for one node.

    What it means: Nothing is broken: both pods are wanted, and the volume cannot serve both. Often it is one
    Deployment in a rolling update: the new pod waits for the old one, which stays until the new one is ready.
    How it shows: The refusal names a pod that runs on another node that is Ready; or another pod with the same claim
    does.
    What looks like it: The other pod is being deleted, or sits on a node that is not Ready: then that is what keeps
    the volume. An attachment that nothing uses any more.
    Source: Kubernetes v1.34 pkg/controller/volume/attachdetach/reconciler/reconciler.go (reportMultiAttachError).
    """
    scene = pod.scene
    error = multi_attach(scene, pod.subject)
    if error is None:
        return unsure(f"whether a volume of {pod.subject} is attached elsewhere", *pod.probes())
    for holder in holders:
        if holder.at is None:
            continue
        running = uses_it(scene, holder)
        if running is False or holder.node in node_of_pod(scene, pod.subject):
            continue
        if running is None or holder.node is None:
            return unsure(f"where {holder.pod} runs", *PodView(scene, holder.pod).probes())
        node = NodeView(scene, holder.node)
        # A node that nobody showed is taken for well only where its pod is seen to be ready.
        if node.observations and isinstance(not_ready(node), Present):
            return Absent((Evidence(holder.at, f"{holder.pod} is on {holder.node.name}, which is not Ready"),))
        ready = PodView(scene, holder.pod).condition("Ready")
        if not node.observations and not (ready.observed and ready.value is not None and ready.value.status == "True"):
            return unsure(f"whether {holder.node.name} is Ready", *node.probes())
        same = owner_of(scene, holder.pod) == owner_of(scene, pod.subject)
        why = ": its old and new pods overlap" if same else ""
        says = f"{holder.pod} runs on {holder.node.name}"
        because = (error.said.evidence, Evidence(holder.at, says))
        values = {
            "volume": error.volume,
            "holder": named(holder.pod),
            "where": f"node {holder.node.name}",
            "why": why,
        }
        return Present(because, values, since=error.said.since, basis=Basis.RECOMPUTED)
    named_pods = [holder.pod for holder in holders]
    if named_pods and all(holder.at is not None for holder in holders):
        place = next(holder.at for holder in holders if holder.at is not None)
        return Absent((Evidence(place, f"{named_pods[0]} does not go on using it on another node"),))
    if named_pods:
        return unsure(
            f"where {named_pods[0]} runs",
            DESCRIBE_NAMESPACED.of(kind="pod", name=named_pods[0].name, namespace=named_pods[0].namespace),
        )
    return unsure(f"which pods use volume {error.volume}", PODS.of())
