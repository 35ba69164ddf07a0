"""A claim waits for a volume that somebody made by hand, and none of them fits."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
from msgspec import UNSET

from kwhy.facts.objects import LabelSelector, Observation, PersistentVolume, PersistentVolumeClaim, StorageClass
from kwhy.knowledge.storage.claim_not_bound import CLAIM_NOT_BOUND
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.quantity import in_words, parse_quantity
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.seen import Seen
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST_ALL
from kwhy.scene.relations import ITSELF, label_selector_matches
from kwhy.scene.scene import Scene
from kwhy.scene.views import ClaimView

NO_VOLUME_FITS = Condition(
    code="storage.no-volume-fits",
    kind="PersistentVolumeClaim",
    nature=Nature.ROOT,
    title="No volume fits claim {claim}: {reasons}",
    summary="The claim waits for a volume made by hand, and there is none of its class that it may have.",
    remedies=(
        Remedy(
            id="make-them-match",
            title="Make the claim and a volume match",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Compare what the claim asks for with the volumes.",
                    "kubectl get pv -o wide; kubectl get pvc {name} -n {namespace} -o yaml",
                ),
                Step(
                    "A Released volume keeps the data of its former claim and is given to nobody. If the data is to go "
                    "on with the new claim, or nobody needs it, take the former claim's mark away.",
                    'kubectl patch pv VOLUME -p \'{{"spec":{{"claimRef":null}}}}\'',
                ),
                Step(
                    "Make a volume that fits; or make the claim anew, which holds no data yet.",
                    "kubectl delete pvc {name} -n {namespace}",
                ),
            ),
            verify=(Step("The claim is Bound.", "kubectl get pvc {name} -n {namespace}"),),
            undo=(Step("Apply the former manifest again."),),
        ),
    ),
)


# 'volume "archive-1" already bound to a different claim.': event FailedBinding, Kubernetes v1.34
# pkg/controller/volume/persistentvolume/pv_controller.go (syncUnboundClaim)
_BOUND_TO_ANOTHER = re.compile(r'volume "(?P<volume>[^"]{1,253})" already bound to a different claim')


#: Why a Released volume is not given to a claim that was made anew.
FORMER_CLAIM = "still belongs to a former claim of this name (claimRef.uid), which was deleted"


class Candidate(msgspec.Struct, frozen=True):
    """A volume that the claim could have, and why not; no reasons: it fits, as far as it was shown."""

    volume: Subject
    at: Locator
    reasons: tuple[str, ...]


def candidates(scene: Scene, claim: Subject) -> tuple[Candidate, ...]:
    """The volumes of the claim's class, or the one it names, and how each differs from what it asks for"""
    asked = next(
        (o.object for o in scene.observations(claim) if isinstance(o.object, PersistentVolumeClaim) and o.whole), None
    )
    if asked is None:
        return ()
    spec, found = asked.spec, []
    wanted = spec.storage_class_name if isinstance(spec.storage_class_name, str) else ""
    for volume in scene.subjects("PersistentVolume"):
        best = next((o for o in scene.observations(volume) if isinstance(o.object, PersistentVolume)), None)
        if best is None or not isinstance(best.object, PersistentVolume):
            continue
        named = spec.volume_name == volume.name
        offered = best.object.spec.storage_class_name
        of_class = (offered if isinstance(offered, str) else "") == wanted
        if named or (of_class and not spec.volume_name):
            reasons = _differences(claim, asked, best.object)
            found.append(Candidate(volume, best.at, reasons + (_hidden_differences(asked, best) if best.whole else ())))
    return tuple(sorted(found, key=lambda candidate: len(candidate.reasons)))


def _differences(claim: Subject, asked: PersistentVolumeClaim, volume: PersistentVolume) -> tuple[str, ...]:
    """FindMatchingVolume and checkVolumeSatisfyClaim, as far as both objects were shown."""
    reasons = []
    holder = volume.spec.claim_ref
    if holder is not UNSET and holder is not None:
        if (holder.namespace, holder.name) != (claim.namespace, claim.name):
            reasons.append(f"belongs to claim {holder.namespace}/{holder.name}")
        elif holder.uid and isinstance(asked.metadata.uid, str) and holder.uid != asked.metadata.uid:
            reasons.append(FORMER_CLAIM)
    if isinstance(volume.metadata.deletion_timestamp, str) and volume.metadata.deletion_timestamp:
        reasons.append("is being deleted")
    size, request = _size(volume.spec.capacity), _size(getattr(asked.spec.resources, "requests", None))
    if size is not None and request is not None and size < request:
        reasons.append(
            f"has {in_words('ephemeral-storage', size)}, the claim asks for {in_words('ephemeral-storage', request)}"
        )
    modes, wanted = volume.spec.access_modes, asked.spec.access_modes
    if isinstance(modes, list) and isinstance(wanted, list) and (lacking := [m for m in wanted if m not in modes]):
        reasons.append(f"offers {', '.join(modes)}, the claim asks for {', '.join(lacking)}")
    return tuple(reasons)


def _hidden_differences(asked: PersistentVolumeClaim, shown: Observation) -> tuple[str, ...]:
    """What a row of kubectl does not show of a volume."""
    volume = shown.object
    if not isinstance(volume, PersistentVolume):
        return ()
    reasons = []
    kinds = [s.spec.volume_mode if isinstance(s.spec.volume_mode, str) else "Filesystem" for s in (volume, asked)]
    if kinds[0] != kinds[1]:
        reasons.append(f"is of volumeMode {kinds[0]}, the claim asks for {kinds[1]}")
    selector, labels = asked.spec.selector, volume.metadata.labels
    if isinstance(selector, LabelSelector) and not label_selector_matches(selector, _labels(labels)):
        reasons.append("has not the labels that the claim's selector asks for")
    return tuple(reasons)


def _labels(shown: object) -> dict[str, str]:
    return shown if isinstance(shown, dict) else {}


def _size(quantities: object) -> Decimal | None:
    written = quantities.get("storage") if isinstance(quantities, dict) else None
    return parse_quantity(written) if written is not None else None


def _class_exists(scene: Scene, wanted: Seen[str]) -> bool:
    return wanted.observed and bool(wanted.value) and scene.exists(Subject("StorageClass", wanted.value))


def _made_by_hand(scene: Scene, name: str) -> Evidence | None:
    """The class, where it only delays binding and provisions nothing."""
    for observation in scene.observations(Subject("StorageClass", name)):
        shown = observation.object
        if isinstance(shown, StorageClass) and shown.provisioner == "kubernetes.io/no-provisioner":
            return Evidence(observation.at, f"class {name} makes no volumes (kubernetes.io/no-provisioner)")
    return None


@rule(NO_VOLUME_FITS, rows=("V1", "V3"), leads=(leads_to(CLAIM_NOT_BOUND, via=ITSELF),))
def no_volume_fits(claim: ClaimView, volumes: tuple[Candidate, ...] = given(candidates)) -> Verdict:
    """No volume fits the claim.

    What it means: The claim is to be bound to a volume that somebody made, and each one is too small, has other access
    modes, another volumeMode or other labels, or belongs to another claim; or there is none.
    How it shows: Recomputed from all PersistentVolumes of its class, or from the one that spec.volumeName names.
    What looks like it: A class with a provisioner, which makes a volume that fits: then volumes of other claims prove
    nothing. Node affinity is not recomputed.
    Source: FindMatchingVolume (k8s.io/component-helpers v0.34 storage/volume/pv_helpers.go); Kubernetes v1.34
    pkg/controller/volume/persistentvolume/pv_controller.go (syncUnboundClaim).
    """
    scene, wanted_by = claim.scene, f"{claim.namespace}/{claim.name}"
    fitting = next((c for c in volumes if not c.reasons), None)
    if fitting is not None:
        return Absent((Evidence(fitting.at, f"{fitting.volume} fits"),))
    for event in scene.events_about(claim.subject):
        match = _BOUND_TO_ANOTHER.search(event.message)
        if match and not volumes:
            reasons = f"{match['volume']} belongs to another claim"
            return Present(
                (Evidence(event.at, event.message),), {"reasons": reasons, "claim": wanted_by}, since=by(event.first)
            )
    listing = scene.listing("PersistentVolume", None)
    named = claim.volume_name.observed and bool(claim.volume_name.value)
    if listing is None and not (named and volumes):
        return unsure(f"which volumes {claim.subject} could have", LIST_ALL.of(kind="persistentvolumes"))
    wanted = claim.storage_class
    by_hand = _made_by_hand(scene, wanted.value) if wanted.observed and wanted.value else None
    if not named and by_hand is None and (not volumes or _class_exists(scene, wanted)):
        return unsure(f"whether class {wanted.value} makes volumes", LIST_ALL.of(kind="storageclass"))
    if not volumes and by_hand is not None and listing is not None:
        none = Evidence(listing.at, f"no volume of class {wanted.value} is listed")
        reasons = f"no volume of class {wanted.value} exists, and the class makes none"
        return Present((by_hand, none), {"reasons": reasons, "claim": wanted_by}, basis=Basis.RECOMPUTED)
    if not volumes:
        return unsure(f"whether volume {claim.volume_name.value} exists", LIST_ALL.of(kind="persistentvolumes"))
    because = tuple(Evidence(c.at, f"{c.volume.name} {' and '.join(c.reasons)}") for c in volumes[:4])
    reasons = "; ".join(f"{c.volume.name} {' and '.join(c.reasons)}" for c in volumes[:3])
    more = f" (and {len(volumes) - 3} others)" if len(volumes) > 3 else ""
    released = volumes[0].volume if volumes[0].reasons == (FORMER_CLAIM,) else None
    return Present(because, {"reasons": reasons + more, "claim": wanted_by}, basis=Basis.RECOMPUTED, blames=released)
