"""A pod was evicted because it used more local storage than its own limits allow."""

from __future__ import annotations

from kwhy.knowledge.container.runs import ask
from kwhy.knowledge.eviction.evicted import EVICTED, OWN_LIMITS, By, Eviction, evictions_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

OWN_LIMIT_EXCEEDED = Condition(
    code="eviction.own-limit-exceeded",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} uses more local storage than {whose} limit of {limit}",
    summary="The kubelet evicts a pod whose containers, logs or emptyDir volumes exceed the pod's own limits.",
    remedies=(
        Remedy(
            id="raise-the-limit",
            title="Raise the limit, or write less to the node's disk",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Raise limits.ephemeral-storage, or the volume's sizeLimit.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
                Step("Logs count too: rotate or reduce them. What must last belongs on a volume."),
            ),
            verify=(Step("No pod is evicted any more.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
        Remedy(
            id="remove-evicted-pods",
            title="Remove the evicted pods that are left",
            when="lasting",
            risk="low",
            steps=(
                Step(
                    "They hold nothing any more.",
                    "kubectl delete pods -n {namespace} --field-selector=status.phase=Failed",
                ),
            ),
            verify=(Step("Only running pods are left.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Nothing to undo: the pods had ended."),),
        ),
    ),
)


@rule(OWN_LIMIT_EXCEEDED, rows=("N13",), leads=(leads_to(EVICTED, via=ITSELF),))
def own_limit_exceeded(pod: PodView, said: list[Eviction] = given(evictions_of)) -> Verdict:
    """The pod exceeded its own limit of local storage.

    What it means: The node is well; the pod wrote more than it said it would.
    How it shows: The kubelet's message names the limit: of all containers together (logs and writable layers), of one
    container, or of an emptyDir volume.
    What looks like it: "The node was low on resource: ephemeral-storage" is the node's shortage, in which pods that
    use more than they requested go first.
    Source: Kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go (localStorageEviction), helpers.go.
    """
    for eviction in said:
        match = next((m for pattern in OWN_LIMITS if (m := pattern.search(eviction.text))), None)
        if match is not None:
            named = match.groupdict()
            whose = f"emptyDir {named['volume']}'s" if named.get("volume") else "its"
            whose = f"container {named['container']}'s" if named.get("container") else whose
            values = {"limit": match["limit"].rstrip("."), "whose": whose}
            return Present((Evidence(eviction.at, eviction.text),), values, since=eviction.since)
    known = [eviction for eviction in said if eviction.by is not By.UNKNOWN]
    if known:
        return Absent((Evidence(known[0].at, known[0].text),))
    return unsure(f"why {pod.subject} was evicted", ask(pod))
