"""An object cannot be made, because the API server does not know its kind in that version."""

from __future__ import annotations

from kwhy.knowledge.api.unserved import Unserved, asked_with_kubectl, unserved_for
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.kubectl import API_RESOURCES

KIND_NOT_SERVED = Condition(
    code="api.kind-not-served",
    kind="Object",
    nature=Nature.EFFECT,
    title="{subject} cannot be made: the API server knows no {asked} in version {version}",
    summary="A manifest asks for a kind in a version that the API server does not serve.",
)


@rule(KIND_NOT_SERVED, rows=("C14",), among=asked_with_kubectl, symptom=True)
def kind_not_served(named: Subject, said: list[Unserved] = given(unserved_for)) -> Verdict:
    """The API server knows no such kind.

    What it means: Nothing was created or changed. Either this Kubernetes no longer serves the version, or the kind is
    a custom one and its definition is not installed.
    How it shows: 'no matches for kind "X" in version "Y"'.
    What looks like it: kubectl's discovery cache may be ten minutes old. A group whose APIService is unavailable is
    missing from discovery too.
    Source: k8s.io/apimachinery v0.34 pkg/api/meta/errors.go (NoKindMatchError); k8s.io/cli-runtime v0.34
    pkg/resource/mapper.go.
    """
    if not said:
        return unsure(f"whether the API server knows the kind of {named}", API_RESOURCES.of())
    return Present(tuple(each.evidence for each in said), {"asked": said[0].kind, "version": said[0].version})
