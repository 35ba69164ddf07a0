"""A pod refers to a key that its ConfigMap or Secret does not have."""

from __future__ import annotations

from difflib import get_close_matches

from kwhy.knowledge.config.not_available import NOT_AVAILABLE
from kwhy.knowledge.config.references import Want, keys_of, missing_keys, said_to_lack
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

KEY_MISSING = Condition(
    code="config.key-missing",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} refers to key {key} of {object}, which has no such key{hint}",
    summary="The ConfigMap or Secret exists and lacks the key that the pod asks for.",
    remedies=(
        Remedy(
            id="add-the-key",
            title="Add the key, or correct its name in the workload",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See which keys there are (describe prints no values of Secrets).",
                    "kubectl describe {object} -n {namespace}",
                ),
                Step("Add key {key}, or correct the reference.", "kubectl edit {kind} {name} -n {namespace}"),
            ),
            verify=(Step("The pods start.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Take the key away again."),),
        ),
    ),
)


@rule(KEY_MISSING, rows=("P6",), leads=(leads_to(NOT_AVAILABLE, via=ITSELF),))
def key_missing(pod: PodView, wants: list[Want] = given(said_to_lack)) -> Verdict:
    """The key does not exist in its object.

    What it means: The object is there, so its name is right; the key is misspelt, or was not put in.
    How it shows: "couldn't find key x in ConfigMap ns/name", "references non-existent config key: x"; or the object was
    shown with its keys.
    What looks like it: The whole object is missing. A key in binaryData is a key too.
    Source: Kubernetes v1.34 pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables); pkg/volume/configmap/configmap.go.
    """
    for want in wants:
        if want.key is None:
            continue
        shown = keys_of(pod.scene, want.kind, want.name, pod.namespace)
        if shown is not None and want.key in shown[0]:
            return Absent((Evidence(shown[1], f"{want.kind} {want.name} has key {want.key}"),))
        hint = _near(want.key, shown[0] if shown else [])
        values = {"key": want.key, "object": f"{want.kind.lower()} {want.name}".strip(), "hint": hint}
        keys = (Evidence(shown[1], f"{want.kind} {want.name} has no key {want.key}"),) if shown else ()
        return Present((want.said.evidence, *keys), values, since=want.said.since)
    lacking = missing_keys(pod.scene, pod.subject)
    if lacking and not wants:
        reference, place = lacking[0]
        shown = keys_of(pod.scene, reference.kind, reference.name, pod.namespace)
        hint = _near(reference.key or "", shown[0] if shown else [])
        because = (
            Evidence(reference.at, f"it refers to key {reference.key} of {reference.kind} {reference.name}"),
            Evidence(place, f"{reference.kind} {reference.name} has no such key"),
        )
        values = {"key": reference.key or "", "object": f"{reference.kind.lower()} {reference.name}", "hint": hint}
        return Present(because, values, basis=Basis.RECOMPUTED)
    if wants:
        return Absent((wants[0].said.evidence,))
    return unsure(
        f"whether every key that {pod.subject} refers to exists",
        DESCRIBE_NAMESPACED.of(kind="pod", name=pod.name, namespace=pod.namespace),
    )


def _near(key: str, keys: list[str]) -> str:
    """A key that exists and may be meant. Names of keys are no secrets."""
    close = get_close_matches(key, keys, n=1, cutoff=0.7)
    return f" ({close[0]} exists)" if close else ""
