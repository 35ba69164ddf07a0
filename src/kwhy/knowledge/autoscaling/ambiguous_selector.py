"""Two autoscalers count the same pods."""

from __future__ import annotations

from kwhy.facts.objects import LabelSelector
from kwhy.knowledge.autoscaling.no_requests import target_of
from kwhy.knowledge.autoscaling.not_scaling import NOT_SCALING
from kwhy.knowledge.autoscaling.stated import complaints
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView, WorkloadView

AMBIGUOUS_SELECTOR = Condition(
    code="autoscaling.ambiguous-selector",
    kind="HorizontalPodAutoscaler",
    nature=Nature.ROOT,
    title="{subject} selects pods by {selector} that {others} as well: neither autoscaler scales",
    summary="The selectors of two autoscaled workloads match the same pods, so the metrics cannot be told apart.",
    remedies=(
        Remedy(
            id="tell-the-pods-apart",
            title="Give each workload labels of its own",
            when="now",
            risk="medium",
            steps=(
                Step("See which selectors overlap.", "kubectl get deployments,statefulsets -n {namespace} -o wide"),
                Step(
                    "spec.selector cannot be changed: make the workload anew with a label that only its pods carry "
                    "(track=canary beside app={value}), and delete the old one when the new one serves. Where two "
                    "autoscalers scale one workload, delete one of them.",
                    "kubectl get {kind} {name} -n {namespace} -o yaml",
                ),
            ),
            verify=(Step("ScalingActive is True.", "kubectl describe hpa -n {namespace}"),),
            undo=(Step("Apply the former workload again."),),
        ),
    ),
)  # fmt: skip

# pods by selector app=offers are controlled by multiple HPAs: [flashsale/offers flashsale/offers-canary]
# Kubernetes v1.34 pkg/controller/podautoscaler/horizontal.go validateAndParseSelector (AmbiguousSelector, since v1.26)
_AMBIGUOUS = expression(
    r"pods by selector (?P<selector>\S{1,500}) are controlled by multiple HPAs: \[(?P<names>[\w./ -]{1,2000})\]"
)


def named(scene: Scene, autoscaler: Subject, names: str) -> list[tuple[Subject, Subject | None]]:
    """The autoscalers of "[a/x a/y]" with their targets, None where not shown."""
    found = []
    for word in sorted(names.split()):
        namespace, _, name = word.rpartition("/")
        subject = Subject(autoscaler.kind, name, namespace or autoscaler.namespace)
        found.append((subject, target_of(scene, subject)))
    return found


def the_intruder(scene: Scene, targets: list[Subject], selector: str) -> Subject:
    """The workload that took another's labels: not the one that is called like them; else the younger one."""
    values = {pair.partition("=")[2] for pair in selector.split(",")}
    called_so = [target for target in targets if target.name in values]
    others = [target for target in targets if target not in called_so]
    if called_so and others:
        return others[-1]
    return max(targets, key=lambda target: (_born(scene, target), target.name))


def _born(scene: Scene, target: Subject) -> str:
    seen = WorkloadView(scene, target).seen("metadata.creationTimestamp", lambda o: o.metadata.creation_timestamp, "")
    return seen.value if seen.observed else ""


@rule(AMBIGUOUS_SELECTOR, rows=("P15",), leads=(leads_to(NOT_SCALING, via=ITSELF),))
def ambiguous_selector(autoscaler: ObjectView, said: list[Evidence] = given(complaints)) -> Verdict:
    """The pods of the autoscaler's target are another autoscaler's as well.

    What it means: The controller refuses to scale by pods that two autoscalers count; both stand still.
    How it shows: ScalingActive is False with AmbiguousSelector, which lists the autoscalers.
    What looks like it: Overlapping selectors without a second autoscaler confuse Services and counts, not this.
    Source: Kubernetes v1.34 pkg/controller/podautoscaler/horizontal.go (validateAndParseSelector).
    """
    scene = autoscaler.scene
    for evidence in said:
        match = _AMBIGUOUS.search(evidence.says)
        if match is None:
            continue
        pairs = named(scene, autoscaler.subject, match["names"])
        targets = list(dict.fromkeys(target for _, target in pairs if target is not None))
        because = [evidence, *_selectors(scene, targets)]
        value = match["selector"].partition("=")[2].partition(",")[0]
        values = {"selector": match["selector"], "value": value}
        if len(targets) < 2:
            hpas = [subject for subject, _ in pairs]
            others = ", ".join(str(h) for h in hpas if h != hpas[-1])
            return Present(tuple(because), values | {"others": f"{others} counts"}, blames=hpas[-1])
        blamed = the_intruder(scene, targets, match["selector"])
        others = ", ".join(str(target) for target in targets if target != blamed)
        return Present(tuple(because), values | {"others": f"{others} selects"}, blames=blamed)
    if said:
        return Absent((said[0],))
    return unsure(f"the conditions of {autoscaler.subject}", *autoscaler.probes())


def _selectors(scene: Scene, targets: list[Subject]) -> list[Evidence]:
    found = []
    for target in targets:
        selector = WorkloadView(scene, target).spec("selector", lambda s: s.selector, LabelSelector())
        if selector.observed:
            pairs = ", ".join(f"{key}={value}" for key, value in (selector.value.match_labels or {}).items())
            found.append(Evidence(selector.place.quoting(pairs), f"{target} selects {pairs}"))
    return found
