"""Which nodes the packets of a failing connection go through, so that a fault of a node's network may explain it.

Only failures without an answer count: a time-out, a name server that stays silent. What refuses, or answers that there
is no such name, was reached.
"""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.logs import AppErrors, Complaint
from kwhy.facts.netfilter import IptablesTable
from kwhy.facts.network import ConnectAttempt, ConnectOutcome, Link, Neighbour, Route, Sysctl
from kwhy.facts.objects import Pod
from kwhy.knowledge.app.errors import APP_ERRORS, errors_of, lasting
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.node.pods_fail_here import PODS_FAIL_HERE
from kwhy.knowledge.service.consumers import RESOLVES_WITH, calls_of
from kwhy.model.expressions import expression
from kwhy.model.fact import Fact
from kwhy.model.rule import Lead, Relation, leads_to
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import node_of_pod, pods_on, pods_selected
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

#: How connections end whose packets, or whose answers, are lost on the way.
_LOST: frozenset[ConnectOutcome] = frozenset({"timed-out", "failed", "name-not-resolved"})
_LOST_CALLS: frozenset[Complaint] = frozenset({"timeout", "name resolution"})
#: … and of those that the network refuses to carry.
_REFUSED: frozenset[ConnectOutcome] = frozenset({"no-route-to-host"})
_REFUSED_CALLS: frozenset[Complaint] = frozenset({"no route"})
# The name server answered that there is no such name: it was reached (Go, glibc, Node.js, dig, Java).
_ANSWERED_NO = expression(r"no such host|NXDOMAIN|ENOTFOUND|Name or service not known|UnknownHostException")
#: The nodes of so many pods behind a Service are looked at.
MOST_BACKENDS = 20
#: What shows that somebody looked at a node's network.
_NODE_NETWORK: tuple[type[Fact], ...] = (Sysctl, IptablesTable, Neighbour, Route, Link)


def from_pods(scene: Scene, node: Subject) -> list[ConnectAttempt]:
    """Attempts to connect from pods, by the documents of one node.

    One whose command is not shown may come from a pod; one that was typed without naming a namespace does not.
    """
    return [
        attempt
        for attempt in scene.facts_on(node, ConnectAttempt)
        if attempt.netns is not None or attempt.at.document.command is None
    ]


def lost_evidence(attempts: Iterable[ConnectAttempt]) -> list[Evidence]:
    return [Evidence(a.at, f"{a.tool}: {a.said}") for a in attempts if a.outcome in _LOST]


def _home(scene: Scene, attempt: ConnectAttempt, host: Subject) -> Subject:
    """The node whose pod made the attempt: that of the pod where the command names one, else the document's."""
    space = attempt.netns
    if space is not None and space.kind == "pod":
        for node in node_of_pod(scene, Subject("Pod", space.name, space.namespace or "default")):
            return node
    return host


def _of_connection(
    scene: Scene, connection: Subject, outcomes: frozenset[ConnectOutcome], *, pods_only: bool
) -> Iterable[Subject]:
    host = Subject("Node", connection.node or "")
    attempts = from_pods(scene, host) if pods_only else scene.facts_on(host, ConnectAttempt)
    for attempt in attempts:
        name = f"{attempt.address or attempt.host}:{attempt.port}"
        if name == connection.name and attempt.outcome in outcomes:
            yield _home(scene, attempt, host)
            called = scene.derive_once(_pods_by_address).get(attempt.address or attempt.host or "")
            if called is not None:
                yield from node_of_pod(scene, called)


def _pods_by_address(scene: Scene) -> dict[str, Subject]:
    index = {}
    for struct in scene.structs("Pod"):
        if isinstance(struct, Pod) and isinstance(struct.status.pod_ip, str) and struct.status.pod_ip:
            index[struct.status.pod_ip] = Subject("Pod", struct.metadata.name, struct.metadata.namespace or None)
    return index


def _complains(errors: AppErrors, complaints: frozenset[Complaint]) -> bool:
    if errors.served or errors.complaint not in complaints:
        return False
    return not any(_ANSWERED_NO.search(sample.excerpt) for sample in errors.samples[-3:])


def _on_host_network(scene: Scene, pod: Subject) -> bool:
    network = PodView(scene, pod).seen("spec.hostNetwork", lambda p: p.spec.host_network, False)
    return network.observed and network.value


def _shown(scene: Scene, node: Subject) -> bool:
    return any(scene.facts_on(node, kind) for kind in _NODE_NETWORK)


def _of_pod(scene: Scene, pod: Subject, complaints: frozenset[Complaint], *, pods_only: bool) -> Iterable[Subject]:
    """The pod's node, and those of the pods that it calls: as far as their network was looked at."""
    if pod.kind != "Pod" or (pods_only and _on_host_network(scene, pod)):
        return
    complaining = [errors for errors in errors_of(scene, pod) if _complains(errors, complaints)]
    if not complaining:
        return
    nodes = dict.fromkeys(node_of_pod(scene, pod))
    called = {call.service for call in scene.derive(calls_of, pod) if call.service and call.errors in complaining}
    for service in (*sorted(called), *RESOLVES_WITH.find(scene, pod)):
        for backend in scene.derive(pods_selected, service)[:MOST_BACKENDS]:
            nodes.update(dict.fromkeys(node_of_pod(scene, backend)))
    yield from (node for node in nodes if _shown(scene, node))


def called_addresses(scene: Scene, pod: Subject) -> frozenset[str]:
    """Addresses that the pod's failing calls go to: as its log writes them, of the pods behind, of the name servers."""
    calls = scene.derive(calls_of, pod)
    found = {call.address for call in calls if call.address}
    services = {call.service for call in calls if call.service} | set(RESOLVES_WITH.find(scene, pod))
    backends = {backend for service in services for backend in scene.derive(pods_selected, service)[:MOST_BACKENDS]}
    return frozenset(found | {address for backend in backends if (address := address_of(scene, backend))})


def address_of(scene: Scene, pod: Subject) -> str | None:
    """The pod's address; None where it is not shown."""
    for observation in scene.observations(pod):
        address = observation.object.status.pod_ip if isinstance(observation.object, Pod) else None
        if isinstance(address, str) and address:
            return address
    return None


def complaining_pods(scene: Scene, node: Subject) -> list[Subject]:
    """Pods of the node with calls that get no answer."""
    return [
        pod
        for pod in pods_on(scene, node)
        if any(_complains(e, _LOST_CALLS) and (lasting(e) or (e.pod and e.pod.previous)) for e in errors_of(scene, pod))
    ]


def _lost_from_pods(scene: Scene, subject: Subject) -> Iterable[Subject]:
    if subject.kind == "Connection":
        return _of_connection(scene, subject, _LOST, pods_only=True)
    if subject.kind == "Node":
        return [subject] if complaining_pods(scene, subject) else []
    return _of_pod(scene, subject, _LOST_CALLS, pods_only=True)


def _lost(scene: Scene, subject: Subject) -> Iterable[Subject]:
    if subject.kind == "Connection":
        return _of_connection(scene, subject, _LOST, pods_only=False)
    if subject.kind == "Node":
        return [subject] if complaining_pods(scene, subject) else []
    return _of_pod(scene, subject, _LOST_CALLS, pods_only=False)


def _unreachable(scene: Scene, subject: Subject) -> Iterable[Subject]:
    if subject.kind == "Connection":
        return _of_connection(scene, subject, _LOST | _REFUSED, pods_only=False)
    return _of_pod(scene, subject, _LOST_CALLS | _REFUSED_CALLS, pods_only=False)


#: From a connection, a pod or a node to the nodes that forward the packets of pods, which get no answer.
FORWARDED_BY = Relation("sends its packets through", _lost_from_pods)
#: … of pods and of the node itself.
CARRIED_BY = Relation("sends its packets through", _lost)
#: … or which get "no route to host".
REACHED_THROUGH = Relation("is reached through", _unreachable)


def explains_losses(via: Relation) -> tuple[Lead, ...]:
    """What a node that loses packets leads to: failing connections, what programs say of them, programs that end."""
    return tuple(
        leads_to(effect, via=via) for effect in (CONNECTION_FAILS, APP_ERRORS, EXITS_WITH_ERROR, PODS_FAIL_HERE)
    )
