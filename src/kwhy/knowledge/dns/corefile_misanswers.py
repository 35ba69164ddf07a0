"""The Corefile itself makes CoreDNS answer a name wrongly, or not at all."""

from __future__ import annotations

import msgspec
from msgspec import UnsetType

from kwhy.facts.corefile import absolute, within
from kwhy.facts.log_patterns.coredns import UPSTREAM_FAILED
from kwhy.facts.objects import Service
from kwhy.knowledge.app.errors import APP_ERRORS, logging_pods
from kwhy.knowledge.dns.answering import Answered, answered
from kwhy.knowledge.dns.asking import ANSWERED_BY, Ask, asks_cluster, asks_of, cluster_domain, full_name
from kwhy.knowledge.dns.servers import READS_COREFILE, Config, config_of, dns_servers, said_by
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import OBJECT
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

COREFILE_MISANSWERS = Condition(
    code="dns.corefile-misanswers",
    kind="ConfigMap",
    nature=Nature.ROOT,
    title="The Corefile in {subject} keeps {asked} from being resolved: {what}",
    summary="CoreDNS runs and does what its Corefile says; what it says is wrong for names that programs need.",
    remedies=(
        Remedy(
            id="correct-the-corefile",
            title="Correct the Corefile",
            when="now",
            risk="medium",
            steps=(
                Step("Correct line {line} of the Corefile: {mend}.", "kubectl edit configmap {name} -n {namespace}"),
                Step(
                    "With plugin reload CoreDNS takes the change within 45 s; without, start it anew.",
                    "kubectl rollout restart deployment coredns -n {namespace}",
                ),
            ),
            verify=(Step("The name resolves as it should, from a pod.", "nslookup {asked}"),),
            undo=(Step("Apply the former ConfigMap again."),),
        ),
    ),
)


class Fault(msgspec.Struct, frozen=True):
    """What a Corefile does wrongly with a name that a program asks for."""

    ask: Ask
    name: str
    line: int
    what: str
    mend: str
    said: Evidence
    victim: Subject
    because: tuple[Evidence, ...] = ()


def corefile(scene: Scene, config_map: Subject) -> Config | None:
    """The text of the Corefile"""
    return scene.derive(config_of, config_map)


def faults_in(scene: Scene, config_map: Subject) -> list[Fault]:
    """The names that failing calls ask for, followed through the Corefile"""
    config = corefile(scene, config_map)
    if config is None or config.corefile.refused is not None:
        return []
    pods = [pod for pod in logging_pods(scene) if asks_cluster(scene, pod)]
    asks = [ask for pod in pods for ask in scene.derive(asks_of, pod)]
    return [fault for ask in asks if (fault := _fault(scene, config, ask)) is not None]


@rule(
    COREFILE_MISANSWERS,
    rows=("D1", "D6"),
    leads=(leads_to(APP_ERRORS, via=ANSWERED_BY), leads_to(APP_ERRORS, via=READS_COREFILE)),
)
def corefile_misanswers(
    config_map: Subject, config: Config | None = given(corefile), faults: list[Fault] = given(faults_in)
) -> Verdict:
    """The Corefile makes CoreDNS answer a name wrongly, or not at all.

    What it means: The longest zone among the server blocks takes the name, and its plugins are asked in CoreDNS' own
    order, whatever their order in the file: rewrite, template, hosts, kubernetes, forward. The first one wins.
    How it shows: Followed through the Corefile, the name of a Service is answered by `hosts` or `template` with another
    address than the Service has, or is rewritten into a name that does not exist, or no kubernetes plugin serves the
    pods' domain; or a name outside the cluster meets a template, or no `forward` ("no next plugin found").
    What looks like it: An upstream that does not answer: the Corefile is right. A Service that does not exist. A file
    of `hosts` or `import` whose text is not in the ConfigMap: nothing is concluded then.
    Source: CoreDNS v1.12.0 core/dnsserver/server.go, zdirectives.go, plugin/{rewrite,template,hosts,kubernetes}.
    """
    if config is None:
        probe = OBJECT.of(kind="configmap", name=config_map.name, namespace=config_map.namespace)
        return unsure(f"the Corefile in {config_map}", probe)
    if config.corefile.refused is not None:
        return Absent((Evidence(config.at, "CoreDNS does not take this Corefile at all"),))
    if not faults:
        return Absent((Evidence(config.at, "it answers as it should what is asked for, or hands it to its upstream"),))
    worst = max(faults, key=lambda fault: fault.ask.call.errors.count)
    same = [fault for fault in faults if fault.line == worst.line]
    because = (
        Evidence(config.line_at(worst.line), f"{worst.name}: {worst.what}"),
        *worst.because,
        *dict.fromkeys(fault.said for fault in same[:3]),
    )
    values = {"asked": worst.name.rstrip("."), "what": worst.what, "line": worst.line, "mend": worst.mend}
    affected = tuple(dict.fromkeys(fault.victim for fault in same))
    return Present(because, values, basis=Basis.RECOMPUTED, affected=affected)


def _fault(scene: Scene, config: Config, ask: Ask) -> Fault | None:
    """What the Corefile does wrongly with the name; None where it does nothing wrong, or that cannot be told."""
    name = full_name(scene, ask)
    answer = answered(config.corefile, name)
    if config.corefile.imports and answer.by in ("refused", "unanswered", "forward"):
        return None  # what is imported may serve the name
    service = ask.service
    if service is not None and scene.exists(service):
        return _of_service(scene, ask, name, answer, config)
    if service is None and "." in ask.name and not within(name, absolute(cluster_domain(scene)[0])):
        return _of_other(scene, ask, name, answer)
    return None


def _of_service(scene: Scene, ask: Ask, name: str, answer: Answered, config: Config) -> Fault | None:
    service = ask.service
    assert service is not None  # the caller has seen to it
    shown = ServiceView(scene, service).seen("spec.clusterIP", _cluster_ip, "")
    address = shown.value if shown.observed and shown.value not in ("", "None") else None
    said, victim = ask.evidence(scene), owner_of(scene, ask.caller)
    if answer.by in ("hosts", "template"):
        told = " and ".join(answer.addresses) or answer.rcode
        if address is None or address in answer.addresses or _resolves_otherwise(ask, answer):
            return None
        what = f"line {answer.line} ({answer.by}) answers {told}, and the Service has {address}"
        proof = (Evidence(shown.place, f"{service} has address {address}"),)
        return Fault(ask, name, answer.line, what, f"take {name} out of `{answer.by}`", said, victim, proof)
    if ask.ended == "resolved":
        return None
    if answer.rewritten_by is not None:
        target = _service_of(scene, answer.name)
        if answer.by != "kubernetes" or target is None or scene.exists(target):
            return None
        listing = scene.listing("Service", target.namespace)
        if listing is None:
            return None
        line = answer.rewritten_by.line
        what = f"line {line} rewrites it to {answer.name.rstrip('.')}, and there is no such Service"
        proof = (Evidence(listing.at, f"{target} is not listed"),)
        return Fault(ask, name, line, what, "correct the name behind `rewrite`", said, victim, proof)
    if answer.by == "kubernetes":
        return None
    return _of_unserved_domain(scene, ask, name, answer, config)


def _of_unserved_domain(scene: Scene, ask: Ask, name: str, answer: Answered, config: Config) -> Fault | None:
    """No kubernetes plugin serves the domain under which pods look for Services."""
    domain, at = cluster_domain(scene)
    plugins = [d for block in config.corefile.blocks for d in block.all("kubernetes")]
    zones = [z for d in plugins for z in d.arguments if not z.endswith(".arpa")]
    if plugins and not zones:
        return None
    proof = (Evidence(at, f"the kubelet gives pods the domain {domain}"),) if at is not None else ()
    if plugins:
        served = ", ".join(zones)
        what = f"kubernetes serves {served}, and pods look for Services in {domain}"
        return Fault(
            ask, name, plugins[0].line, what, f"serve {domain}", ask.evidence(scene), owner_of(scene, ask.caller), proof
        )
    what = "no kubernetes plugin is there, so no Service's name is known"
    mend = f"add `kubernetes {domain} in-addr.arpa ip6.arpa`"
    return Fault(ask, name, answer.line, what, mend, ask.evidence(scene), owner_of(scene, ask.caller), proof)


def _of_other(scene: Scene, ask: Ask, name: str, answer: Answered) -> Fault | None:
    """A name outside the cluster."""
    if ask.ended == "resolved":
        return None
    said, victim = ask.evidence(scene), owner_of(scene, ask.caller)
    if answer.by == "template" and answer.rcode in ("NXDOMAIN", "SERVFAIL", "REFUSED") and ask.ended != "maybe":
        what = f"line {answer.line} (template) answers {answer.rcode} to every name of that zone"
        return Fault(ask, name, answer.line, what, "take the zone out of `template`", said, victim)
    if answer.by == "hosts" and answer.rcode and ask.ended == "no-such-name":
        what = f"line {answer.line} (hosts) does not know it and has no fallthrough"
        return Fault(ask, name, answer.line, what, "add `fallthrough` to `hosts`", said, victim)
    if answer.by in ("unanswered", "refused") and ask.ended in ("refused", "maybe"):
        what = "no plugin takes names outside the cluster: forward is missing"
        if answer.by == "refused":
            what = "no server block serves names outside the cluster"
        proof = _no_plugin_said(scene, name)
        if ask.ended == "maybe" and not proof:
            return None
        return Fault(ask, name, answer.line, what, "add `forward . /etc/resolv.conf`", said, victim, proof)
    return None


def _no_plugin_said(scene: Scene, name: str) -> tuple[Evidence, ...]:
    """CoreDNS' own word that no plugin takes the name."""
    for pod in dns_servers(scene):
        for hit in said_by(scene, pod, UPSTREAM_FAILED):
            if hit.key.get("none"):
                sample = next((s for s in hit.samples if absolute(s.fields.get("name", "")) == name), None)
                if sample is not None:
                    return (Evidence(hit.locate(sample), f"CoreDNS says: {hit.key['none']}, {hit.count} times"),)
    return ()


def _resolves_otherwise(ask: Ask, answer: Answered) -> bool:
    """Whether the call shows that the name was resolved to something that this answer does not hold."""
    return ask.address is not None and bool(answer.addresses) and ask.address not in answer.addresses


def _service_of(scene: Scene, name: str) -> Subject | None:
    """The Service that an absolute name of the cluster's domain stands for."""
    domain = absolute(cluster_domain(scene)[0])
    labels = name.removesuffix(f".svc.{domain}").split(".")
    return Subject("Service", labels[0], labels[1]) if name.endswith(f".svc.{domain}") and len(labels) == 2 else None


def _cluster_ip(service: Service) -> str | UnsetType | None:
    return service.spec.cluster_ip
