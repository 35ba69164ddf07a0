"""A deleted object carries a finalizer that its controller does not remove."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import Pod
from kwhy.knowledge.deletion.contents_remain import CONTENTS_REMAIN
from kwhy.knowledge.deletion.deleted import CONTAINS, Deleted, deleted_object
from kwhy.knowledge.deletion.stuck import DELETION_STUCK
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import at
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

FINALIZER_KEPT = Condition(
    code="deletion.finalizer-kept",
    kind="Object",
    nature=Nature.ROOT,
    title="{subject} was deleted and keeps finalizer {finalizers}: what is to remove it does not",
    summary="A finalizer keeps a deleted object until its own controller has cleaned up and taken it away.",
    remedies=(
        Remedy(
            id="let-its-controller-finish",
            title="Bring the finalizer's controller back, or take the finalizer away yourself",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "Find the controller that {finalizers} belongs to, and see why it does not act: not installed any "
                    "more, not running, or failing at what it is to clean up.",
                    "kubectl get pods -A -o wide",
                ),
                Step("Where it can be brought back, do that: it cleans up and removes the finalizer."),
                Step(
                    "Where it is gone for good, clean up by hand what it stood for (an address, a disk, a DNS entry), "
                    "then take the finalizer out.",
                    "kubectl edit {resource} {object}{scope}",
                ),
            ),
            verify=(Step("The object is gone.", "kubectl get {resource} {object}{scope}"),),
            undo=(Step("Nothing brings the object back: keep a copy before (kubectl get … -o yaml)."),),
        ),
    ),
)  # fmt: skip


def _deleted_pod(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The pod, where it is being deleted and has finalizers."""
    for observation in scene.observations(pod):
        struct = observation.object
        if isinstance(struct, Pod) and isinstance(struct.metadata.deletion_timestamp, str):
            return [pod] if isinstance(struct.metadata.finalizers, list) and struct.metadata.finalizers else []
    return []


KEPT_ITSELF = Relation("is the same object", _deleted_pod)


@rule(
    FINALIZER_KEPT,
    rows=("C9", "P21"),
    leads=(
        leads_to(DELETION_STUCK, via=ITSELF),
        leads_to(DELETION_STUCK, via=CONTAINS),
        leads_to(CONTENTS_REMAIN, via=CONTAINS),
        leads_to(POD_FAILING, via=KEPT_ITSELF),
    ),
)
def finalizer_kept(thing: ObjectView, deleted: Deleted | None = given(deleted_object)) -> Verdict:
    """A finalizer keeps the deleted object.

    What it means: The API server removes the object when its list of finalizers is empty; each entry is taken out by
    the controller that put it there. That controller is gone, or fails.
    How it shows: metadata.deletionTimestamp is set and metadata.finalizers holds a name that is not Kubernetes' own.
    What looks like it: A deletion that has just begun. Kubernetes' own finalizers wait for something that is in use.
    Source: k8s.io/apiserver v0.34 pkg/registry/generic/registry/store.go (Delete).
    """
    if deleted is None:
        if thing.observations and thing.observations[0].whole:
            return Absent((Evidence(thing.observations[0].at, "it is not being deleted"),))
        return unsure(f"the finalizers of {thing.subject}", *thing.probes())
    if not deleted.finalizers:
        return Absent((Evidence(deleted.finalizers_at, "it has no finalizer of another's"),))
    names = ", ".join(deleted.finalizers)
    values = {
        "finalizers": names,
        "resource": thing.subject.kind.lower(),
        "object": thing.subject.name,
        "scope": f" -n {thing.subject.namespace}" if thing.subject.namespace else "",
    }
    because = (Evidence(deleted.finalizers_at, f"it has finalizer {names}"), Evidence(deleted.at, "it was deleted"))
    return Present(because, values, since=at(deleted.since), blames=thing.subject)
