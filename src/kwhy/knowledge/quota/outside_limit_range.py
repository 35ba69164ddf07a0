"""A LimitRange of the namespace refuses what the pods ask for."""

from __future__ import annotations

from kwhy.facts.objects import LimitRange
from kwhy.knowledge.workload.pods_not_created import PODS_NOT_CREATED
from kwhy.knowledge.workload.refused import REFUSED_ITSELF, Refused, evidence_of, matching, not_said, refused, since_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.quantity import parse_quantity
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict
from kwhy.scene.scene import Scene
from kwhy.scene.views import WorkloadView

OUTSIDE_LIMIT_RANGE = Condition(
    code="quota.outside-limit-range",
    kind="Deployment",
    nature=Nature.ROOT,
    title="{subject} asks for what {limits} does not allow: {what}",
    summary="A LimitRange bounds what a container, pod or claim of the namespace may ask for.",
    remedies=(
        Remedy(
            id="ask-within-the-limits",
            title="Ask within the limits, or have them moved",
            when="now",
            risk="low",
            steps=(
                Step("See the bounds.", "kubectl describe limitrange -n {namespace}"),
                Step(
                    "Change requests and limits in the template: {what}", "kubectl edit {kind} {name} -n {namespace}"
                ),
                Step("Where the program needs as much, ask the owner of the LimitRange to move the bound."),
            ),
            verify=(Step("Its pods are created.", "kubectl get {kind} {name} -n {namespace}"),),
            undo=(Step("Return to the former template.", "kubectl rollout undo {kind} {name} -n {namespace}"),),
        ),
    ),
)  # fmt: skip

# pods "web-6f5c6d7f64-2nx8q" is forbidden: maximum memory usage per Container is 128Mi, but limit is 256Mi
# pods "x" is forbidden: [minimum cpu usage per Pod is 1, but request is 100m, cpu max limit to request ratio per
# Container is 2, but provided ratio is 4.000000]
# Kubernetes v1.18 to v1.34 plugin/pkg/admission/limitranger/admission.go minConstraint, maxConstraint,
# limitRequestRatioConstraint
_OUTSIDE = expression(
    r"(?P<what>(?:(?P<bound>minimum|maximum) (?P<resource>[\w./-]{1,100}) usage per"
    r"|(?P<shared>[\w./-]{1,100}) max limit to request ratio per) (?P<type>\w{1,30}) is (?P<value>[^\s,]{1,40})"
    r"(?:, but [^,\]\n]{1,80}|\.  No (?:limit|request) is specified))"
)


def limit_ranges(scene: Scene, workload: Subject) -> list[tuple[Subject, LimitRange, Evidence]]:
    """The LimitRanges of the workload's namespace"""
    found = []
    for subject in scene.subjects("LimitRange"):
        if subject.namespace == workload.namespace:
            for observation in scene.observations(subject)[:1]:
                if isinstance(observation.object, LimitRange):
                    at = observation.field_at("spec.limits", "limits")
                    found.append((subject, observation.object, Evidence(at, f"{subject} bounds what may be asked for")))
    return found


def _sets(struct: LimitRange, type_: str, resource: str, value: str) -> bool:
    """Whether the LimitRange has such a bound, of any of its three sorts."""
    wanted = parse_quantity(value)
    for item in struct.spec.limits if isinstance(struct.spec.limits, list) else ():
        for bounds in (item.min, item.max, item.max_limit_request_ratio):
            if item.type == type_ and isinstance(bounds, dict) and resource in bounds:
                return wanted is None or parse_quantity(bounds[resource]) == wanted
    return False


@rule(OUTSIDE_LIMIT_RANGE, rows=("Q1",), leads=(leads_to(PODS_NOT_CREATED, via=REFUSED_ITSELF),))
def outside_limit_range(
    workload: WorkloadView,
    said: list[Refused] = given(refused),
    ranges: list[tuple[Subject, LimitRange, Evidence]] = given(limit_ranges),
) -> Verdict:
    """The workload's pods ask for more, or less, than a LimitRange allows.

    What it means: The API server refuses every such pod; nothing is counted, each pod is looked at alone.
    How it shows: "maximum memory usage per Container is …, but limit is …", "minimum … usage per …" or "max limit to
    request ratio per …" in FailedCreate events or the condition ReplicaFailure.
    What looks like it: "exceeded quota" is about the sum of the namespace; "must specify" is a quota's.
    Source: Kubernetes v1.34 plugin/pkg/admission/limitranger/admission.go (PodValidateLimitFunc).
    """
    found = matching(said, _OUTSIDE)
    if not found:
        return not_said(workload.subject, said)
    match = found[0][0]
    resource = match["resource"] or match["shared"]
    setting = [(s, e) for s, struct, e in ranges if _sets(struct, match["type"], resource, match["value"])]
    limits = setting[0][0] if len(setting) == 1 else "the namespace's LimitRange"
    because = evidence_of(found) + tuple(evidence for _, evidence in setting[:1])
    return Present(because, {"limits": limits, "what": match["what"]}, since=since_of(found))
