"""A claim names a StorageClass that does not exist."""

from __future__ import annotations

from kwhy.facts.objects import PersistentVolume
from kwhy.knowledge.storage.claim_not_bound import CLAIM_NOT_BOUND
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST_ALL
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import ClaimView

CLASS_MISSING = Condition(
    code="storage.class-missing",
    kind="PersistentVolumeClaim",
    nature=Nature.ROOT,
    title="{subject} names StorageClass {storage_class}, which does not exist",
    summary="No provisioner acts on the claim, because its class does not exist.",
    remedies=(
        Remedy(
            id="use-an-existing-class",
            title="Make the claim anew with a class that exists, or create the class",
            when="now",
            risk="low",
            steps=(
                Step("See which classes exist.", "kubectl get storageclass"),
                Step(
                    "The class of a claim cannot be changed: replace the claim, which holds no data yet.",
                    "kubectl delete pvc {name} -n {namespace}",
                ),
                Step("Apply the corrected manifest."),
            ),
            verify=(Step("The claim is Bound.", "kubectl get pvc {name} -n {namespace}"),),
            undo=(Step("Apply the former manifest again."),),
        ),
    ),
)

# 'storageclass.storage.k8s.io "fast-ssd" not found': event ProvisioningFailed, Kubernetes v1.34
# pkg/controller/volume/persistentvolume/pv_controller.go (provisionClaimOperation, error of the class lister)
_NOT_FOUND = expression(r'storageclass\.storage\.k8s\.io "(?P<name>[^"]{1,253})" not found')


def _volume_of_class(scene: Scene, claim: Subject) -> Evidence | None:
    """A volume that carries the class's name: somebody made it by hand, and the name only serves to match it."""
    wanted = ClaimView(scene, claim).storage_class
    if not wanted.observed or not wanted.value or scene.exists(Subject("StorageClass", wanted.value)):
        return None
    for volume in scene.subjects("PersistentVolume"):
        for observation in scene.observations(volume)[:1]:
            shown = observation.object
            if isinstance(shown, PersistentVolume) and shown.spec.storage_class_name == wanted.value:
                return Evidence(observation.at, f"volume {volume.name} carries this class, which needs no StorageClass")
    return None


@rule(CLASS_MISSING, rows=("V1",), leads=(leads_to(CLAIM_NOT_BOUND, via=ITSELF),))
def class_missing(claim: ClaimView) -> Verdict:
    """The claim's StorageClass does not exist.

    What it means: Nothing provisions a volume, and no volume of another class will be bound.
    How it shows: The controller's event says that the class is not found; or all StorageClasses were listed without it.
    What looks like it: The class exists and its provisioner fails; a claim without a class and no default class; a
    class name that only serves to match existing volumes.
    Source: Kubernetes v1.34 pkg/controller/volume/persistentvolume/pv_controller.go.
    """
    by_hand = claim.scene.derive(_volume_of_class, claim.subject)
    if by_hand is not None:
        return Absent((by_hand,))
    for event in claim.scene.events_about(claim.subject):
        match = _NOT_FOUND.search(event.message)
        if match:
            proof = (Evidence(event.at, event.message),)
            return Present(proof, {"storage_class": match["name"]}, since=by(event.first))
    wanted = claim.storage_class
    if wanted.value and claim.scene.exists(Subject("StorageClass", wanted.value)):
        place = claim.scene.observations(Subject("StorageClass", wanted.value))[0].at
        return Absent((Evidence(place, f"StorageClass {wanted.value} exists"),))
    listing = claim.scene.listing("StorageClass", None, wanted.value if wanted.observed else None)
    if wanted.value and listing is not None:
        return Present(
            (
                Evidence(wanted.place, f"the claim names class {wanted.value}"),
                Evidence(listing.at, "no StorageClass of this name is listed"),
            ),
            {"storage_class": wanted.value},
            basis=Basis.RECOMPUTED,
        )
    return unsure(f"whether StorageClass {wanted.value or '(default)'} exists", LIST_ALL.of(kind="storageclass"))
