"""CoreDNS does not take its Corefile."""

from __future__ import annotations

from difflib import get_close_matches

from kwhy.facts.corefile import DIRECTIVES, REMOVED, Refused
from kwhy.facts.log_patterns.coredns import COREFILE_REFUSED
from kwhy.facts.logs import LogHit
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.dns.servers import READS_COREFILE, Config, config_of, readers_of, said_by
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import OBJECT, PREVIOUS_LOGS
from kwhy.scene.scene import Scene

COREFILE_INVALID = Condition(
    code="dns.corefile-refused",
    kind="ConfigMap",
    nature=Nature.ROOT,
    title="CoreDNS does not start with the Corefile in {subject}: {where}{what}{hint}",
    summary="The Corefile holds a word or a brace that CoreDNS cannot read; every new DNS pod ends at once.",
    remedies=(
        Remedy(
            id="correct-the-corefile",
            title="Correct the line in the Corefile",
            when="now",
            risk="medium",
            steps=(
                Step("Correct line {line} of key Corefile.", "kubectl edit configmap {name} -n {namespace}"),
                Step(
                    "Start the DNS pods anew; a pod that waits in back-off would start later by itself.",
                    "kubectl rollout restart deployment {name} -n {namespace}",
                ),
            ),
            verify=(
                Step("The DNS pods are ready.", "kubectl get pods -n {namespace} -l k8s-app=kube-dns"),
                Step("A name resolves from a pod.", "nslookup kubernetes.default"),
            ),
            undo=(Step("Apply the former ConfigMap again."),),
        ),
        Remedy(
            id="keep-two-versions",
            title="Let a broken Corefile break no running server",
            when="lasting",
            risk="low",
            steps=(
                Step("Keep the plugin reload in every server block: a running CoreDNS keeps the former configuration."),
                Step("Start CoreDNS with a changed Corefile in a test pod before it is applied."),
            ),
            verify=(Step("The test refuses the broken text."),),
            undo=(Step("Remove the test."),),
        ),
    ),
)

# Unknown directive 'kubernets' (coredns/caddy v1.1.2 caddyfile/parse.go, directive)
_UNKNOWN = expression(r"Unknown directive '(?P<name>[^']{1,100})'")


def corefile(scene: Scene, config_map: Subject) -> Config | None:
    """The text of the Corefile"""
    return scene.derive(config_of, config_map)


def refusals(scene: Scene, config_map: Subject) -> list[LogHit]:
    """What CoreDNS says of its Corefile when it starts, newest first"""
    found = [hit for pod in readers_of(scene, config_map) for hit in said_by(scene, pod, COREFILE_REFUSED)]
    return sorted(found, key=lambda hit: -(hit.last.when.latest or 0.0))


@rule(
    COREFILE_INVALID,
    rows=("D3", "D1"),
    leads=(leads_to(EXITS_WITH_ERROR, via=READS_COREFILE), leads_to(APP_ERRORS, via=READS_COREFILE)),
)
def corefile_refused(
    config_map: Subject, config: Config | None = given(corefile), said: list[LogHit] = given(refusals)
) -> Verdict:
    """CoreDNS does not take its Corefile.

    What it means: CoreDNS reads its Corefile once when it starts, and ends if it cannot. Pods that run go on with what
    they read before, so that the fault may show days after the change, when a pod is replaced.
    How it shows: CoreDNS prints file and line ("Corefile:5 - Error during parsing: Unknown directive …") and ends with
    exit code 1; the text in the ConfigMap, read here with the same grammar, stops at the same place.
    What looks like it: An image built with fewer plugins refuses a word that is right elsewhere. A Corefile that reads
    well and names a dead upstream: CoreDNS runs then. A text that was corrected after the log was written.
    Source: coredns/caddy v1.1.2 caddyfile/parse.go; CoreDNS v1.12.0 coremain/run.go, release notes 1.5.0 (proxy) and
    1.7.0 (federation).
    """
    if said:
        return _judge_said(said[0], config)
    if config is None:
        probe = OBJECT.of(kind="configmap", name=config_map.name, namespace=config_map.namespace)
        return unsure(f"the Corefile in {config_map}", probe)
    refused = config.corefile.refused
    if refused is None:
        return Absent((Evidence(config.at, "the Corefile reads well"),))
    if _unknown(refused.directive) and not _meant(refused.directive) and refused.directive not in REMOVED:
        probe = PREVIOUS_LOGS.of(name="POD", namespace=config_map.namespace)
        return unsure(f"whether this build of CoreDNS knows plugin {refused.directive}", probe)
    return _present((Evidence(config.line_at(refused.line), refused.what),), refused, Basis.RECOMPUTED)


def _judge_said(hit: LogHit, config: Config | None) -> Verdict:
    fields = hit.last.fields
    what = fields.get("what") or fields.get("why") or fields.get("served") or hit.last.excerpt
    unknown = _UNKNOWN.search(what)
    directive = unknown["name"] if unknown else ""
    complaint = Evidence(hit.locate(hit.last), f"CoreDNS says: {what}")
    refused = config.corefile.refused if config is not None else None
    line = int(fields.get("line") or 0)
    if config is None or (refused is None and not line):
        return _present((complaint,), Refused(line, what, directive), Basis.STATED)
    if refused is not None and refused.line == line:
        proof = Evidence(config.line_at(line), "the same line in the ConfigMap")
        return _present((complaint, proof), Refused(line, what, directive), Basis.STATED)
    if unknown and not _holds(config, line, directive):
        return Absent((Evidence(config.at, f"the Corefile holds no {directive} any more"),))
    place = config.line_at(refused.line if refused is not None else line)
    return _present((complaint, Evidence(place, "the text in the ConfigMap")), Refused(line, what, directive))


def _holds(config: Config, line: int, word: str) -> bool:
    lines = config.text.splitlines()
    return 0 < line <= len(lines) and word in lines[line - 1].split()


def _present(because: tuple[Evidence, ...], refused: Refused, basis: Basis = Basis.STATED) -> Present:
    where = f"line {refused.line}: " if refused.line else ""
    values = {"line": refused.line or "?", "where": where, "what": refused.what, "hint": _hint(refused.directive)}
    return Present(because, values, basis=basis)


def _unknown(directive: str) -> bool:
    return bool(directive) and directive not in DIRECTIVES


def _hint(directive: str) -> str:
    if directive in REMOVED:
        return f"; CoreDNS {REMOVED[directive]} took it out"
    meant = _meant(directive) if _unknown(directive) else ""
    return f"; {meant} may be meant" if meant else ""


def _meant(directive: str) -> str:
    close = get_close_matches(directive, sorted(DIRECTIVES), n=1, cutoff=0.75)
    return close[0] if close else ""
