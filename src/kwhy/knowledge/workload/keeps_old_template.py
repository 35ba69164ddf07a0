"""A pod fails by a template that has been corrected since, and its controller does not replace it."""

from __future__ import annotations

from kwhy.knowledge.container.command_not_executable import COMMAND_NOT_EXECUTABLE
from kwhy.knowledge.container.command_not_found import COMMAND_NOT_FOUND
from kwhy.knowledge.container.exits_at_once import EXITS_AT_ONCE
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.out_of_memory import OUT_OF_MEMORY
from kwhy.knowledge.image.name_invalid import NAME_INVALID
from kwhy.knowledge.image.never_present import NEVER_PRESENT
from kwhy.knowledge.image.not_found import NOT_FOUND
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.knowledge.image.platform_missing import PLATFORM_MISSING
from kwhy.knowledge.image.pull_denied import PULL_DENIED
from kwhy.knowledge.probe.readiness_fails import READINESS_FAILS
from kwhy.knowledge.probe.starts_too_late import STARTS_TOO_LATE
from kwhy.knowledge.probe.wrong_path import WRONG_PATH
from kwhy.knowledge.probe.wrong_port import WRONG_PORT
from kwhy.knowledge.probe.wrong_scheme import WRONG_SCHEME
from kwhy.knowledge.scheduling.request_too_large import REQUEST_TOO_LARGE
from kwhy.knowledge.workload.stale import (
    WITH_ANOTHER_IMAGE,
    WITH_ANOTHER_PROGRAM,
    WITH_OTHER_PROBES,
    WITH_OTHER_REQUESTS,
    Stale,
    stale,
)
from kwhy.knowledge.workload.templates import template_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Lead, Relation, given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import owner_of
from kwhy.scene.views import PodView, WorkloadView

KEEPS_OLD_TEMPLATE = Condition(
    code="workload.keeps-old-template",
    kind="Pod",
    nature=Nature.ROOT,
    title="Pod {pod} of {subject} lacks what its template says now ({changed}), and is not replaced: {reason}",
    summary="The template was changed, the failing pods were made from the former one, and nobody replaces them.",
    remedies=(
        Remedy(
            id="delete-the-pod",
            title="Delete the failing pod, so that it is made anew from the template",
            when="now",
            risk="low",
            steps=(
                Step("See what the template says now.", "kubectl get {kind} {name} -n {namespace} -o yaml"),
                Step(
                    "Delete the pod; of a StatefulSet one after another, from the lowest ordinal that is not ready.",
                    "kubectl delete pod {pod} -n {namespace}",
                ),
            ),
            verify=(Step("The new pod becomes ready.", "kubectl get pods -n {namespace} -w"),),
            undo=(Step("Return to the former template, and delete the pod again."),),
        ),
    ),
)

#: Owners that may keep a pod as it was made.
KINDS = ("StatefulSet", "DaemonSet", "ReplicationController", "ReplicaSet")
#: What a change of the template may have mended: these are then no roots, but what the former template leads to.
_MENDED: tuple[tuple[Relation, tuple[Condition, ...]], ...] = (
    (WITH_ANOTHER_IMAGE, (NOT_PULLED, NOT_FOUND, NAME_INVALID, NEVER_PRESENT, PLATFORM_MISSING, PULL_DENIED)),
    (
        WITH_ANOTHER_PROGRAM,
        (COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, EXITS_WITH_ERROR, EXITS_AT_ONCE, OUT_OF_MEMORY),
    ),
    (WITH_OTHER_PROBES, (READINESS_FAILS, STARTS_TOO_LATE, WRONG_PATH, WRONG_PORT, WRONG_SCHEME)),
    (WITH_OTHER_REQUESTS, (REQUEST_TOO_LARGE,)),
)


def leads_by_change() -> tuple[Lead, ...]:
    """Links to every failure that a change of the template could have mended, each where it fits the change."""
    return tuple(leads_to(effect, via=relation) for relation, effects in _MENDED for effect in effects)


@rule(KEEPS_OLD_TEMPLATE, rows=("P11", "P12"), leads=leads_by_change())
def keeps_old_template(pod: PodView, lacking: Stale | None = given(stale)) -> Verdict:
    """The pod was made from a former template, and its controller does not replace it.

    What it means: The fault is corrected already, only not in this pod. An OrderedReady StatefulSet first waits for its
    pods to become ready, so it waits for the broken one for ever; a ReplicationController or a ReplicaSet of its own
    never replaces pods; OnDelete and partition ask for it.
    How it shows: The template of the owner differs from the pod in image, command, arguments, variables or probes.
    What looks like it: A rollout that is under way replaces its pods by itself (Deployment, DaemonSet, a StatefulSet
    whose pods are ready). A change that cannot have mended the failure: another variable does not find an image.
    Source: Kubernetes v1.34 pkg/controller/statefulset/stateful_set_control.go (updateStatefulSet, monotonic);
    pkg/controller/replicaset/replica_set.go (manageReplicas compares numbers only).
    """
    if lacking is not None and lacking.owner.kind != "Deployment":
        return lacks(pod, lacking)
    if not pod.observations:
        return unsure(f"{pod.subject} and its owner", LIST.of(kind="pods", namespace=pod.namespace))
    place = pod.observations[0].at
    owner = owner_of(pod.scene, pod.subject)
    if owner == pod.subject or owner.kind not in KINDS:
        return Absent((Evidence(place, "it has no owner that would keep it as it is"),))
    template = template_of(WorkloadView(pod.scene, owner))
    if template is None or not pod.containers.observed:
        return unsure(f"the template of {owner}", *WorkloadView(pod.scene, owner).probes())
    return Absent((Evidence(template[1], "the template says the same, or is rolled out by itself"),))


def lacks(pod: PodView, lacking: Stale) -> Present:
    """The verdict on a pod that was made from a former template."""
    words = "; ".join(change.words for change in lacking.changed[:3])
    because = (
        Evidence(lacking.template_at, f"the template says otherwise than the pod: {words}"),
        Evidence(lacking.reason_at, lacking.reason),
    )
    values = {"pod": pod.name, "changed": words, "reason": lacking.reason}
    return Present(because, values, basis=Basis.RECOMPUTED)
