"""The whole reasoning over one scene: judge, trace, explain, and put the result into words for reports."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.logs import LogFile
from kwhy.facts.objects import Observation, Pod
from kwhy.model.diagnosis import (
    Coverage,
    Diagnosis,
    Finding,
    Link,
    Outcome,
    RootCause,
    RuledOut,
    Undetermined,
)
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment
from kwhy.model.verdict import Evidence, Gap, Present
from kwhy.model.wording import fill
from kwhy.reasoning.catalogue import Catalogue
from kwhy.reasoning.explaining import Explanation, explanations
from kwhy.reasoning.judging import Judge
from kwhy.reasoning.planning import distance_below, next_steps, open_causes, smallest_sets
from kwhy.reasoning.steering import Question, asked, narrowed, relevance_of, with_answers
from kwhy.reasoning.tracing import Node, Trace, trace
from kwhy.scene.hosts import By
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene

#: Kinds of which everything must have been shown before a scope may be called healthy.
SCOPE_KINDS = ("Pod", "Node", "Service")
WORKLOAD_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
#: The depth of what lies below nothing that is known.
FAR = 1_000
#: A finding quotes at most this many places; siblings add up quickly.
MAX_EVIDENCE = 12


def diagnosed(scene: Scene, catalogue: Catalogue, question: Question, coverage: Coverage) -> Diagnosis:
    """Judge the scene and explain what fails in it."""
    return diagnosed_by(Judge(scene, catalogue), question, coverage)


def diagnosed_by(judge: Judge, question: Question, coverage: Coverage) -> Diagnosis:
    """The same by a judge that may be asked further afterwards."""
    scene, catalogue = judge.scene, judge.catalogue
    found = with_answers(narrowed(trace(judge), scene, question.about), scene, catalogue, question)
    relevant = relevance_of(found, scene, question.symptom)
    ranked = explanations(found, _on_assumed_hosts(scene, found), relevant)
    findings, ids = _findings(scene, found)
    explained = {symptom for e in ranked if e.is_root for symptom in e.symptoms}
    meant = asked(found.symptoms, relevant)
    unexplained = meant - explained
    accounts = open_causes(found, unexplained)
    return Diagnosis(
        as_of=scene.as_of,
        outcome=_outcome(scene, found, ranked, meant, explained),
        root_causes=_root_causes(ranked, findings, ids),
        findings=tuple(findings.values()),
        contributing=_contributing(found, findings, ids),
        links=_links(found, ids),
        ruled_out=_ruled_out(scene, found),
        undetermined=_undetermined(scene, found, [e.node for e in ranked]),
        unexplained=tuple(sorted({ids[s] for s in unexplained}, key=_number)),
        hypotheses=tuple(smallest_sets(accounts, ids)),
        next_steps=tuple(next_steps(found, accounts, ranked)),
        coverage=_with_failures(coverage, judge.failures),
        notes=_notes(scene, found) + _unmatched(found, question, answered=bool(relevant)),
    )


def reported_subject(scene: Scene, node: Node, verdict: Present | None) -> Subject:
    """The object to fix: what the rule blames, else the controller that owns the pod, else the judged subject."""
    if verdict is not None and verdict.blames is not None:
        return verdict.blames
    return owner_of(scene, node.subject) if node.subject.kind in ("Pod", "ReplicaSet") else node.subject


def _findings(scene: Scene, found: Trace) -> tuple[dict[str, Finding], dict[Node, str]]:
    """Present nodes, siblings of one owner merged; and the id that each node went into."""
    groups: dict[tuple[str, Subject], list[Node]] = {}
    for node in sorted(found.present, key=lambda n: (n not in found.symptoms, n.condition.code, n.subject)):
        key = (node.condition.code, reported_subject(scene, node, found.present[node]))
        groups.setdefault(key, []).append(node)
    findings: dict[str, Finding] = {}
    ids: dict[Node, str] = {}
    for number, ((_, subject), nodes) in enumerate(groups.items(), start=1):
        name = f"f{number}"
        findings[name] = _finding(name, subject, nodes, found)
        ids.update(dict.fromkeys(nodes, name))
    return findings, ids


def _finding(name: str, subject: Subject, nodes: list[Node], found: Trace) -> Finding:
    verdicts = [found.present[node] for node in nodes]
    first = verdicts[0]
    evidence = dict.fromkeys(e for verdict in verdicts for e in verdict.because)
    affected = dict.fromkeys(s for v in verdicts for s in v.affected)
    affected.update(dict.fromkeys(node.subject for node in nodes if node.subject != subject))
    values = {"count": len(nodes), **first.values}
    return Finding(
        id=name,
        condition=nodes[0].condition,
        subject=subject,
        title=fill(nodes[0].condition.title, subject, values),
        evidence=tuple(evidence)[:MAX_EVIDENCE],
        symptom=any(node in found.symptoms for node in nodes),
        basis=first.basis,
        since=_earliest(verdict.since for verdict in verdicts),
        affected=tuple(affected),
        values={key: str(value) for key, value in values.items()},
    )


def _earliest(moments: Iterable[Moment]) -> Moment:
    known = [moment for moment in moments if moment.known]
    return min(known, key=lambda m: m.latest or m.earliest or 0.0, default=UNKNOWN_MOMENT)


def _root_causes(
    ranked: list[Explanation], findings: dict[str, Finding], ids: dict[Node, str]
) -> tuple[RootCause, ...]:
    """One entry per finding, in rank order; siblings that were merged into one finding explain together."""
    merged: dict[str, list[Explanation]] = {}
    for explanation in ranked:
        merged.setdefault(ids[explanation.node], []).append(explanation)
    causes = []
    order = sorted(merged.items(), key=lambda item: _merged_rank(item[1]))
    for rank, (name, group) in enumerate(order, start=1):
        first = group[0]
        explains = dict.fromkeys(
            ids[node]
            for e in group
            for s in e.symptoms
            for node in (s, *(edge.effect for edge in e.chain))
            if node in ids  # an open step of the chain is no finding
        )
        chain = dict.fromkeys([name, *(ids[edge.effect] for edge in first.chain if edge.effect in ids)])
        causes.append(
            RootCause(
                rank=rank,
                role="root-cause" if first.is_root else "deepest-known",
                finding=findings[name],
                confidence=max(e.confidence for e in group),
                explains=tuple(n for n in explains if n != name),
                chain=tuple(chain),
                remedies=findings[name].condition.remedies,
            )
        )
    return tuple(causes)


def _merged_rank(group: list[Explanation]) -> tuple[int, tuple[int, int, int], int, float, str, str]:
    """Roots first; but what a question names goes before roots that have nothing to do with the question."""
    symptoms = {symptom for e in group for symptom in e.symptoms}
    node = group[0].node
    fits = min((e.relevance for e in group), key=lambda relevance: relevance.rank)
    if group[0].is_root:
        tier = 0 if fits.any else 2
    else:
        tier = 1 if fits.named else 3
    return (
        tier,
        fits.rank,
        -len(symptoms),
        -max(e.confidence for e in group),
        node.condition.code,
        str(node.subject),
    )


def _links(found: Trace, ids: dict[Node, str]) -> tuple[Link, ...]:
    links: dict[tuple[str, str], Link] = {}
    for edges in found.causes.values():
        for edge in edges:
            if edge.cause in found.present and edge.effect in found.present and not edge.lead.worsens:
                cause, effect = ids[edge.cause], ids[edge.effect]
                if cause != effect:
                    because = found.present[edge.cause].because[:1]
                    links.setdefault((cause, effect), Link(cause, effect, edge.lead.via.name, because))
    return tuple(links.values())


def _contributing(found: Trace, findings: dict[str, Finding], ids: dict[Node, str]) -> tuple[Finding, ...]:
    names = {
        ids[edge.cause]
        for edges in found.causes.values()
        for edge in edges
        if edge.lead.worsens and edge.cause in found.present
    }
    return tuple(findings[name] for name in sorted(names, key=_number))


def _ruled_out(scene: Scene, found: Trace) -> tuple[RuledOut, ...]:
    groups: dict[tuple[str, Subject], tuple[Node, dict[Evidence, None]]] = {}
    for node, verdict in found.absent.items():
        key = (node.condition.code, reported_subject(scene, node, None))
        groups.setdefault(key, (node, {}))[1].update(dict.fromkeys(verdict.because))
    return tuple(
        RuledOut(node.condition, subject, tuple(because)[:MAX_EVIDENCE])
        for (_, subject), (node, because) in sorted(groups.items(), key=lambda item: (item[0][0], str(item[0][1])))
    )


def _undetermined(scene: Scene, found: Trace, known: list[Node]) -> tuple[Undetermined, ...]:
    """Open questions, those next below what is known first."""
    depth = distance_below(found, known)
    groups: dict[tuple[str, Subject], tuple[Node, dict[Gap, None]]] = {}
    # What a symptom rule could not decide is the first question where nothing else is seen to fail.
    undecided = {} if found.symptoms else found.undecided_symptoms
    asked = sorted(found.unsure.items(), key=lambda item: (depth.get(item[0], FAR), item[0].condition.code))
    for node, verdict in [*undecided.items(), *asked]:
        key = (node.condition.code, reported_subject(scene, node, None))
        groups.setdefault(key, (node, {}))[1].update(dict.fromkeys(verdict.gaps))
    return tuple(Undetermined(node.condition, subject, tuple(gaps)) for (_, subject), (node, gaps) in groups.items())


def _outcome(scene: Scene, found: Trace, ranked: list[Explanation], meant: set[Node], explained: set[Node]) -> Outcome:
    """How far the symptoms are explained that the question means; all of them where nothing was asked."""
    if not found.symptoms:
        complete = not found.undecided_symptoms and _scope_shown(scene) and not _silent_pods(scene)
        return "healthy" if complete else "insufficient-evidence"
    if meant <= explained:
        return "explained"
    below = any(not e.is_root and e.chain for e in ranked)
    return "partly-explained" if explained or below else "unexplained"


def _scope_shown(scene: Scene) -> bool:
    """Whether pods, nodes, Services and workloads were all listed, and every owner of a listed pod was shown."""
    if not all(scene.listed_anywhere(kind) for kind in SCOPE_KINDS):
        return False
    return any(scene.listed_anywhere(kind) for kind in WORKLOAD_KINDS)


def _silent_pods(scene: Scene) -> int:
    """How many pods run whose log was not read: what fails inside them would not be seen."""
    logs = {log.pod.pod for log in scene.facts(LogFile) if log.pod is not None}
    running = {s.metadata.name for s in scene.structs("Pod") if isinstance(s, Pod) and s.status.phase == "Running"}
    running |= {o.subject.name for o in scene.facts(Observation) if (o.printed or {}).get("STATUS") == "Running"}
    return len(running - logs)


def _on_assumed_hosts(scene: Scene, found: Trace) -> list[Node]:
    """Findings that rest on a document whose host is only assumed."""
    return [
        node
        for node, verdict in found.present.items()
        if any(scene.hosts.known_by(e.at.document) is By.ONLY_CANDIDATE for e in verdict.because)
        and (node.subject.kind == "Process" or node.subject.node)
    ]


def _notes(scene: Scene, found: Trace) -> tuple[str, ...]:
    notes = []
    for node in _on_assumed_hosts(scene, found):
        sources = sorted({e.at.source for e in found.present[node].because})
        notes.append(
            f"{', '.join(sources)} does not say which node it comes from; "
            f"it is read as {node.subject.node or node.subject.name}, the only node in the evidence."
        )
    silent = _silent_pods(scene) if not found.symptoms else 0
    if silent:
        notes.append(f"The logs of {silent} running pods were not shown: what fails inside them would not be seen.")
    return tuple(dict.fromkeys(notes))


def _unmatched(found: Trace, question: Question, *, answered: bool) -> tuple[str, ...]:
    """Said where something fails and none of it fits the words that were asked."""
    if not question.symptom or answered or not found.symptoms:
        return ()
    return (f'Nothing that fails here fits the words "{question.symptom}"; all that fails is reported.',)


def _with_failures(coverage: Coverage, failures: list[str]) -> Coverage:
    return msgspec.structs.replace(coverage, failed_rules=coverage.failed_rules + tuple(dict.fromkeys(failures)))


def _number(name: str) -> int:
    return int(name[1:])
