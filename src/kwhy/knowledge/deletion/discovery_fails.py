"""A deleted namespace cannot be emptied, because not all APIs can be listed."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.api.aggregated_unavailable import AGGREGATED_UNAVAILABLE, aggregated_unavailable
from kwhy.knowledge.deletion.deleted import NAMESPACE_ITSELF
from kwhy.knowledge.deletion.stuck import DELETION_STUCK
from kwhy.model.condition import Condition, Nature
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, no_later_than
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

DISCOVERY_FAILS = Condition(
    code="deletion.discovery-fails",
    kind="Namespace",
    nature=Nature.EFFECT,
    title="{subject} cannot be emptied: {said}",
    summary="The controller must list every kind of object first, and some API does not answer.",
)

_FAILED = "NamespaceDeletionDiscoveryFailure"
# Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs:
# metrics.k8s.io/v1beta1: stale GroupVersion discovery: metrics.k8s.io/v1beta1
# Kubernetes v1.34 pkg/controller/namespace/deletion/status_condition_utils.go ProcessDiscoverResourcesErr; client-go
# v0.34 discovery/discovery_client.go ErrGroupDiscoveryFailed
_GROUP = expression(
    r"(?P<group>[a-z0-9](?:[a-z0-9-]{0,60}\.)[a-z0-9.-]{1,190})/(?P<version>v\d{1,3}(?:(?:alpha|beta)\d{1,3})?)"
)


def _named_apis(scene: Scene, namespace: Subject) -> Iterable[Subject]:
    """The aggregated APIs that the condition names."""
    condition = ObjectView(scene, namespace).condition(_FAILED)
    message = condition.value.message or "" if condition.observed and condition.value is not None else ""
    return dict.fromkeys(
        Subject("APIService", f"{found['version']}.{found['group']}") for found in _GROUP.finditer(message)
    )


LISTS = Relation("must list", _named_apis)


@rule(DISCOVERY_FAILS, rows=("C9", "C10"), leads=(leads_to(DELETION_STUCK, via=NAMESPACE_ITSELF),))
def discovery_fails(namespace: ObjectView) -> Verdict:
    """Not all APIs can be listed, so the namespace is not emptied.

    What it means: Something might be left in the group that does not answer, so the controller does not go on.
    How it shows: Condition NamespaceDeletionDiscoveryFailure is True and names the group.
    What looks like it: Contents that are known and remain.
    Source: Kubernetes v1.34 pkg/controller/namespace/deletion/namespaced_resources_deleter.go (deleteAllContent).
    """
    condition = namespace.condition(_FAILED)
    if not condition.observed or condition.value is None:
        return unsure(f"the conditions of {namespace.subject}", *namespace.probes())
    if condition.value.status != "True":
        return Absent((Evidence(condition.place, "all APIs were listed"),))
    began = parse_timestamp(condition.value.last_transition_time)
    said = condition.value.message or _FAILED
    since = UNKNOWN_MOMENT if began is None else no_later_than(began)
    return Present((Evidence(condition.place, said),), {"said": said[:300]}, since=since)


@rule(AGGREGATED_UNAVAILABLE, rows=("C9", "C10"), leads=(leads_to(DISCOVERY_FAILS, via=LISTS),))
def listed_api_unavailable(service: ObjectView) -> Verdict:
    """An aggregated API that must be listed does not answer.

    What it means: As for the API itself.
    How it shows: Condition Available of the APIService that the namespace's condition names is False.
    What looks like it: An API that answers again since the namespace was looked at.
    Source: kube-aggregator v0.34 pkg/controllers/status/remote/remote_available_controller.go.
    """
    return aggregated_unavailable(service)
