"""A PersistentVolumeClaim is not bound. The generic symptom of claims."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import ApiObject, Observation, PersistentVolumeClaim
from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict
from kwhy.scene.relations import MOUNTS
from kwhy.scene.scene import Scene
from kwhy.scene.views import ClaimView

CLAIM_NOT_BOUND = Condition(
    code="storage.claim-not-bound",
    kind="PersistentVolumeClaim",
    nature=Nature.EFFECT,
    title="{subject} is {phase}",
    summary="The claim has no volume, so no pod that mounts it can start.",
)


def _quiet(struct: ApiObject) -> bool:
    return not isinstance(struct, PersistentVolumeClaim) or struct.status.phase == "Bound"


def _quiet_row(observation: Observation) -> bool:
    return (observation.printed or {}).get("STATUS") == "Bound" or _quiet(observation.object)


def _candidates(scene: Scene) -> Iterable[Subject]:
    return scene.suspicious("PersistentVolumeClaim", _quiet, _quiet_row)


@rule(CLAIM_NOT_BOUND, rows=("V1",), leads=(leads_to(UNSCHEDULED, via=MOUNTS),), among=_candidates, symptom=True)
def claim_not_bound(claim: ClaimView) -> Verdict:
    """The claim is not bound.

    What it means: No volume was found or made for it; pods that mount it stay Pending.
    How it shows: status.phase is Pending, or Lost when its volume is gone.
    What looks like it: With WaitForFirstConsumer a claim that no pod mounts waits by design.
    Source: Kubernetes v1.34 pkg/controller/volume/persistentvolume/pv_controller.go.
    """
    phase = claim.phase if claim.phase.observed else claim.printed("STATUS")
    if phase.value == "Bound":
        return Absent((Evidence(phase.place, "the claim is bound"),))
    return Present((Evidence(phase.place, f"the claim is {phase.value}"),), {"phase": phase.value})
