"""No node has the labels that a pod insists on."""

from __future__ import annotations

from difflib import get_close_matches

from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.knowledge.scheduling.alike import node_traits
from kwhy.knowledge.scheduling.fit import required_terms, shown_pod
from kwhy.knowledge.scheduling.judging import decides
from kwhy.knowledge.scheduling.obstacles import Kind
from kwhy.knowledge.scheduling.placement import Placement, placement
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

SELECTOR_MATCHES_NO_NODE = Condition(
    code="scheduling.selector-matches-no-node",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} asks for nodes with {wanted}, and no node has that{near}",
    summary="The pod's nodeSelector or required node affinity matches no node of the cluster.",
    remedies=(
        Remedy(
            id="correct-the-selector",
            title="Correct the node selector in the pod template",
            when="now",
            risk="low",
            steps=(
                Step("Compare the labels that nodes have with {wanted}.", "kubectl get nodes --show-labels"),
                Step(
                    "Correct the selector or affinity; this starts a rollout.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Go back to the revision before.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
        Remedy(
            id="label-a-node",
            title="Label a node that is meant to run it",
            when="now",
            risk="low",
            steps=(Step("Give the label to the node that has the hardware.", "kubectl label node NODE {label}"),),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Take the label away again.", "kubectl label node NODE {key}-"),),
        ),
    ),
)


def wanted_labels(scene: Scene, pod: Subject) -> tuple[dict[str, str], str]:
    """The pod's nodeSelector and required node affinity"""
    shown = shown_pod(scene, pod)
    if shown is None:
        return {}, "labels that were not shown"
    struct = shown[0]
    selector = dict(struct.spec.node_selector) if isinstance(struct.spec.node_selector, dict) else {}
    parts = [f"{key}={value}" for key, value in selector.items()]
    for term in required_terms(struct) or ():
        for r in term.match_expressions or ():
            parts.append(f"{r.key} {r.operator} {', '.join(r.values or ())}".strip())
            if r.operator in ("In", "Exists"):
                selector.setdefault(r.key, (r.values or ["VALUE"])[0])
    return selector, " and ".join(parts) or "labels that were not shown"


@rule(
    SELECTOR_MATCHES_NO_NODE,
    rows=("K1",),
    leads=(leads_to(UNSCHEDULED, via=ITSELF),),
)
def selector_matches_no_node(
    pod: PodView,
    where: Placement = given(placement),
    wanted: tuple[dict[str, str], str] = given(wanted_labels),
) -> Verdict:
    """No node carries the labels that the pod requires.

    What it means: The pod stays Pending until a node gets the labels or the pod asks for others.
    How it shows: Recomputed per node from nodeSelector, required affinity and node labels; or the scheduler counts
    every node that is open to ordinary pods under "didn't match Pod's node affinity/selector".
    What looks like it: Nodes that match but are cordoned, tainted or full; preferred affinity never blocks.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go (Filter).
    """
    selector, text = wanted
    values: dict[str, object] = {"wanted": text, "near": _near(pod.scene, selector)}
    if selector:
        key, value = next(iter(selector.items()))
        values |= {"key": key, "label": f"{key}={value}"}
    return decides(where, Kind.SELECTOR, values)


def _node_labels(scene: Scene) -> dict[str, set[str]]:
    """Every label of every node: the values of each key."""
    seen: dict[str, set[str]] = {}
    for traits in scene.derive_once(node_traits):
        for key, value in (traits.labels or {}).items():
            seen.setdefault(key, set()).add(value)
    return seen


def _near(scene: Scene, selector: dict[str, str]) -> str:
    """What nodes carry instead: another value of the key, or a key that is spelled almost so."""
    seen = scene.derive_once(_node_labels)
    notes = []
    for key, value in selector.items():
        if value in seen.get(key, ()):
            continue
        if key in seen:
            notes.append(f"nodes have {key}={' or '.join(sorted(seen[key])[:3])}")
        elif close := get_close_matches(key, seen, n=1, cutoff=0.8):
            notes.append(f"nodes have the label {close[0]}")
    return f" ({'; '.join(notes)})" if notes else ""
