"""A workload waits for a Service behind which there is nothing."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.dependencies import Need, needs_of, pods_that_need, services_needed
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.container.runs import ask, quoted
from kwhy.knowledge.service.backend import backend
from kwhy.knowledge.service.consumers import calls_of
from kwhy.knowledge.service.endpoints import ready_addresses
from kwhy.knowledge.service.no_ready_endpoints import NO_READY_ENDPOINTS, no_ready_endpoints
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import LIST, LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, ServiceView

DEPENDENCY_MISSING = Condition(
    code="dependency.service-without-endpoints",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} waits for {service}, {what}",
    summary="The workload needs a Service that does not exist, or that nothing stands behind.",
    remedies=(
        Remedy(
            id="deploy-the-dependency",
            title="Deploy what is missing, or point the workload to what exists",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See what should stand behind the Service.",
                    "kubectl describe service {service_name} -n {namespace}",
                ),
                Step("Deploy it with the labels that the Service selects; or correct the address in the workload."),
            ),
            verify=(
                Step("The Service has endpoints.", "kubectl get endpointslices -n {namespace}"),
                Step("The pods become ready.", "kubectl get pods -n {namespace}"),
            ),
            undo=(Step("Remove what was deployed."),),
        ),
    ),
)


def _calls_nothing_else(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """The pod itself, where all its failing calls go to Services that it waits for."""
    services = services_needed(scene, caller)
    calls = scene.derive(calls_of, caller)
    if calls and all(call.service in services for call in calls):
        yield caller


CALLS_FAIL = Relation("calls what it waits for", _calls_nothing_else)
NEEDED_BY = Relation("is needed by", pods_that_need)
NEEDS = Relation("waits for", services_needed)


@rule(
    DEPENDENCY_MISSING,
    rows=("P5", "P2"),
    leads=(
        leads_to(EXITS_WITH_ERROR, via=ITSELF),
        leads_to(INIT_FAILS, via=ITSELF),
        leads_to(APP_ERRORS, via=CALLS_FAIL),
        leads_to(NO_READY_ENDPOINTS, via=NEEDED_BY),
    ),
)
def dependency_missing(pod: PodView, needs: list[Need] = given(needs_of)) -> Verdict:
    """The workload waits for a Service behind which there is nothing.

    What it means: The program does what it should: what it depends on was never deployed, or has another name. The
    workload is the object to fix, because it is the one that refers to what does not exist.
    How it shows: The log's failing call, or the init container's command, names a Service of which no endpoint is
    ready, and no pod and no workload of the namespace matches its selector; or the Service does not exist.
    What looks like it: A workload behind the Service that fails itself: then that failure is the cause. A selector that
    misses its workload by little: then the Service is. A workload that was scaled to zero. A network that loses the
    connection although endpoints are ready.
    Source: Kubernetes v1.34 pkg/controller/endpointslice (no endpoints without pods); pkg/proxy/iptables/proxier.go
    (connections to a Service without endpoints are rejected).
    """
    if not needs:
        return unsure(
            f"which Service {pod.subject} waits for", LOGS.of(name=pod.name, namespace=pod.namespace), ask(pod)
        )
    verdicts = [_judge(pod.scene, need) for need in needs]
    for kind in (Present, Unsure, Absent):
        for verdict in verdicts:
            if isinstance(verdict, kind):
                return verdict
    raise AssertionError("every need was judged")


def _judge(scene: Scene, need: Need) -> Verdict:
    if not scene.exists(need.service):
        return _judge_unknown(scene, need)
    count, place = ready_addresses(scene, need.service)
    if count:
        return Absent((Evidence(place, f"{count} endpoints of {need.service} are ready"),))
    if not ServiceView(scene, need.service).selector.value:
        return unsure(f"who is to give {need.service}, which selects no pods, its endpoints")
    behind = backend(scene, need.service)
    if behind.near:
        return Absent((Evidence(behind.near[0].at, f"its selector misses {behind.near[0].owner}"),))
    meant = (*behind.workloads, *behind.pods)
    if meant:
        return Absent((Evidence(meant[0].at, f"{meant[0].subject} is to stand behind it"),))
    if behind.pods_known is None or scene.listing("Deployment", need.service.namespace) is None:
        return Unsure((Gap(f"whether anything matches the selector of {need.service}", behind.gaps),))
    selector_at = quoted(behind.selector_at, behind.selector_at.excerpt)
    proof = [need.evidence, Evidence(quoted(place, place.excerpt), "no endpoint is ready")]
    proof.append(Evidence(selector_at, f"no pod and no workload matches {behind.asked}"))
    # Dumps of a namespace leave out the kinds of which there is nothing: a list of Deployments is all there may be.
    basis = Basis.RECOMPUTED if behind.nothing else Basis.INFERRED
    return _present(need, f"behind which nothing is deployed ({behind.asked})", tuple(proof), basis)


def _judge_unknown(scene: Scene, need: Need) -> Verdict:
    listing = scene.listing("Service", need.service.namespace, need.service.name)
    if listing is None:
        probe = LIST.of(kind="services", namespace=need.service.namespace)
        return unsure(f"whether {need.service} exists", probe)
    proof = (need.evidence, Evidence(quoted(listing.at), f"{need.service} is not listed"))
    return _present(need, "which does not exist", proof, Basis.RECOMPUTED)


def _present(need: Need, what: str, because: tuple[Evidence, ...], basis: Basis) -> Present:
    values = {"service": f"Service {need.service.name}", "service_name": need.service.name, "what": what}
    return Present(because, values, basis=basis)


@rule(NO_READY_ENDPOINTS, rows=("P5",), leads=(leads_to(EXITS_WITH_ERROR, via=NEEDS), leads_to(INIT_FAILS, via=NEEDS)))
def backend_not_ready(service: ServiceView, addresses: tuple[int, Locator] = given(ready_addresses)) -> Verdict:
    """The Service that another workload waits for has no ready endpoint.

    What it means: What fails behind the Service fails the workloads that need it.
    How it shows: As for the Service itself.
    What looks like it: Nothing is deployed behind the Service at all.
    Source: Kubernetes v1.34 pkg/controller/endpointslice.
    """
    return no_ready_endpoints(service, addresses)
