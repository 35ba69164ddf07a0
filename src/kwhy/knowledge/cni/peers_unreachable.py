"""What the network plugin's own health checks reach, from node to node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from kwhy.facts.cni_health import PeerReport
from kwhy.facts.objects import Node
from kwhy.knowledge.net.losing import FORWARDED_BY, explains_losses
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.host_network import PEERS
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene

NODE_CUT_OFF = Condition(
    code="cni.node-cut-off",
    kind="Node",
    nature=Nature.EFFECT,
    title="{subject} is cut off from the pods of other nodes, as {agent} checks it: {how}",
    summary="Health checks of the network plugin between this node and all others fail, and between the others pass.",
)
PATH_BROKEN = Condition(
    code="cni.path-broken",
    kind="Node",
    nature=Nature.EFFECT,
    title="{subject} does not reach {peers} in the network of {agent}{detail}, although others do",
    summary="Both nodes are reached from elsewhere: what fails is the way between the two.",
)


class Checks(msgspec.Struct, frozen=True):
    """Health checks that concern a node. ``made``: by it, of others, with their nodes; ``of_it``: by others, of it.

    ``alive``: peers that another reporter reaches; ``trusted``: reporters of this node that reach some other peer.
    """

    made: tuple[tuple[Subject, PeerReport], ...]
    of_it: tuple[tuple[Subject, PeerReport], ...]
    alive: frozenset[Subject]
    trusted: frozenset[Subject]


def _reporter(scene: Scene, reports: list[PeerReport]) -> Subject:
    """The node whose agent printed a list: the one marked as local, else that of the pod in the command."""
    for report in reports:
        if report.local and report.name is not None:
            return _node(scene, report)
    space = reports[0].netns
    if space is not None and space.kind == "pod":
        for node in node_of_pod(scene, Subject("Pod", space.name, space.namespace or "kube-system")):
            return node
    return scene.host_of(reports[0].at.document)


def _nodes_by_address(scene: Scene) -> dict[str, Subject]:
    index = {}
    for struct in scene.structs("Node"):
        addresses = struct.status.addresses if isinstance(struct, Node) else None
        for address in addresses if isinstance(addresses, list) else ():
            index[address.address] = Subject("Node", struct.metadata.name)
    return index


def _node(scene: Scene, report: PeerReport) -> Subject:
    known = scene.derive_once(_nodes_by_address).get(report.address or "")
    return known or Subject("Node", report.name or report.address or "unknown")


def _matrix(scene: Scene) -> dict[Subject, list[tuple[Subject, PeerReport]]]:
    """What each agent says of each peer, by the reporting node; of several lists of one, the last."""
    by_document: dict[int, list[PeerReport]] = defaultdict(list)
    for report in scene.facts(PeerReport):
        by_document[id(report.at.document)].append(report)
    matrix = {}
    for reports in by_document.values():
        reporter = _reporter(scene, reports)
        matrix[reporter] = [(_node(scene, report), report) for report in reports if not report.local]
    return matrix


def checks_of(scene: Scene, node: Subject) -> Checks:
    """What the network plugin's agents reach (cilium-health status, calicoctl node status)"""
    matrix = scene.derive_once(_matrix)
    of_it = [(who, r) for who, reports in matrix.items() for peer, r in reports if peer == node and who != node]
    others = [(who, peer, r) for who, reports in matrix.items() for peer, r in reports if node not in (who, peer)]
    return Checks(
        tuple(matrix.get(node, ())),
        tuple(of_it),
        frozenset(peer for _, peer, report in others if report.reached),
        frozenset(who for who, _, report in others if report.reached),
    )


def _unreached(scene: Scene) -> Iterable[Subject]:
    """The nodes of both ends of every check that fails."""
    for reporter, reports in scene.derive_once(_matrix).items():
        for peer, report in reports:
            if report.reached is False:
                yield reporter
                yield peer


def _checked(scene: Scene, subject: Subject) -> Iterable[Subject]:
    """Nodes as in FORWARDED_BY, where some agent's checks are shown."""
    return FORWARDED_BY.find(scene, subject) if scene.facts(PeerReport) else ()


CHECKED_ON = Relation("sends its packets through", _checked)


@rule(
    NODE_CUT_OFF,
    rows=("N31",),
    leads=explains_losses(CHECKED_ON),
    among=_unreached,
    symptom=True,
)
def node_cut_off(node: Subject, checks: Checks = given(checks_of)) -> Verdict:
    """The node is cut off in the plugin's network.

    What it means: Pods of this node and pods of others do not reach each other; Services and names that live elsewhere
    fail here, and what lives here fails elsewhere.
    How it shows: The agents' own list of peers: this node reaches none of several others, or every other node that
    reaches somebody else does not reach this one.
    What looks like it: One pair of nodes that do not reach each other is a broken path between them. A host that does
    not answer while its endpoints do has a closed health port (ICMP, TCP 4240), and its pods are well. Of a list with
    one peer only, either end may be at fault.
    Source: cilium pkg/health (probes of hosts and endpoints); calico BIRD (a BGP session per node of the mesh).
    """
    failed_here = [report for _, report in checks.made if report.reached is False]
    of_it_failed = [report for who, report in checks.of_it if report.reached is False and who in checks.trusted]
    reached = [report for _, report in checks.of_it if report.reached]
    reaches = [report for _, report in checks.made if report.reached]
    if reached or reaches:
        seen = (reached or reaches)[0]
        return Absent((Evidence(seen.at, "it and another node reach each other"),))
    if len(failed_here) > 1:
        how = f"it reaches none of {len(failed_here)} peers{_detail(failed_here)}"
        because = tuple(Evidence(r.at, f"{_named(r)} is not reached") for r in (*failed_here, *of_it_failed)[:4])
        return Present(because, {"agent": failed_here[0].agent, "how": how}, basis=Basis.STATED)
    if of_it_failed:
        count = len(of_it_failed)
        who = f"{count} nodes that reach others do" if count > 1 else "a node that reaches others does"
        how = f"{who} not reach it{_detail(of_it_failed)}"
        because = tuple(Evidence(r.at, f"{_named(r)} is not reached") for r in of_it_failed[:4])
        return Present(because, {"agent": of_it_failed[0].agent, "how": how}, basis=Basis.STATED)
    return unsure(f"what the network plugin of {node.name} and of its peers reach", PEERS.of(node=node.name))


@rule(PATH_BROKEN, rows=("N31",), among=_unreached, symptom=True)
def path_broken(node: Subject, checks: Checks = given(checks_of)) -> Verdict:
    """One node does not reach another that others reach.

    What it means: Both agents work: look at what lies between the two (a firewall of one for the other's address, a
    route, a wrong entry for the peer's tunnel end).
    How it shows: This node's list of peers has some that answer and one that does not, and another node's list has
    that one as reached.
    What looks like it: A peer that nobody reaches is cut off itself.
    Source: as for nodes that are cut off.
    """
    failed = [(peer, report) for peer, report in checks.made if report.reached is False and peer in checks.alive]
    if failed and any(report.reached for _, report in checks.made):
        names = " and ".join(peer.name for peer, _ in failed[:3])
        because = tuple(Evidence(report.at, f"{_named(report)} is not reached from here") for _, report in failed[:3])
        detail = _detail([report for _, report in failed])
        values = {"peers": names, "agent": failed[0][1].agent, "detail": detail}
        return Present(because, values, basis=Basis.STATED)
    if checks.made:
        return Absent((Evidence(checks.made[0][1].at, "no peer that others reach is out of its reach"),))
    return unsure(f"which peers the network plugin of {node.name} reaches", PEERS.of(node=node.name))


def _named(report: PeerReport) -> str:
    return report.name or report.address or "a peer"


def _detail(reports: Iterable[PeerReport]) -> str:
    words = dict.fromkeys(report.detail for report in reports if report.detail)
    return f" ({next(iter(words))})" if words else ""
