"""A ResourceQuota leaves no room for the pods that a workload wants."""

from __future__ import annotations

import re

from kwhy.facts.objects import ResourceQuota
from kwhy.knowledge.workload.pods_not_created import PODS_NOT_CREATED, failing_condition, refusals, refused_workloads
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.quantity import in_words, parse_quantity
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

QUOTA_EXCEEDED = Condition(
    code="quota.exceeded",
    kind="ResourceQuota",
    nature=Nature.ROOT,
    title="{subject} is used up: {sum}",
    summary="What the namespace uses and what is asked for exceed the quota's hard limit.",
    remedies=(
        Remedy(
            id="raise-the-quota",
            title="Raise the quota, or ask for less",
            when="now",
            risk="low",
            steps=(
                Step("See what uses it.", "kubectl describe quota {name} -n {namespace}"),
                Step("Raise spec.hard, or lower replicas or requests.", "kubectl edit quota {name} -n {namespace}"),
            ),
            verify=(Step("The missing pods are created.", "kubectl get replicasets,pods -n {namespace}"),),
            undo=(Step("Set the former hard limit again.", "kubectl edit quota {name} -n {namespace}"),),
        ),
    ),
)

# 'pods "x" is forbidden: exceeded quota: team-quota, requested: pods=1, used: pods=2, limited: pods=2'
# apiserver v0.34 pkg/admission/plugin/resourcequota/controller.go (CheckRequest)
EXCEEDED = expression(
    r"exceeded quota: (?P<quota>[^,]{1,253}), requested: (?P<requested>.{1,500}?), used: (?P<used>.{1,500}?), "
    r"limited: (?P<limited>[^\s\"]{1,500})"
)


def _refusals(scene: Scene, workload: Subject) -> list[tuple[str, Evidence]]:
    found = [(event.message, Evidence(event.at, event.message)) for event in scene.derive(refusals, workload)]
    return found + list(scene.derive(failing_condition, workload))


def _quotas(scene: Scene, workload: Subject) -> list[Subject]:
    """The quotas that refusals of the workload's pods name; where none is known, those of its namespace."""
    named = [
        Subject("ResourceQuota", match["quota"], workload.namespace)
        for message, _ in _refusals(scene, workload)
        if (match := EXCEEDED.search(message))
    ]
    return list(dict.fromkeys(named))


QUOTAS = Relation("is limited by", _quotas)


def _by_quota(scene: Scene) -> dict[Subject, list[tuple[re.Match[str], Evidence]]]:
    """Every refusal that names a quota, by that quota."""
    index: dict[Subject, list[tuple[re.Match[str], Evidence]]] = {}
    for workload in scene.derive_once(refused_workloads):
        for message, evidence in _refusals(scene, workload):
            if match := EXCEEDED.search(message):
                quota = Subject("ResourceQuota", match["quota"], workload.namespace)
                index.setdefault(quota, []).append((match, evidence))
    return index


def exceeded_by(scene: Scene, quota: Subject) -> list[tuple[re.Match[str], Evidence]]:
    """Refusals that name the quota, on events or as condition ReplicaFailure"""
    return scene.derive_once(_by_quota).get(quota, [])


@rule(QUOTA_EXCEEDED, rows=("Q1",), leads=(leads_to(PODS_NOT_CREATED, via=QUOTAS),))
def quota_exceeded(quota: ObjectView, refused: list[tuple[re.Match[str], Evidence]] = given(exceeded_by)) -> Verdict:
    """The quota is used up.

    What it means: Used plus requested would exceed hard, so the API server refuses the pod.
    How it shows: The refusal names the quota with requested, used and limited; the quota's status shows the same sum.
    What looks like it: "must specify limits" asks for requests in the template; LimitRange refuses single values.
    Source: k8s.io/apiserver v0.34 pkg/admission/plugin/resourcequota/controller.go (CheckRequest).
    """
    if not refused:
        return unsure(f"refusals that name {quota.subject}", LIST.of(kind="events", namespace=quota.namespace))
    return quota_verdict(quota, *refused[0])


def quota_verdict(quota: ObjectView, match: re.Match[str], refusal: Evidence) -> Present:
    """The quota's sum, as a refusal states it and as the quota's own status shows it."""
    total = f"requested {match['requested']}, used {match['used']}, limited to {match['limited']}"
    return Present((refusal, *_status(quota)), {"sum": total})


def _status(quota: ObjectView) -> list[Evidence]:
    """Where the quota itself was shown: the resources of which nothing is left."""
    found = []
    for observation in quota.observations:
        struct = observation.object
        if not isinstance(struct, ResourceQuota) or not isinstance(struct.status.hard, dict):
            continue
        used = struct.status.used if isinstance(struct.status.used, dict) else {}
        for resource, written in struct.status.hard.items():
            hard, taken = parse_quantity(written), parse_quantity(used.get(resource, 0))
            if hard is not None and taken is not None and taken >= hard:
                says = f"{resource}: {in_words(resource, taken)} of {in_words(resource, hard)} used"
                found.append(Evidence(observation.field_at(f"status.used.{resource}", says), says))
    return found
