"""A pod names a claim that does not exist."""

from __future__ import annotations

from difflib import get_close_matches

from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.knowledge.scheduling.fit import shown_pod
from kwhy.knowledge.scheduling.obstacles import Kind
from kwhy.knowledge.scheduling.placement import Placement, placement
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import ITSELF, claims_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

CLAIM_MISSING = Condition(
    code="storage.claim-missing",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} mounts PersistentVolumeClaim {claim}, which does not exist{hint}",
    summary="The scheduler places no pod before the claims that it names exist in its namespace.",
    remedies=(
        Remedy(
            id="create-the-claim",
            title="Create the claim, or correct its name in the workload",
            when="now",
            risk="low",
            steps=(
                Step("See which claims exist in the namespace.", "kubectl get pvc -n {namespace}"),
                Step("Create claim {claim} in namespace {namespace}; the pods that wait go on by themselves."),
                Step("Or correct the claim's name.", "kubectl edit {kind} {name} -n {namespace}"),
            ),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Remove the new claim while it holds no data.", "kubectl delete pvc {claim} -n {namespace}"),),
        ),
    ),
)


@rule(CLAIM_MISSING, rows=("K1", "V1"), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def claim_missing(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """The claim does not exist.

    What it means: The pod refers to a claim that is not in its namespace; the object to fix is the one that refers to
    it, since what does not exist cannot be.
    How it shows: The scheduler says 'persistentvolumeclaim "x" not found'; or all claims of the namespace were listed
    without it.
    What looks like it: A claim that exists and is not bound. A claim of this name in another namespace does not count.
    A claim made after the event was written is there: then the scheduler tries again.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/volumebinding/volume_binding.go (podHasPVCs).
    """
    scene, namespace = pod.scene, pod.namespace
    for reason in where.said(Kind.CLAIM_MISSING):
        claim = Subject("PersistentVolumeClaim", reason.key, namespace)
        if not reason.text.endswith("not found") or where.event is None:
            continue
        if scene.exists(claim):
            return Absent((Evidence(scene.observations(claim)[0].at, f"claim {claim.name} exists"),))
        said = (Evidence(where.event.at, f"the scheduler says: {reason.text}"),)
        return Present(said, {"claim": claim.name, "hint": _near(scene, claim)}, since=by(where.event.first))
    shown = shown_pod(scene, pod.subject)
    claims = claims_of_pod(scene, pod.subject)
    lacking = [claim for claim in claims if not scene.exists(claim)]
    listing = scene.listing("PersistentVolumeClaim", namespace, lacking[0].name if lacking else None)
    if lacking and listing is not None:
        because = (
            Evidence(scene.observations(pod.subject)[0].at, f"it mounts claim {lacking[0].name}"),
            Evidence(listing.at, "no claim of this name is listed"),
        )
        values = {"claim": lacking[0].name, "hint": _near(scene, lacking[0])}
        return Present(because, values, basis=Basis.RECOMPUTED)
    if shown is not None and isinstance(shown[0].spec.volumes, list) and not lacking:
        there = [Evidence(scene.observations(claim)[0].at, f"claim {claim.name} exists") for claim in claims]
        return Absent(tuple(there) or (Evidence(scene.observations(pod.subject)[0].at, "it mounts no claim"),))
    return unsure(
        f"whether every claim that {pod.subject} mounts exists",
        LIST.of(kind="persistentvolumeclaim", namespace=namespace),
    )


def _near(scene: Scene, claim: Subject) -> str:
    """A claim that exists, may be meant, and says so by its name."""
    names = [s.name for s in scene.subjects("PersistentVolumeClaim") if s.namespace == claim.namespace]
    close = get_close_matches(claim.name, names, n=1, cutoff=0.8)
    return f" ({close[0]} exists)" if close else ""
