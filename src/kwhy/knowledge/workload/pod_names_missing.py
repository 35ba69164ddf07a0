"""Pods of a StatefulSet are asked for by host names that do not exist."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.objects import StatefulSet
from kwhy.knowledge.app.errors import APP_ERRORS, logging_pods
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.service.consumers import Call, calls_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST, OBJECT
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, ServiceView, WorkloadView

POD_NAMES_MISSING = Condition(
    code="workload.pod-names-missing",
    kind="StatefulSet",
    nature=Nature.ROOT,
    title="{host} does not exist: {why}",
    summary="A StatefulSet's pods have names of their own only below the headless Service that spec.serviceName names.",
    remedies=(
        Remedy(
            id="let-names-and-service-agree",
            title="Make the headless Service that spec.serviceName names, and ask for the pods below it",
            when="now",
            risk="medium",
            steps=(
                Step("See which Service the StatefulSet names.", "kubectl get statefulset -A -o wide"),
                Step("Make a Service of that name with clusterIP: None that selects the pods; names appear at once."),
                Step(
                    "serviceName of a StatefulSet cannot be changed: make it anew, keeping its pods until they are "
                    "replaced one by one.",
                    "kubectl delete statefulset SET -n {namespace} --cascade=orphan",
                ),
                Step("Or let the callers ask for the names that exist: POD.SERVICENAME.{namespace}.svc."),
                Step("Pods that look for each other before they are ready need publishNotReadyAddresses: true."),
            ),
            verify=(
                Step(
                    "The name resolves.",
                    "kubectl run ask --rm -it --restart=Never --image=busybox:1.36 -n {namespace} -- nslookup {host}",
                ),
            ),
            undo=(Step("Remove the Service that was made."),),
        ),
    ),
)

# node-0.node.cluster-a.svc.cluster.local, node-0.node.cluster-a, node-0.node
_POD_NAME = expression(
    r"^(?P<set>[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?)-(?P<ordinal>\d{1,5})\.(?P<service>[a-z0-9-]{1,63})"
    r"(?:\.(?P<namespace>[a-z0-9-]{1,63})(?:\.svc(?:\.[a-z0-9.-]{1,190})?)?)?\.?$"
)


class Asked(msgspec.Struct, frozen=True):
    """A pod's name that somebody asked for in vain."""

    stateful_set: Subject
    pod: Subject
    service: Subject
    host: str
    caller: Subject
    evidence: Evidence


def _asked_by(scene: Scene, caller: Subject) -> list[Asked]:
    """The names of pods that the application asks for and that do not exist."""
    found = []
    for call in scene.derive(calls_of, caller):
        match = _POD_NAME.match(call.host)
        if match is None or call.stage != "resolving" or not call.answered:
            continue
        namespace = match["namespace"] or caller.namespace
        owner = Subject("StatefulSet", match["set"], namespace)
        pod = Subject("Pod", f"{match['set']}-{match['ordinal']}", namespace)
        service = Subject("Service", match["service"], namespace)
        found.append(Asked(owner, pod, service, call.host, caller, _evidence(call)))
    return found


def _evidence(call: Call) -> Evidence:
    return Evidence(call.errors.locate(call.errors.last), f"asked {call.errors.count} times: no such host")


def _asked_for(scene: Scene) -> dict[Subject, list[Asked]]:
    index: dict[Subject, list[Asked]] = {}
    for caller in logging_pods(scene):
        for asked in scene.derive(_asked_by, caller):
            index.setdefault(asked.stateful_set, []).append(asked)
    return index


def names_asked(scene: Scene, stateful_set: Subject) -> list[Asked]:
    """Names of the set's pods that applications ask for in vain, by their logs"""
    return scene.derive_once(_asked_for).get(stateful_set, [])


def _sets_asked(scene: Scene, caller: Subject) -> Iterable[Subject]:
    return [asked.stateful_set for asked in scene.derive(_asked_by, caller)]


ASKS_FOR_PODS_OF = Relation("asks for pods of", _sets_asked)


@rule(
    POD_NAMES_MISSING,
    rows=("P18",),
    leads=(leads_to(APP_ERRORS, via=ASKS_FOR_PODS_OF), leads_to(EXITS_WITH_ERROR, via=ASKS_FOR_PODS_OF)),
)
def pod_names_missing(stateful_set: WorkloadView, asked: list[Asked] = given(names_asked)) -> Verdict:
    """The names of a StatefulSet's pods do not exist.

    What it means: The pods run; they are called POD.SERVICE.NAMESPACE.svc only where SERVICE is what spec.serviceName
    says, exists, and is headless.
    How it shows: "no such host" for such a name, and the Service is not there, is not the one that the StatefulSet
    names, or has a cluster IP.
    What looks like it: A pod that is not there, or not ready: its name appears when it is ready, or at once with
    publishNotReadyAddresses. A caller that asks below a Service that never was: then the set's own Service is fine.
    Pods of Deployments have no names of their own, only those made of their address.
    Source: Kubernetes DNS-Based Service Discovery 1.1.0, 2.4; Kubernetes v1.34 pkg/controller/statefulset
    (initIdentity: hostname, subdomain); CoreDNS plugin kubernetes (headless endpoints).
    """
    scene, subject = stateful_set.scene, stateful_set.subject
    if not asked:
        return unsure(f"who asks for the pods of {subject}")
    ask = asked[0]
    wanted = stateful_set.seen(
        "spec.serviceName", lambda s: s.spec.service_name if isinstance(s, StatefulSet) else None, ""
    )
    named = Subject("Service", wanted.value, subject.namespace)
    says = Evidence(wanted.place, f"{subject.name} names its pods below Service {wanted.value or '(none)'}")
    if not scene.exists(named):
        listing = scene.listing("Service", subject.namespace)
        if listing is None:
            return unsure(f"whether {named} exists", LIST.of(kind="services", namespace=subject.namespace))
        why = f"{subject} names Service {wanted.value or '(none)'}, which does not exist"
        if wanted.value != ask.service.name and scene.exists(ask.service):
            why += f"; {ask.service} does"
        because = (ask.evidence, says, Evidence(listing.at, f"no {named} is listed"))
        return Present(because, {"host": ask.host, "why": why}, basis=Basis.RECOMPUTED)
    service = ServiceView(scene, named)
    address = service.seen("spec.clusterIP", lambda s: s.spec.cluster_ip, "")
    if address.value != "None":
        why = f"{named} has cluster IP {address.value}, and only a headless Service gives its pods names"
        proof = Evidence(address.place, f"clusterIP: {address.value}")
        values = {"host": ask.host, "why": why, "namespace": subject.namespace}
        return Present((ask.evidence, says, proof), values, basis=Basis.RECOMPUTED, blames=named)
    if wanted.value != ask.service.name:
        return Absent(
            (says, Evidence(service.observations[0].at, f"{named} is headless, and callers ask below another"))
        )
    return _judge_readiness(scene, ask, named, says)


def _judge_readiness(scene: Scene, ask: Asked, named: Subject, says: Evidence) -> Verdict:
    """The Service is right: whether the pod is ready, and whether its peers look for it before that."""
    ready = PodView(scene, ask.pod).condition("Ready")
    if not ready.observed or ready.value is None:
        probe = OBJECT.of(kind="pod", name=ask.pod.name, namespace=ask.pod.namespace)
        return unsure(f"whether {ask.pod} is there and ready", probe)
    service = ServiceView(scene, named)
    published = service.seen(
        "spec.publishNotReadyAddresses",
        lambda s: s.spec.publish_not_ready_addresses,
        False,
    )
    among_peers = ask.caller.namespace == ask.pod.namespace and ask.caller.name.startswith(f"{ask.stateful_set.name}-")
    if ready.value.status != "True" and among_peers and published.observed and not published.value:
        why = f"{named} publishes only pods that are ready, and these look for each other before they are"
        proof = Evidence(published.place, "publishNotReadyAddresses is not set")
        values = {"host": ask.host, "why": why, "namespace": named.namespace}
        return Present((ask.evidence, proof), values, basis=Basis.RECOMPUTED, blames=named)
    return Absent((says, Evidence(ready.place, f"{ask.pod} is Ready: {ready.value.status}")))
