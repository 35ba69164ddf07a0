"""A workload in trouble was changed not long ago."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.knowledge.workload.templates import last_change
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, rule, worsens
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import WorkloadView

CHANGED = Condition(
    code="workload.changed",
    kind="Deployment",
    nature=Nature.EFFECT,
    title="{subject} was changed: {change}",
    summary="The newest revision differs from the one before; what changed is the first thing to look at.",
)


def _changed_owner(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The Deployment of a failing pod, where its last change is shown."""
    owner = owner_of(scene, pod)
    if owner.kind == "Deployment" and scene.derive(last_change, owner) is not None:
        yield owner


CHANGED_OWNER = Relation("belongs to the changed", _changed_owner)


@rule(CHANGED, rows=("P10",), leads=(worsens(POD_FAILING, via=CHANGED_OWNER),))
def changed(workload: WorkloadView, change: Evidence | None = given(last_change)) -> Verdict:
    """The workload was changed.

    What it means: Somebody, or something, rolled out a new revision. That is no cause by itself: it is what differs
    between now and before.
    How it shows: The pod templates of the two newest ReplicaSets differ; the values of variables are not printed.
    What looks like it: A restart (`kubectl rollout restart`) changes an annotation only, and is no change.
    Source: Kubernetes v1.34 pkg/controller/deployment/util/deployment_util.go (RevisionAnnotation).
    """
    if change is None:
        return unsure(f"the revisions of {workload.subject}", LIST.of(kind="replicasets", namespace=workload.namespace))
    return Present((change,), {"change": change.says})
