"""The way from the API server to the kubelet's port is blocked, while the kubelet works."""

from __future__ import annotations

from kwhy.facts.kubectl import StreamFailed
from kwhy.knowledge.stream.failures import evidence, failures_of_node
from kwhy.knowledge.stream.kubelet_not_reached import KUBELET_NOT_REACHED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import NodeView

PORT_BLOCKED = Condition(
    code="stream.kubelet-port-blocked",
    kind="Node",
    nature=Nature.ROOT,
    title="Nothing that the API server sends to the kubelet of {subject} ({host}:{port}) arrives: {words}",
    summary="The node is Ready, so its kubelet works; packets to its port are dropped on the way or on the node.",
    remedies=(
        Remedy(
            id="open-the-port",
            title="Let the API server reach the kubelet's port",
            when="now",
            risk="low",
            steps=(
                Step("On a control-plane node: does the port answer?", "nc -vz -w 3 {host} {port}"),
                Step("On the node: does a rule drop it?", "iptables-save -c | grep -w {port}"),
                Step(
                    "Allow TCP {port} from the control plane to the node: in the node's firewall, the cloud's security "
                    "group, or a network policy for hosts."
                ),
            ),
            verify=(Step("Logs of a pod there can be read.", "kubectl get --raw /api/v1/nodes/{name}/proxy/healthz"),),
            undo=(Step("Close the port again."),),
        ),
    ),
)


@rule(PORT_BLOCKED, rows=("N18",), leads=(leads_to(KUBELET_NOT_REACHED, via=ITSELF),))
def port_blocked(node: NodeView, failed: list[StreamFailed] = given(failures_of_node)) -> Verdict:
    """The kubelet's port is blocked.

    What it means: A firewall or a security group between control plane and node, or on the node, drops the packets; or
    the API server takes an address of the node that it cannot reach (--kubelet-preferred-address-types).
    How it shows: The connection to port 10250 times out or finds no route, while the node's Ready condition is True:
    the kubelet reaches the API server.
    What looks like it: A refused connection: nothing listens there, so the kubelet does not run or has another port. A
    node that is not Ready either is lost as a whole, or its kubelet hangs.
    Source: Kubernetes v1.34 pkg/kubelet/client/kubelet_client.go (ConnectionInfoGetter); kubernetes.io/docs, Ports and
    Protocols.
    """
    lost = [one for one in failed if one.kind == "unreachable"]
    if not lost:
        if failed:
            return Absent((evidence(failed[0]),))
        return unsure(f"what kubectl logs says for pods of {node.name}")
    ready = node.condition("Ready")
    if not ready.observed or ready.value is None:
        return unsure(f"whether {node.name} is Ready", DESCRIBE.of(kind="node", name=node.name))
    if ready.value.status != "True":
        return Absent((Evidence(ready.place, f"Ready is {ready.value.status}: more than this port is not reached"),))
    one = lost[0]
    values = {"host": one.host or node.name, "port": one.port or 10250, "words": one.detail}
    because = (*dict.fromkeys(evidence(failure) for failure in lost[:2]), Evidence(ready.place, "the node is Ready"))
    return Present(because, values)
