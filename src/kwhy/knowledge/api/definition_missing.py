"""A custom kind is asked for whose definition is not installed."""

from __future__ import annotations

from kwhy.knowledge.api.kind_not_served import KIND_NOT_SERVED
from kwhy.knowledge.api.removals import is_custom
from kwhy.knowledge.api.unserved import ASKS_FOR_UNSERVED, Unserved, unserved_for
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import API_RESOURCES

DEFINITION_MISSING = Condition(
    code="api.definition-missing",
    kind="Object",
    nature=Nature.ROOT,
    title="{subject} needs kind {asked} in version {version}, which nobody has defined here",
    summary="The CustomResourceDefinition of the kind is not installed, or does not serve this version.",
    remedies=(
        Remedy(
            id="install-the-definition",
            title="Install the definition in the version that is asked for",
            when="now",
            risk="low",
            steps=(
                Step("See what is defined.", "kubectl get customresourcedefinitions"),
                Step(
                    "Install the CustomResourceDefinitions of the release that the manifest or the program belongs to; "
                    "charts keep them apart from the rest, and helm upgrade does not touch them."
                ),
            ),
            verify=(Step("The kind is served.", "kubectl api-resources"),),
            undo=(Step("Deleting a definition deletes all its objects: leave it, or ask who uses it first."),),
        ),
    ),
)  # fmt: skip


@rule(
    DEFINITION_MISSING,
    rows=("C14",),
    leads=(
        leads_to(KIND_NOT_SERVED, via=ASKS_FOR_UNSERVED),
        leads_to(APP_ERRORS, via=ASKS_FOR_UNSERVED),
        leads_to(EXITS_WITH_ERROR, via=ASKS_FOR_UNSERVED),
    ),
)
def definition_missing(named: Subject, said: list[Unserved] = given(unserved_for)) -> Verdict:
    """The custom kind is not defined.

    What it means: The API server serves custom kinds only while their CustomResourceDefinition exists and lists the
    version as served.
    How it shows: The API server knows no such kind, and its API group is none that Kubernetes itself has.
    What looks like it: A group of an aggregated API whose server is down; a version of Kubernetes' own that was
    removed.
    Source: k8s.io/apiextensions-apiserver v0.34 pkg/apiserver/customresource_discovery_controller.go.
    """
    if not said:
        return unsure(f"which kinds and versions {named} asks for", API_RESOURCES.of())
    custom = [each for each in said if is_custom(each.version)]
    if not custom:
        return Absent((Evidence(said[0].at, f"{said[0].version} is of Kubernetes itself"),))
    first = custom[0]
    return Present((first.evidence,), {"asked": first.kind, "version": first.version})
