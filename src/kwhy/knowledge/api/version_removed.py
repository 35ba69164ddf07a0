"""A version of an API is asked for that this Kubernetes no longer serves."""

from __future__ import annotations

from kwhy.facts.kubectl import ServerVersion
from kwhy.knowledge.api.kind_not_served import KIND_NOT_SERVED
from kwhy.knowledge.api.removals import REMOVALS, Removal
from kwhy.knowledge.api.unserved import ASKS_FOR_UNSERVED, Unserved, unserved_for
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import API_RESOURCES, VERSION
from kwhy.scene.scene import Scene

VERSION_REMOVED = Condition(
    code="api.version-removed",
    kind="Object",
    nature=Nature.ROOT,
    title="{subject} asks for {asked} in version {version}, which Kubernetes 1.{minor} removed{use}",
    summary="The manifest, or the program, is older than the cluster: the API version that it uses is gone.",
    remedies=(
        Remedy(
            id="use-the-served-version",
            title="Use the version that is served",
            when="now",
            risk="low",
            steps=(
                Step("See which versions the API server has.", "kubectl api-resources"),
                Step(
                    "Write the manifest for the new version; some fields changed with it. A chart or "
                    "an operator needs a release that knows this Kubernetes.",
                    "kubectl explain {asked} --api-version={replacement}",
                ),
                Step("Try it without changing anything.", "kubectl apply --dry-run=server -f FILE"),
            ),
            verify=(Step("The object is there.", "kubectl get {asked} -A"),),
            undo=(Step("Delete what was created, or apply the former manifest of it."),),
        ),
    ),
)

#: Servers older than this are taken for none: what was there before it is missing because it was removed.
OLDEST = 16

# v1.34.4, v1.27.3-gke.100
_MINOR = expression(r"v1\.(?P<minor>\d{1,3})\b")


def _server(scene: Scene, subject: Subject) -> tuple[int, Evidence] | None:
    """The minor release of the API server, as kubectl version prints it"""
    for shown in scene.facts(ServerVersion):
        match = _MINOR.match(shown.version)
        if match:
            return int(match["minor"]), Evidence(shown.at, f"the API server is {shown.version}")
    return None


@rule(
    VERSION_REMOVED,
    rows=("C14",),
    leads=(
        leads_to(KIND_NOT_SERVED, via=ASKS_FOR_UNSERVED),
        leads_to(APP_ERRORS, via=ASKS_FOR_UNSERVED),
        leads_to(EXITS_WITH_ERROR, via=ASKS_FOR_UNSERVED),
    ),
)
def version_removed(
    named: Subject,
    said: list[Unserved] = given(unserved_for),
    server: tuple[int, Evidence] | None = given(_server),
) -> Verdict:
    """The version asked for was removed from Kubernetes.

    What it means: Beta versions of an API are removed some releases after the stable one appeared.
    How it shows: The API server knows no such kind, and the pair of version and kind is one that Kubernetes removed;
    where the server's version is shown it is that release or a later one.
    What looks like it: A server older than the version asked for does not know it yet; a custom kind whose definition
    is missing; an API that is switched off (--runtime-config).
    Source: k8s.io/api v0.34 zz_generated.prerelease-lifecycle.go (APILifecycleRemoved).
    """
    if not said:
        return unsure(f"which kinds and versions {named} asks for", API_RESOURCES.of())
    removed = [(each, REMOVALS[each.version, each.kind]) for each in said if (each.version, each.kind) in REMOVALS]
    if not removed:
        return Absent((Evidence(said[0].at, f"Kubernetes removed no {said[0].kind} in version {said[0].version}"),))
    each, removal = removed[0]
    if server is not None and server[0] < removal.minor:
        return Absent((server[1],))
    if server is None and removal.introduced > OLDEST:
        return unsure("the version of the API server, which may be older than what is asked for", VERSION.of())
    because = (each.evidence, *((server[1],) if server is not None else ()))
    return Present(because, _values(each, removal))


def _values(each: Unserved, removal: Removal) -> dict[str, object]:
    return {
        "asked": each.kind,
        "version": each.version,
        "minor": removal.minor,
        "use": f"; {removal.replacement} takes its place" if removal.replacement else "; nothing takes its place",
        "replacement": removal.replacement,
    }
