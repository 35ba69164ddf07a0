"""A deleted PersistentVolumeClaim is still used by pods."""

from __future__ import annotations

from kwhy.facts.objects import Observation, Pod
from kwhy.knowledge.deletion.deleted import Deleted, deleted_object
from kwhy.knowledge.deletion.stuck import DELETION_STUCK
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import at
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import claims_of_pod, owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import ClaimView, PodView

CLAIM_IN_USE = Condition(
    code="deletion.claim-in-use",
    kind="PersistentVolumeClaim",
    nature=Nature.ROOT,
    title="{subject} was deleted while {users} uses it: it goes when no pod mounts it any more",
    summary="The finalizer kubernetes.io/pvc-protection keeps a claim for as long as a pod uses it.",
    remedies=(
        Remedy(
            id="decide-about-the-data",
            title="Decide whether the data may go",
            when="now",
            risk="high",
            steps=(
                Step("Take a backup or a snapshot: when the last pod ends, the claim and, with it, the data may go."),
                Step(
                    "To keep the data, set the volume's reclaim policy to Retain before anything else.",
                    "kubectl get pvc {name} -n {namespace} -o wide",
                ),
                Step("To let it go, stop what uses it: {users}.", "kubectl get pods -n {namespace}"),
            ),
            verify=(Step("The claim is gone, or a new one is bound.", "kubectl get pvc -n {namespace}"),),
            undo=(Step("A deletion cannot be taken back: make a new claim for the retained volume."),),
        ),
    ),
)  # fmt: skip

_PROTECTION = "kubernetes.io/pvc-protection"


def _by_claim(scene: Scene) -> dict[Subject, list[Subject]]:
    index: dict[Subject, list[Subject]] = {}
    for pod in scene.subjects("Pod"):
        for claim in claims_of_pod(scene, pod):
            index.setdefault(claim, []).append(pod)
    return index


def users_of(scene: Scene, claim: Subject) -> list[Subject]:
    """The pods that mount the claim and have not ended"""
    found = scene.derive_once(_by_claim).get(claim, [])
    return [pod for pod in found if not _ended(scene, pod)]


def _ended(scene: Scene, pod: Subject) -> bool:
    phase = PodView(scene, pod).phase
    return phase.observed and phase.value in ("Succeeded", "Failed")


def _claim_itself(scene: Scene, subject: Subject) -> list[Subject]:
    return [subject] if subject.kind == "PersistentVolumeClaim" else []


CLAIM_ITSELF = Relation("is the same object", _claim_itself)


@rule(CLAIM_IN_USE, rows=("C9", "V3"), leads=(leads_to(DELETION_STUCK, via=CLAIM_ITSELF),))
def claim_in_use(
    claim: ClaimView,
    deleted: Deleted | None = given(deleted_object),
    users: list[Subject] = given(users_of),
) -> Verdict:
    """The deleted claim is in use.

    What it means: Nothing is broken yet: the pods keep their data until they end; a pod that is made anew then waits
    for the claim for ever.
    How it shows: deletionTimestamp with finalizer kubernetes.io/pvc-protection, and a pod that mounts the claim.
    What looks like it: A claim that no pod uses and that stays has a finalizer of somebody else's.
    Source: Kubernetes v1.34 pkg/controller/volume/pvcprotection/pvc_protection_controller.go (isBeingUsed).
    """
    if deleted is None:
        return unsure(f"whether {claim.subject} is being deleted", *claim.probes())
    if users:
        owners = list(dict.fromkeys(owner_of(claim.scene, pod) for pod in users))
        names = ", ".join(str(owner) for owner in owners[:3])
        places = [Evidence(o.field_at("spec.volumes"), f"{o.subject} mounts it") for o in _views(claim.scene, users)]
        because = (Evidence(deleted.at, f"deleted at {deleted.since_text}"), *places[:3])
        return Present(because, {"users": names}, since=at(deleted.since), affected=tuple(users))
    listing = claim.scene.listing("Pod", claim.namespace)
    if listing is not None:
        return Absent((Evidence(listing.at, "no listed pod mounts it"),))
    return unsure(f"the pods that mount {claim.subject}", LIST.of(kind="pods", namespace=claim.namespace))


def _views(scene: Scene, pods: list[Subject]) -> list[Observation]:
    return [o for pod in pods for o in scene.observations(pod)[:1] if isinstance(o.object, Pod)]
