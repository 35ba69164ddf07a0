"""No controller serves an Ingress, because its class does not exist."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.ingress.classes import Class, evidence, published, unknown_class
from kwhy.knowledge.ingress.routes import class_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

NOT_TAKEN = Condition(
    code="ingress.not-taken",
    kind="Ingress",
    nature=Nature.EFFECT,
    title="No controller serves {subject}: requests for it get the controller's 404, or no answer",
    summary="No controller has taken the Ingress up.",
)
CLASS_MISSING = Condition(
    code="ingress.class-missing",
    kind="Ingress",
    nature=Nature.ROOT,
    title="{subject} asks for {asked}, and the cluster's ingress classes are: {known}",
    summary="The Ingress names a class that does not exist, or none where no class is the default.",
    remedies=(
        Remedy(
            id="name-an-existing-class",
            title="Name a class that exists",
            when="now",
            risk="low",
            steps=(
                Step("See the classes and their controllers.", "kubectl get ingressclasses"),
                Step(
                    "Set spec.ingressClassName to the class of the controller that is to serve it.",
                    "kubectl edit ingress {name} -n {namespace}",
                ),
            ),
            verify=(Step("An address appears.", "kubectl get ingress {name} -n {namespace}"),),
            undo=(Step("Set the former class again.", "kubectl edit ingress {name} -n {namespace}"),),
        ),
    ),
)


def _suspicious(scene: Scene) -> Iterable[Subject]:
    """Ingresses without an address whose class is unknown, or whose class may be: the classes were not shown."""
    for ingress in scene.subjects("Ingress"):
        shown = published(scene, ingress)
        if shown is None or shown[0]:
            continue
        try:
            suspicious = unknown_class(scene, ingress) is not None
        except NotObserved:
            suspicious = class_of(scene, ingress) is not None
        if suspicious:
            yield ingress


@rule(NOT_TAKEN, rows=("S7",), among=_suspicious, symptom=True)
def not_taken(ingress: ObjectView, class_: Class | None = given(unknown_class)) -> Verdict:
    """No controller takes the Ingress.

    What it means: Each controller serves the Ingresses of its own classes and ignores all others.
    How it shows: No address in its status, and no IngressClass of the name that it asks for.
    What looks like it: Controllers that publish no address; classes from before Kubernetes 1.18, by annotation.
    Source: k8s.io/api v0.34 networking/v1 types.go (IngressSpec.IngressClassName); ingress-nginx controller v1.15
    internal/ingress/controller/store/store.go (GetIngressClass).
    """
    shown = published(ingress.scene, ingress.subject)
    if shown is not None and shown[0]:
        return Absent((Evidence(shown[1], "a controller serves it: it has an address"),))
    if class_ is None:
        asked = class_of(ingress.scene, ingress.subject)
        place = asked[1] if asked is not None else ingress.observations[0].at
        return Absent((Evidence(place, "its class exists, or it needs none"),))
    because = [Evidence(shown[1], "no controller has given it an address")] if shown is not None else []
    return Present((*because, *evidence(class_)[:1]))


@rule(CLASS_MISSING, rows=("S7",), leads=(leads_to(NOT_TAKEN, via=ITSELF),))
def class_missing(ingress: ObjectView, class_: Class | None = given(unknown_class)) -> Verdict:
    """The class of the Ingress does not exist.

    What it means: Controllers look up spec.ingressClassName among the IngressClass objects; what they do not find
    there they ignore. An Ingress without class is served only where one class is marked as the default.
    How it shows: All IngressClasses are listed, and the one asked for is not among them.
    What looks like it: A class that exists and whose controller does not run; the annotation that came before, which
    needs no object (kubernetes.io/ingress.class); a controller that is told to serve Ingresses without class.
    Source: ingress-nginx controller v1.15 internal/ingress/controller/store/store.go (GetIngressClass: "ingress does
    not contain a valid IngressClass"); kubernetes.io/docs Ingress, default IngressClass.
    """
    if class_ is None:
        asked = class_of(ingress.scene, ingress.subject)
        place = asked[1] if asked is not None else ingress.observations[0].at
        return Absent((Evidence(place, "its class exists, or it needs none"),))
    asked_for = f"class {class_.name}" if class_.name else "no class, and none is the default"
    values = {"asked": asked_for, "known": ", ".join(class_.known) or "none"}
    return Present(evidence(class_), values, basis=Basis.RECOMPUTED if class_.name else Basis.INFERRED)
