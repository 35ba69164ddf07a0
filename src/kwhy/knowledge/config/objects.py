"""Judging whether an object that a pod refers to is missing: the same for ConfigMaps and Secrets."""

from __future__ import annotations

from difflib import get_close_matches

from kwhy.knowledge.config.references import Kind, Want, missing, references
from kwhy.model.probe import Probe
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

#: Names only: nobody should hand over the values of Secrets.
NAMES = Probe("kubectl get {kind} -n {namespace}", unlocks="which of them exist in the namespace")


def judge_missing(pod: PodView, wants: list[Want], kind: Kind) -> Verdict:
    """By the kubelet's words, else by a listing; an object that is there refutes both."""
    scene, namespace = pod.scene, pod.namespace
    lacking = missing(scene, pod.subject, kind)
    there = []
    for want in wants:
        if want.kind != kind or want.key is not None:
            continue
        subject = Subject(kind, want.name, namespace)
        if scene.exists(subject):
            there.append(Evidence(scene.observations(subject)[0].at, f"{kind} {want.name} exists"))
            continue
        refers = [
            Evidence(r.at, f"it refers to {kind} {want.name}")
            for r in references(scene, pod.subject)
            if r.name == want.name
        ]
        listed = [Evidence(place, f"no {kind} {want.name} is listed") for r, place in lacking if r.name == want.name]
        because = (want.said.evidence, *refers[:1], *listed[:1])
        return Present(
            because, {"missing": want.name, "hint": _near(scene, kind, want.name, namespace)}, since=want.said.since
        )
    if lacking:
        reference, place = lacking[0]
        because = (
            Evidence(reference.at, f"it refers to {kind} {reference.name}"),
            Evidence(place, f"no {kind} {reference.name} is listed"),
        )
        hint = _near(scene, kind, reference.name, namespace)
        return Present(because, {"missing": reference.name, "hint": hint}, basis=Basis.RECOMPUTED)
    if there:
        return Absent(tuple(there))
    if wants:
        return Absent((wants[0].said.evidence,))
    return unsure(
        f"whether every {kind} that {pod.subject} refers to exists", NAMES.of(kind=kind.lower(), namespace=namespace)
    )


def _near(scene: Scene, kind: Kind, name: str, namespace: str | None) -> str:
    """A name that exists and may be meant."""
    names = [subject.name for subject in scene.subjects_in(kind, namespace)]
    close = get_close_matches(name, names, n=1, cutoff=0.8)
    return f" ({close[0]} exists)" if close else ""
