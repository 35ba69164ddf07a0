"""Another pod has the host port on every node that a pod may use."""

from __future__ import annotations

from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.knowledge.scheduling.judging import decides
from kwhy.knowledge.scheduling.obstacles import Kind
from kwhy.knowledge.scheduling.placement import Placement, placement
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

HOST_PORT_TAKEN = Condition(
    code="scheduling.host-port-taken",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} wants a host port that is taken on every node it may use",
    summary="Another pod on each node already has the host port.",
    remedies=(
        Remedy(
            id="free-the-port",
            title="Use a Service instead of a host port, or ask for fewer pods than nodes",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See which pods hold host ports.",
                    "kubectl get pods -A -o yaml | grep -B40 hostPort: | grep -E 'name:|hostPort:'",
                ),
                Step(
                    "Drop hostPort from the template, or lower replicas to the number of nodes; a rollout follows.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Set the former values again."),),
        ),
    ),
)


@rule(HOST_PORT_TAKEN, rows=("K1", "P17"), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def host_port_taken(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """Its host port is taken.

    What it means: One pod per node can have a host port; the number of nodes limits the replicas.
    How it shows: Recomputed from hostPort of the pods on each node, or "didn't have free ports for the requested pod
    ports".
    What looks like it: A process outside Kubernetes that listens on the port: the container then fails to bind.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/nodeports/node_ports.go.
    """
    return decides(where, Kind.PORTS, {})
