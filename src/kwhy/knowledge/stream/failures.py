"""kubectl logs, exec, attach and port-forward that came to nothing, by the kubelet and by the container they meant."""

from __future__ import annotations

from kwhy.facts.kubectl import StreamFailed, StreamFailure
from kwhy.facts.objects import Node, NodeAddress
from kwhy.model.subject import ANONYMOUS_NODE, Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene

#: Failures on the way from the API server to the kubelet, and those of the container.
TO_KUBELET: frozenset[StreamFailure] = frozenset(
    {"unreachable", "refused", "name", "agent", "no-serving-certificate", "certificate", "forbidden"}
)


def _by_node(scene: Scene) -> dict[Subject, list[StreamFailed]]:
    found: dict[Subject, list[StreamFailed]] = {}
    for failed in scene.facts(StreamFailed):
        if failed.kind in TO_KUBELET:
            found.setdefault(_node_of(scene, failed), []).append(failed)
    return found


def _node_of(scene: Scene, failed: StreamFailed) -> Subject:
    """The node whose kubelet was meant: by the pod, by the address, else by what the message calls it."""
    if failed.pod is not None:
        for node in node_of_pod(scene, failed.pod):
            return node
    if failed.host is not None:
        known = scene.derive_once(_nodes_by_address).get(failed.host)
        return known or Subject("Node", failed.host)
    return Subject("Node", f"{ANONYMOUS_NODE}{failed.at.source}")


def _nodes_by_address(scene: Scene) -> dict[str, Subject]:
    found: dict[str, Subject] = {}
    for struct in scene.structs("Node"):
        addresses = struct.status.addresses if isinstance(struct, Node) else None
        subject = Subject("Node", struct.metadata.name)
        found[subject.name] = subject
        for address in addresses if isinstance(addresses, list) else ():
            if isinstance(address, NodeAddress):
                found.setdefault(address.address, subject)
    return found


def failing_nodes(scene: Scene) -> list[Subject]:
    """The nodes whose kubelets the API server does not get through to."""
    return list(scene.derive_once(_by_node))


def failures_of_node(scene: Scene, node: Subject) -> list[StreamFailed]:
    """What kubectl logs and exec got for containers of the node"""
    return scene.derive_once(_by_node).get(node, [])


def _by_pod(scene: Scene) -> dict[Subject, list[StreamFailed]]:
    found: dict[Subject, list[StreamFailed]] = {}
    for failed in scene.facts(StreamFailed):
        if failed.kind not in TO_KUBELET:
            named = failed.pod or Subject("Document", failed.at.source)
            found.setdefault(_whole_name(scene, named), []).append(failed)
    return found


def _whole_name(scene: Scene, pod: Subject) -> Subject:
    """The pod with its namespace, where the command left that to the context and only one pod has the name."""
    if pod.kind != "Pod" or pod.namespace:
        return pod
    known = scene.subjects_named("Pod", pod.name)
    return known[0] if len(known) == 1 else pod


def failing_pods(scene: Scene) -> list[Subject]:
    """The pods in whose containers kubectl could not run a program."""
    return list(scene.derive_once(_by_pod))


def failures_of_pod(scene: Scene, pod: Subject) -> list[StreamFailed]:
    """What kubectl exec got for containers of the pod"""
    return scene.derive_once(_by_pod).get(pod, [])


def evidence(failed: StreamFailed) -> Evidence:
    verb = f"kubectl {failed.verb}" if failed.verb else "kubectl"
    return Evidence(failed.at, f"{verb} says: {failed.at.excerpt}")
