"""An autoscaler needs a metrics API that the cluster does not serve."""

from __future__ import annotations

from kwhy.knowledge.autoscaling.not_scaling import NOT_SCALING
from kwhy.knowledge.autoscaling.stated import complaints
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ObjectView

METRICS_API_MISSING = Condition(
    code="autoscaling.metrics-api-missing",
    kind="HorizontalPodAutoscaler",
    nature=Nature.ROOT,
    title="{subject} needs API group {group}, which no server of the cluster offers",
    summary="The autoscaler reads its metrics from an aggregated API that is not installed.",
    remedies=(
        Remedy(
            id="install-the-metrics-server",
            title="Install what serves the metrics, or scale by hand",
            when="now",
            risk="low",
            steps=(
                Step("See which metrics APIs are registered.", "kubectl get apiservices | grep metrics"),
                Step(
                    "Install what serves {group} from its release manifest: metrics-server for metrics.k8s.io, an "
                    "adapter (Prometheus adapter, KEDA) for custom and external metrics."
                ),
                Step("Until then set the replicas that the load needs on the target itself."),
            ),
            verify=(
                Step("Its condition ScalingActive is True.", "kubectl describe hpa {name} -n {namespace}"),
                Step("Metrics are answered.", "kubectl get --raw /apis/{group}"),
            ),
            undo=(Step("Delete what was installed, by the same manifest."),),
        ),
    ),
)  # fmt: skip

# unable to fetch metrics from resource metrics API: the server could not find the requested resource
# (get pods.metrics.k8s.io): Kubernetes v1.34 pkg/controller/podautoscaler/metrics/client.go; apimachinery
# api/errors NewGenericServerResponse (404)
_NOT_SERVED = expression(
    r"the server could not find the requested resource "
    r"\(get [\w.*-]{1,200}?\.(?P<group>(?:custom\.|external\.)?metrics\.k8s\.io)\)"
)


@rule(METRICS_API_MISSING, rows=("P15", "C10"), leads=(leads_to(NOT_SCALING, via=ITSELF),))
def metrics_api_missing(autoscaler: ObjectView, said: list[Evidence] = given(complaints)) -> Verdict:
    """The metrics API that the autoscaler needs is not served.

    What it means: The API server knows no such group, so the autoscaler learns nothing and changes nothing.
    How it shows: ScalingActive is False, FailedGetResourceMetric, "the server could not find the requested resource";
    no APIService of the group is listed.
    What looks like it: The APIService exists and its server is down ("currently unable to handle the request"); the
    metrics are served and the pods have no requests ("missing request for cpu").
    Source: Kubernetes v1.34 pkg/controller/podautoscaler/metrics/client.go (GetResourceMetric).
    """
    stated = [(match["group"], evidence) for evidence in said if (match := _NOT_SERVED.search(evidence.says))]
    if not stated:
        if said:
            return Absent((said[0],))
        return unsure(f"the conditions of {autoscaler.subject}", *autoscaler.probes())
    group = stated[0][0]
    for version in ("v1beta1", "v1", "v1beta2"):
        service = Subject("APIService", f"{version}.{group}")
        if autoscaler.scene.exists(service):
            at = autoscaler.scene.observations(service)[0].at
            return Absent((Evidence(at, f"{service.name} is registered"),))
    because = [evidence for named, evidence in stated if named == group]
    listing = autoscaler.scene.listing("APIService", None)
    if listing is not None:
        because.append(Evidence(listing.at, f"no APIService of group {group} is listed"))
    return Present(tuple(dict.fromkeys(because)), {"group": group})
