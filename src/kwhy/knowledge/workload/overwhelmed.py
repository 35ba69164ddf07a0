"""The replicas of a workload take more requests than they can hold."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_limits import OVERLOADED
from kwhy.facts.logs import LogFile
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.ends import errors_of_container
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of, last_words
from kwhy.knowledge.dependency.callee import CALLEE_SLOW
from kwhy.knowledge.workload.templates import Revision, revisions
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST, LOGS, PREVIOUS_LOGS
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import ITSELF, owner_of, pods_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, WorkloadView

OVERWHELMED = Condition(
    code="workload.overwhelmed",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} takes more requests than its {replicas} can hold: {words}",
    summary="Each replica meets its own limit of requests; when one falls, the others take its share and follow.",
    remedies=(
        Remedy(
            id="add-replicas",
            title="Run more replicas before the load comes back",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Keep part of the load away until all replicas are up, or each falls again as soon as it starts "
                    "(stop a caller, lower a weight of the gateway)."
                ),
                Step(
                    "Run as many replicas as the load needs: requests in flight divided by what one holds.",
                    "kubectl scale {kind}/{name} -n {namespace} --replicas=COUNT",
                ),
            ),
            verify=(Step("All replicas stay ready under load.", "kubectl get pods -n {namespace} -w"),),
            undo=(
                Step("Go back to the former number.", "kubectl scale {kind}/{name} -n {namespace} --replicas=COUNT"),
            ),
        ),
        Remedy(
            id="scale-and-refuse",
            title="Scale with the load, and refuse what is too much instead of falling",
            when="lasting",
            risk="low",
            steps=(
                Step(
                    "Let an autoscaler add replicas before they are full.",
                    "kubectl autoscale {kind}/{name} -n {namespace} --min=COUNT --max=COUNT --cpu-percent=60",
                ),
                Step(
                    "Answer 503 at the limit instead of ending the program; let callers retry later, and fewer times."
                ),
                Step("Leave room for the loss of one replica when the number is chosen."),
            ),
            verify=(Step("The loss of one pod takes no other down.", "kubectl get pods -n {namespace} -w"),),
            undo=(Step("Remove the autoscaler.", "kubectl delete hpa {name} -n {namespace}"),),
        ),
    ),
)

#: A program that meets its limit and ends says so in its last lines.
LAST = 5
#: A revision that came so shortly before (seconds) may have lowered what one replica holds.
RECENT = 600.0


def words_about_load(scene: Scene, pod: Subject) -> list[OwnWord]:
    """Lines at the end of the pod's logs that say that it has more requests than it takes, newest first"""
    ends = scene.derive_once(_last_lines)
    found = last_words(scene, pod, OVERLOADED)
    return [word for word in found if ends[id(word.hit.document)] - word.hit.last.line < LAST]


def _last_lines(scene: Scene) -> dict[int, int]:
    return {id(log.document): log.document.first_line + log.lines - 1 for log in scene.facts(LogFile)}


@rule(
    OVERWHELMED,
    rows=("P9", "P2"),
    leads=(
        leads_to(EXITS_WITH_ERROR, via=ITSELF),
        leads_to(APP_ERRORS, via=complains_only_of(OVERLOADED)),
        leads_to(CALLEE_SLOW, via=ITSELF),
    ),
)
def overwhelmed(pod: PodView, words: list[OwnWord] = given(words_about_load)) -> Verdict:
    """The replicas are too few for the load.

    What it means: The load is spread over the replicas that are ready. When one falls, each of the others gets more,
    meets its limit and falls too; a replica that comes back gets all of it. Neither image nor node is wrong.
    How it shows: The last lines of the log say that the program has more requests than it takes; replicas fall one
    after another; no new revision came before.
    What looks like it: A bad release: all replicas fail once it is rolled out, under any load. Requests also pile up
    where each waits for something slow: the log then complains of its own calls. A limit that a program meets without
    harm stands earlier in the log.
    Source: Inference from the program's own words; log lines as in kwhy.facts.log_patterns.own_limits.
    """
    if not words:
        log = (name.of(name=pod.name, namespace=pod.namespace) for name in (PREVIOUS_LOGS, LOGS))
        return unsure(f"the last words of {pod.subject}", *log)
    word = words[0]
    calls = [e for e in errors_of_container(pod.scene, pod.subject, word.container or "") if _of_a_call(e.complaint)]
    if calls:
        return Absent((Evidence(calls[0].locate(calls[0].last), f"its own calls fail: {calls[0].last.excerpt}"),))
    owner = owner_of(pod.scene, pod.subject)
    changed = _fresh_revision(pod.scene, owner, word)
    if changed is not None:
        return unsure(
            f"whether the revision before {changed.replica_set.name} held the same load",
            LIST.of(kind="replicasets", namespace=pod.namespace),
        )
    count = WorkloadView(pod.scene, owner).replicas
    shown = count.value if count.observed else 1 if owner == pod.subject else None
    replicas = "replicas" if shown is None else f"{shown} replica{'s' if shown != 1 else ''}"
    because = [word.evidence]
    others = [w for p in pods_of(pod.scene, owner) if p != pod.subject for w in words_about_load(pod.scene, p)[:1]]
    because += [other.evidence for other in others[:3]]
    return Present(tuple(because), {"replicas": replicas, "words": _said(word)}, since=word.hit.first.when)


def _said(word: OwnWord) -> str:
    """The part of the line that speaks of the limit."""
    match = expression(OVERLOADED.regex).search(word.text)
    return match[0] if match is not None else word.text


def _of_a_call(complaint: str) -> bool:
    return complaint not in ("other", "crash", "unavailable", "server error")


def _fresh_revision(scene: Scene, owner: Subject, word: OwnWord) -> Revision | None:
    """The newest revision, where another came before it and it is hardly older than the trouble."""
    known = revisions(scene, owner) if owner.kind == "Deployment" else ()
    fell = word.hit.first.when.earliest
    if len(known) < 2 or fell is None:
        return None
    began = parse_timestamp(known[0].created)
    return known[0] if began is not None and 0 <= fell - began < RECENT else None
