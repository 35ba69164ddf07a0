"""The API server does not get through to the kubelet of a node. The symptom of kubectl logs and exec."""

from __future__ import annotations

from kwhy.facts.kubectl import StreamFailed
from kwhy.knowledge.stream.failures import evidence, failing_nodes, failures_of_node
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.node import CONNECT
from kwhy.scene.views import NodeView

KUBELET_NOT_REACHED = Condition(
    code="stream.kubelet-not-reached",
    kind="Node",
    nature=Nature.EFFECT,
    title="kubectl {verbs} does not work for pods of {subject}: {words}",
    summary="The API server hands such requests on to the kubelet's port 10250, and gets no stream from there.",
)


@rule(KUBELET_NOT_REACHED, rows=("N18",), among=failing_nodes, symptom=True)
def kubelet_not_reached(node: NodeView, failed: list[StreamFailed] = given(failures_of_node)) -> Verdict:
    """Logs, exec and port-forward fail for all pods of the node.

    What it means: kubectl works, and so does the kubelet's own way to the API server: these requests go the other way,
    from the API server to the kubelet.
    How it shows: kubectl names the kubelet's URL (https://NODE:10250/containerLogs/…) or says "error dialing backend".
    What looks like it: "Forbidden" for pods/log or pods/exec is about the caller's own rights. "container not found"
    and "executable file not found" come from behind the kubelet.
    Source: Kubernetes v1.34 pkg/registry/core/pod/rest/subresources.go, pkg/kubelet/client/kubelet_client.go.
    """
    if not failed:
        return unsure(f"what kubectl logs says for pods of {node.name}", CONNECT.of(node=node.name, port="10250"))
    verbs = " and ".join(dict.fromkeys(one.verb or "logs or exec" for one in failed))
    because = tuple(dict.fromkeys(evidence(one) for one in failed))[:3]
    return Present(because, {"verbs": verbs, "words": failed[0].detail})
