"""A DaemonSet wants no pod at all, because no node is one that it runs on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kwhy.facts.objects import DaemonSet, LabelSelector, ObjectMeta, Pod, Taint, Toleration
from kwhy.knowledge.scheduling.fit import required_terms, selector_refuses, taint_text, tolerates
from kwhy.knowledge.service.no_ready_endpoints import NO_READY_ENDPOINTS
from kwhy.knowledge.workload.templates import template_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import NODES
from kwhy.scene.relations import label_selector_matches
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView, ServiceView, WorkloadView

FITS_NO_NODE = Condition(
    code="workload.daemonset-fits-no-node",
    kind="DaemonSet",
    nature=Nature.ROOT,
    title="{subject} runs on no node: {why}",
    summary="Its node selector, affinity or tolerations leave no node, so it wants no pod: nothing is Pending.",
    remedies=(
        Remedy(
            id="let-it-on-the-nodes",
            title="Correct the node selector or the tolerations, or label the nodes",
            when="now",
            risk="low",
            steps=(
                Step("Compare with what the nodes have.", "kubectl get nodes --show-labels"),
                Step("Correct the template.", "kubectl edit daemonset {name} -n {namespace}"),
                Step("Or give the nodes the label that it asks for.", "kubectl label node NODE {label}"),
            ),
            verify=(Step("DESIRED counts the nodes.", "kubectl get daemonset {name} -n {namespace}"),),
            undo=(Step("Return to the former template.", "kubectl rollout undo daemonset/{name} -n {namespace}"),),
        ),
    ),
)  # fmt: skip

#: Taints that the DaemonSet controller tolerates for its pods (Kubernetes v1.34 pkg/controller/daemon/util
#: daemonset_util.go AddOrUpdateDaemonPodTolerations).
_TOLERATED = (
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/network-unavailable",
)


def _by_namespace(scene: Scene) -> dict[str | None, list[tuple[Subject, LabelSelector]]]:
    """DaemonSets that want no pod, with their selectors."""
    index: dict[str | None, list[tuple[Subject, LabelSelector]]] = {}
    for subject in scene.subjects("DaemonSet"):
        view = WorkloadView(scene, subject)
        wanted, selector = view.replicas, view.spec("selector", lambda s: s.selector, LabelSelector())
        if wanted.observed and wanted.value == 0 and selector.observed:
            index.setdefault(subject.namespace, []).append((subject, selector.value))
    return index


def _behind(scene: Scene, service: Subject) -> Iterable[Subject]:
    """DaemonSets without pods whose pods the Service would select."""
    asked = ServiceView(scene, service).selector
    if not asked.observed or not asked.value:
        return
    for subject, selector in scene.derive_once(_by_namespace).get(service.namespace, ()):
        template = _template_labels(scene, subject)
        labels = template if template is not None else selector.match_labels or {}
        if label_selector_matches(LabelSelector(match_labels=asked.value), dict(labels)):
            yield subject


def _template_labels(scene: Scene, daemon_set: Subject) -> Mapping[str, str] | None:
    for observation in scene.observations(daemon_set):
        struct = observation.object
        template = struct.spec.template if isinstance(struct, DaemonSet) else None
        labels = getattr(getattr(template, "metadata", None), "labels", None)
        if isinstance(labels, dict):
            return labels
    return None


WOULD_SELECT = Relation("would select pods of", _behind)


@rule(FITS_NO_NODE, rows=("P13",), leads=(leads_to(NO_READY_ENDPOINTS, via=WOULD_SELECT),))
def daemonset_fits_no_node(daemon_set: WorkloadView) -> Verdict:
    """No node is one that the DaemonSet runs on.

    What it means: The controller itself looks at selector, affinity and taints; nodes that do not fit get no pod, so
    that no pod is Pending and no event says anything.
    How it shows: status.desiredNumberScheduled is 0; recomputed over the labels and taints of all nodes, none fits.
    What looks like it: Drivers for hardware that the cluster does not have want no pods on purpose: judged only where
    something misses them. Pods that are wanted and do not become ready.
    Source: Kubernetes v1.34 pkg/controller/daemon/daemon_controller.go (NodeShouldRunDaemonPod).
    """
    scene = daemon_set.scene
    wanted = daemon_set.replicas
    if wanted.value > 0:
        return Absent((Evidence(wanted.place, f"it wants {wanted.value} pods"),))
    template = template_of(daemon_set)
    if template is None:
        return unsure(f"the template of {daemon_set.subject}", *daemon_set.probes())
    listing = scene.listing("Node", None)
    nodes = [NodeView(scene, node) for node in scene.subjects("Node")]
    if listing is None or not nodes or any(not node.labels.observed for node in nodes):
        return unsure("the labels of all nodes", NODES.of())
    pod = Pod(metadata=ObjectMeta(), spec=template[0])
    refusing = [node for node in nodes if selector_refuses(pod, node.labels.value, node.name)]
    none = Evidence(wanted.place, "it wants no pod")
    asked = _asked(pod)
    selector_at = template[1].document.at(template[1].line, template[1].path, f"nodeSelector: {asked}")
    if len(refusing) == len(nodes):
        why = f"it asks for {asked}, and no node has that{_instead(pod, nodes)}"
        because = (none, Evidence(selector_at, f"it asks for {asked}"), Evidence(listing.at, f"{len(nodes)} nodes"))
        return Present(because, {"why": why, "label": asked}, basis=Basis.RECOMPUTED)
    taints = [next(_closing(pod, node), None) for node in nodes if node not in refusing]
    if all(taint is not None for taint in taints):
        first = next(taint for taint in taints if taint is not None)
        why = f"it does not tolerate taint {taint_text(first)} of the nodes that it asks for"
        return Present((none, Evidence(listing.at, why)), {"why": why, "label": asked}, basis=Basis.RECOMPUTED)
    return unsure(f"why {daemon_set.subject} wants no pod", *daemon_set.probes())


def _closing(pod: Pod, node: NodeView) -> Iterator[Taint]:
    """Taints of the node that keep the DaemonSet's pods off."""
    own = pod.spec.tolerations if isinstance(pod.spec.tolerations, list) else []
    tolerations = [*own, *(Toleration(key=key, operator="Exists") for key in _TOLERATED)]
    for taint in node.taints.value if node.taints.observed else ():
        if taint.effect in ("NoSchedule", "NoExecute") and not tolerates(tolerations, taint):
            yield taint


def _asked(pod: Pod) -> str:
    selector = pod.spec.node_selector if isinstance(pod.spec.node_selector, dict) else {}
    parts = [f"{key}={value}" for key, value in selector.items()]
    parts += ["its required node affinity"] if required_terms(pod) is not None else []
    return " and ".join(parts) or "any node"


def _instead(pod: Pod, nodes: list[NodeView]) -> str:
    """What nodes have under the keys that are asked for."""
    selector = pod.spec.node_selector if isinstance(pod.spec.node_selector, dict) else {}
    for key, value in selector.items():
        have = sorted({node.labels.value[key] for node in nodes if key in node.labels.value} - {value})
        if have:
            return f" (nodes have {key}={' or '.join(have[:3])})"
    return ""
