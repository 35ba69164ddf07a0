"""A program is told to call a Service, or a port of one, that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import UnsetType

from kwhy.facts.objects import Service, ServicePort
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.dependency_missing import DEPENDENCY_MISSING
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.dependency.servers import named_by_siblings
from kwhy.knowledge.dependency.targets import Target, asked_for_by, targets_of, writers_of, written_in
from kwhy.knowledge.service.missing import SERVICE_MISSING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.probe import Probe, ProbeCall
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import LIST, LOGS, OBJECT
from kwhy.scene.relations import ITSELF, owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, ServiceView

#: The values stay where they are.
SECRET_KEYS = Probe("kubectl describe secret {name} -n {namespace}", unlocks="the keys of the Secret, without values")

WRONG_ADDRESS = Condition(
    code="dependency.wrong-address",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} names {target}{where}, {what}",
    summary="A program is configured with the name or the port of a Service that is not there.",
    remedies=(
        Remedy(
            id="correct-the-address",
            title="Correct the address where it is written",
            when="now",
            risk="low",
            steps=(
                Step("See which Services there are, and their ports.", "kubectl get services -n {service_namespace}"),
                Step("Correct the address; a ConfigMap's readers must be restarted.", "{edit}"),
            ),
            verify=(
                Step("The log shows that the calls succeed.", "kubectl logs {pod} -n {namespace} --tail=50"),
                Step("The corrected pods are ready.", "kubectl get pods -n {namespace}"),
            ),
            undo=(Step("Write the former address again.", "{edit}"),),
        ),
    ),
)


def _calls_in_vain(scene: Scene, pod: Subject) -> Iterable[Subject]:
    if scene.derive(targets_of, pod):
        yield pod


CALLS_IN_VAIN = Relation("calls in vain", _calls_in_vain)
ASKED_FOR_BY = Relation("is asked for by", asked_for_by)


@rule(
    WRONG_ADDRESS,
    rows=("E7", "P19"),
    leads=(
        leads_to(APP_ERRORS, via=CALLS_IN_VAIN),
        leads_to(EXITS_WITH_ERROR, via=CALLS_IN_VAIN),
        leads_to(INIT_FAILS, via=CALLS_IN_VAIN),
        leads_to(DEPENDENCY_MISSING, via=ITSELF),
        leads_to(SERVICE_MISSING, via=ASKED_FOR_BY),
    ),
)
def wrong_address(pod: PodView, targets: list[Target] = given(targets_of)) -> Verdict:
    """A program is told to call a Service, or a port of a Service, that does not exist.

    What it means: Whatever is behind, the call cannot succeed: the name or the port is not there. The object to fix is
    the one in which the address is written: the ConfigMap, else the workload.
    How it shows: The log's failing call names the Service or its address and port; the Services of that namespace are
    listed without it, or the namespace does not exist, or the Service offers other ports only.
    What looks like it: A DNS that does not answer fails existing names too. A Service that exists and has no endpoints
    refuses its own ports. A headless Service has no ports of its own: its pods are called directly, on any port. A
    network that drops the connection to a port that is offered.
    Source: Kubernetes v1.34 pkg/proxy/nftables/proxier.go ("Reject traffic to invalid ports of ClusterIPs"; the
    iptables mode leaves such packets to the routes, which drop or refuse them); CoreDNS 1.12 plugin kubernetes
    (NXDOMAIN for a Service it does not know).
    """
    if not targets:
        return unsure(f"which Service {pod.subject} calls", LOGS.of(name=pod.name, namespace=pod.namespace))
    verdicts = [_judge(pod, target) for target in targets]
    for kind in (Present, Unsure, Absent):
        for verdict in verdicts:
            if isinstance(verdict, kind):
                return verdict
    raise AssertionError("every target was judged")


def _judge(pod: PodView, target: Target) -> Verdict:
    scene, service = pod.scene, target.service
    if not scene.exists(service):
        return _judge_missing(pod, target)
    view = ServiceView(scene, service)
    none: list[ServicePort] = []
    ports = view.seen("spec.ports", lambda s: s.spec.ports, none)
    address = view.seen("spec.clusterIP", _cluster_ip, "")
    if address.observed and address.value == "None":
        return Absent((Evidence(address.place, f"{service} is headless: its pods are called on any port"),))
    if not ports.observed:
        return Unsure((Gap(f"the ports of {service}", view.probes()),))
    offered = [port.port for port in ports.value]
    written = ", ".join(str(port) for port in offered)
    place = ports.place.document.at(ports.place.line, ports.place.path, ports.place.excerpt or f"ports: {written}")
    if target.port is None:
        return Unsure((Gap(f"the port of {service} that {pod.subject} calls", (_object(pod),)),))
    if target.port in offered:
        return Absent((Evidence(place, f"{service} offers port {target.port}"),))
    if not offered:
        return Unsure((Gap(f"the ports of {service}", view.probes()),))
    refused = Evidence(place, f"{service} does not offer port {target.port}")
    return _present(pod, target, f"port {target.port} of {service.name}", f"which offers {written} only", [refused])


def _cluster_ip(service: Service) -> str | UnsetType | None:
    return service.spec.cluster_ip


def _judge_missing(pod: PodView, target: Target) -> Verdict:
    scene, service = pod.scene, target.service
    listing = scene.listing("Service", service.namespace)
    namespaces = scene.listing("Namespace", None)
    proof: list[Evidence] = []
    if namespaces is not None and not scene.exists(Subject("Namespace", service.namespace or "")):
        proof.append(Evidence(_listed(namespaces.at), f"there is no namespace {service.namespace}"))
    elif listing is not None:
        proof.append(Evidence(_listed(listing.at), f"{service} is not listed"))
    else:
        return unsure(f"whether {service} exists", LIST.of(kind="services", namespace=service.namespace))
    writers = writers_of(scene, service)
    near, at = _near(scene, pod.subject, service)
    if not near:
        near, at = _in_sibling(scene, pod.subject, target)
    if not near and writers is not None and len(writers) > 1:
        return unsure(f"whether {service} is to exist: {len(writers)} objects name it")
    if at is not None:
        proof.append(Evidence(at, f"{near} exists"))
    return _present(
        pod, target, target.call.host, "a Service that does not exist" + (f"; {near} does" if near else ""), proof
    )


def _listed(at: Locator) -> Locator:
    return at.document.at(at.line, at.path, at.excerpt or ("items" if at.path is not None else ""))


def _near(scene: Scene, pod: Subject, service: Subject) -> tuple[str, Locator | None]:
    """A Service that exists and may be meant: the same name elsewhere, nearest first, or a name that differs little."""
    same = [s for s in scene.subjects("Service") if s.name == service.name]
    same.sort(key=lambda s: (s.namespace != pod.namespace, str(s)))
    names = [s.name for s in scene.subjects_in("Service", service.namespace)]
    close = get_close_matches(service.name, names, n=1, cutoff=0.75)
    found = Subject("Service", close[0], service.namespace) if close else same[0] if same else None
    if found is None:
        return "", None
    at = scene.observations(found)[0].field_at("metadata.name", f"name: {found.name}")
    return (found.name if found.namespace == service.namespace else f"{found.namespace}/{found.name}"), at


def _in_sibling(scene: Scene, pod: Subject, target: Target) -> tuple[str, Locator | None]:
    """The Service that the same variable of another workload of the namespace names, where all others agree."""
    if target.address is None or target.address.setting.file:
        return "", None
    found = {n.service.name: n.address.setting.at for n in named_by_siblings(scene, pod, target.address.setting.name)}
    return next(iter(found.items())) if len(found) == 1 else ("", None)


def _present(pod: PodView, target: Target, named: str, what: str, proof: list[Evidence]) -> Verdict:
    writer = written_in(pod.scene, pod.subject, target)
    if writer is None:
        return unsure(f"where {pod.subject} has the address from", _object(pod))
    if isinstance(writer, list):
        return unsure(f"whether the address stands in {writer[0]}", _content(writer[0]))
    scene = pod.scene
    errors, address = target.call.errors, target.address
    because = [Evidence(errors.locate(errors.last), f"{errors.complaint}, {errors.count} times")]
    where = ""
    if address is not None:
        setting = address.written if scene.exists(target.service) else address.setting
        because.append(Evidence(setting.at, f"{setting.where} names {named}"))
        where = f" in key {setting.key}" if writer.kind == "ConfigMap" else f" in {setting.where}"
    values = {
        "target": named,
        "where": where,
        "what": what,
        "pod": pod.name,
        "service_namespace": target.service.namespace or "",
        "edit": f"kubectl edit {writer.kind.lower()} {writer.name} -n {writer.namespace}",
    }
    return Present(
        (*because, *proof), values, basis=Basis.RECOMPUTED, blames=writer, affected=(owner_of(pod.scene, pod.subject),)
    )


def _content(held: Subject) -> ProbeCall:
    if held.kind == "Secret":
        return SECRET_KEYS.of(name=held.name, namespace=held.namespace)
    return OBJECT.of(kind="configmap", name=held.name, namespace=held.namespace)


def _object(pod: PodView) -> ProbeCall:
    return OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace)
