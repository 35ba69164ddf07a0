"""A program's own heap is full, while its container may have memory left."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_program import HEAP_EXHAUSTED
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.own_end import explained_end
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Present, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

EXHAUSTED = Condition(
    code="container.heap-exhausted",
    kind="Pod",
    nature=Nature.ROOT,
    title="The program of {subject} has filled its own heap ({area}), whatever its memory limit leaves",
    summary="The language's run-time system gives out no more memory: its own bound is reached, not the container's.",
    remedies=(
        Remedy(
            id="raise-the-heap-within-the-limit",
            title="Give the heap more room within the container's limit, and find what fills it",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See the bound: -Xmx or -XX:MaxRAMPercentage (Java takes a quarter of the limit by default), "
                    "--max-old-space-size (Node.js).",
                    "kubectl get {kind} {name} -n {namespace} -o yaml",
                ),
                Step(
                    "Raise the bound, and the memory limit with it: what lies outside the heap (threads, code, "
                    "buffers) needs some 25 % more.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
                Step("If it fills again, whatever it gets, it leaks: take a heap dump before the next end."),
            ),
            verify=(Step("No further restart.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


@rule(
    EXHAUSTED,
    rows=("P2", "N14"),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(HEAP_EXHAUSTED))),
)
def heap_exhausted(pod: PodView, endings: list[Ending] = given(endings_of)) -> Verdict:
    """The program's own heap is full.

    What it means: The run-time system has a bound of its own below the container's limit, and the program wants more
    live data than it holds: too small a bound, too much load, or a leak.
    How it shows: java.lang.OutOfMemoryError or V8's "heap out of memory" in the last lines, and an end with an error.
    What looks like it: OOMKilled with exit code 137 is the kernel's doing at the container's limit, and the program
    says nothing. "unable to create native thread" is a limit of processes, not of memory.
    Source: OpenJDK 17 universe.cpp, arguments.cpp (MaxRAMPercentage 25); Node.js 20, V8 heap.cc.
    """
    word = explained_end(pod, HEAP_EXHAUSTED, endings)
    if not isinstance(word, OwnWord):
        return word
    area = word.hit.key.get("java") or "V8's heap limit"
    return Present((word.evidence,), {"area": area}, since=word.hit.first.when)
