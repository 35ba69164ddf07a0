"""A claim waits for a provisioner that does nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kwhy.facts.objects import Pod, StorageClass
from kwhy.knowledge.storage.claim_not_bound import CLAIM_NOT_BOUND
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED, LIST_ALL
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import ClaimView, ObjectView

PROVISIONER_SILENT = Condition(
    code="storage.provisioner-silent",
    kind="PersistentVolumeClaim",
    nature=Nature.EFFECT,
    title="{subject} waits for provisioner {provisioner}, which has not said anything about it",
    summary="The claim was handed to an external provisioner, and it neither made a volume nor reported a failure.",
)
PROVISIONER_MISSING = Condition(
    code="storage.provisioner-missing",
    kind="StorageClass",
    nature=Nature.ROOT,
    title="{subject} names provisioner {provisioner}, which nobody runs",
    summary="No program in the cluster serves the provisioner of the class, so its claims stay Pending.",
    remedies=(
        Remedy(
            id="run-the-provisioner",
            title="Deploy the provisioner, or use a class whose provisioner runs",
            when="now",
            risk="low",
            steps=(
                Step("See which drivers are registered.", "kubectl get csidrivers,csinodes"),
                Step("See what the class names.", "kubectl get storageclass {name} -o yaml"),
                Step("Install the driver {provisioner}; or make the claim anew with another class."),
            ),
            verify=(Step("Claims of the class become Bound.", "kubectl get pvc -A"),),
            undo=(Step("Uninstall the driver while none of its volumes is in use."),),
        ),
    ),
)

# "Waiting for a volume to be created either by the external provisioner 'csi.example.com' or manually by the system
# administrator. …": event ExternalProvisioning, Kubernetes v1.34 pv_controller.go (provisionClaimOperationExternal);
# older: 'waiting for a volume to be created, either by external provisioner "csi.example.com" or manually …'
_WAITING = re.compile(
    r"volume to be created,? either by (?:the )?external provisioner ['\"](?P<name>[^'\"]{1,253})['\"]"
)
#: What a provisioner reports about a claim, and the volume controller about a class that it cannot use.
_WORDS = frozenset({"Provisioning", "ProvisioningFailed", "ProvisioningSucceeded"})


def _handed_over(scene: Scene, claim: Subject) -> tuple[MergedEvent, str] | None:
    for event in scene.events_about(claim):
        match = _WAITING.search(event.message)
        if match:
            return event, match["name"]
    return None


def _word_of(scene: Scene, claim: Subject, provisioner: str) -> MergedEvent | None:
    """What the provisioner itself reports: its events come from "<provisioner>_<host>_<uuid>".

    Source: sigs.k8s.io/sig-storage-lib-external-provisioner controller/controller.go (NewProvisionController).
    """
    events = scene.events_about(claim)
    return next((e for e in events if e.component.startswith(provisioner) or e.reason in _WORDS), None)


def _class_of(scene: Scene, claim: Subject) -> Iterable[Subject]:
    wanted = ClaimView(scene, claim).storage_class
    return [Subject("StorageClass", wanted.value)] if wanted.observed and wanted.value else []


OF_CLASS = Relation("is of class", _class_of)


@rule(PROVISIONER_SILENT, rows=("V1",), leads=(leads_to(CLAIM_NOT_BOUND, via=ITSELF),))
def provisioner_silent(claim: ClaimView) -> Verdict:
    """The provisioner does not answer.

    What it means: The volume controller waits for a program outside of it, which watches claims of its classes.
    How it shows: The claim's events say ExternalProvisioning, and none comes from the provisioner (Provisioning,
    ProvisioningFailed, ProvisioningSucceeded).
    What looks like it: A provisioner that tries and fails says so in events of its own; with WaitForFirstConsumer
    nothing is handed over before a pod mounts the claim.
    Source: Kubernetes v1.34 pkg/controller/volume/persistentvolume/pv_controller.go (provisionClaimOperationExternal).
    """
    handed = _handed_over(claim.scene, claim.subject)
    if handed is None:
        return unsure(
            f"the events of {claim.subject}",
            DESCRIBE_NAMESPACED.of(kind="pvc", name=claim.name, namespace=claim.namespace),
        )
    event, provisioner = handed
    word = _word_of(claim.scene, claim.subject, provisioner)
    if word is not None:
        return Absent((Evidence(word.at, f"{provisioner} says: {word.message}"),))
    because = (Evidence(event.at, event.message),)
    return Present(because, {"provisioner": provisioner}, since=by(event.first))


@rule(PROVISIONER_MISSING, rows=("V1",), leads=(leads_to(PROVISIONER_SILENT, via=OF_CLASS),))
def provisioner_missing(storage_class: ObjectView) -> Verdict:
    """Nobody runs the provisioner.

    What it means: Claims of the class wait until somebody deploys the driver or makes volumes by hand.
    How it shows: All drivers and all pods were listed; no driver has the provisioner's name, and no pod has it in its
    name, images, arguments or environment.
    What looks like it: A provisioner that runs and fails, hangs or lacks permissions; one that runs outside the
    cluster and leaves traces in leases only.
    Source: Kubernetes v1.34 pkg/controller/volume/persistentvolume/pv_controller.go (provisionClaimOperationExternal);
    a CSI driver registers a CSIDriver object of its name (k8s.io/api v0.34 storage/v1 types.go).
    """
    scene = storage_class.scene
    named = storage_class.seen("provisioner", lambda c: c.provisioner if isinstance(c, StorageClass) else "", "")
    provisioner = named.value
    if provisioner == "kubernetes.io/no-provisioner":
        return Absent((Evidence(named.place, "volumes of this class are made by hand"),))
    driver = Subject("CSIDriver", provisioner)
    if scene.exists(driver):
        return Absent((Evidence(scene.observations(driver)[0].at, f"driver {provisioner} is installed"),))
    trace = _trace_of(scene, provisioner)
    if trace is not None:
        return Absent((trace,))
    drivers, pods = scene.listing("CSIDriver", None), scene.listing("Pod", None)
    if drivers is None or pods is None:
        return unsure(f"whether anything serves provisioner {provisioner}", LIST_ALL.of(kind="csidrivers,pods"))
    because = (
        Evidence(named.place, f"the class names provisioner {provisioner}"),
        Evidence(drivers.at, "no driver of this name is listed"),
        Evidence(pods.at, "no listed pod names it"),
    )
    return Present(because, {"provisioner": provisioner}, basis=Basis.RECOMPUTED)


def _trace_of(scene: Scene, provisioner: str) -> Evidence | None:
    """A pod that names the provisioner, or an event from it."""
    for component, event in scene.events.reporters().items():
        if component.startswith(provisioner):
            return Evidence(event.at, f"{provisioner} reports events")
    for subject in scene.subjects("Pod"):
        for observation in scene.observations(subject)[:1]:
            if isinstance(observation.object, Pod) and provisioner in str(observation.object.spec):
                return Evidence(observation.at, f"{subject} names {provisioner}")
    return None
