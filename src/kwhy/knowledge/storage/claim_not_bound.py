"""A PersistentVolumeClaim is not bound. The generic symptom of claims."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import ApiObject, Observation, PersistentVolumeClaim
from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.recency import known_by_events, unanswered
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


#: What the volume controller says of a claim that it cannot bind, and what it says once it can (Kubernetes v1.34
#: pkg/controller/volume/events/event.go; "Bound" is no event, the provisioner's is).
FAILURES = {
    "ProvisioningFailed": ("ProvisioningSucceeded",),
    "FailedBinding": ("ProvisioningSucceeded",),
}


def _known_by_events(scene: Scene) -> Iterable[Subject]:
    return known_by_events(scene, "PersistentVolumeClaim")


@rule(CLAIM_NOT_BOUND, rows=("V1",), leads=(leads_to(UNSCHEDULED, via=MOUNTS),), among=_known_by_events, symptom=True)
def claim_not_bound_by_events(claim: ClaimView) -> Verdict:
    """The claim is not bound, as its events say.

    What it means: Only events were shown; the newest of them says that there is no volume for the claim.
    How it shows: ProvisioningFailed or FailedBinding within the last ten minutes, and no ProvisioningSucceeded after.
    What looks like it: Events outlive their claim by an hour. WaitForFirstConsumer is no failure.
    Source: Kubernetes v1.34 pkg/controller/volume/events/event.go, persistentvolume/pv_controller.go.
    """
    failure = unanswered(claim.scene, claim.subject, FAILURES) if not claim.observations else None
    if failure is None:
        return unsure(f"the phase of {claim.subject}", *claim.probes())
    return Present((Evidence(failure.at, failure.message),), {"phase": "Pending"}, since=by(failure.first))
