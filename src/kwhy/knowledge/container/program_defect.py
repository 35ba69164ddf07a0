"""A program ends by a defect of its own that its language's run-time system names."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_program import PROGRAM_DEFECT
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.own_end import about_others, explained_end
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.kubectl import PREVIOUS_LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

DEFECT = Condition(
    code="container.program-defect",
    kind="Pod",
    nature=Nature.ROOT,
    title="The program of {subject} ends by a defect of its own: {defect}",
    summary="The run-time system of its language stopped the program for something that no correct program does.",
    remedies=(
        Remedy(
            id="go-back-or-mend-the-program",
            title="Go back to the image that worked, and find the defect in the program",
            when="now",
            risk="low",
            steps=(
                Step("If an earlier revision worked, go back.", "kubectl rollout undo {kind}/{name} -n {namespace}"),
                Step(
                    "The stack below the line names the place in the program; a value that it did not get (a setting, "
                    "an empty answer) is often behind a null reference.",
                    "kubectl logs {kind}/{name} -n {namespace} --previous",
                ),
            ),
            verify=(Step("No further restart.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Roll out the newer image again."),),
        ),
    ),
)


@rule(
    DEFECT,
    rows=("P2",),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(PROGRAM_DEFECT))),
)
def program_defect(pod: PodView, endings: list[Ending] = given(endings_of)) -> Verdict:
    """The program ends by a defect of its own.

    What it means: An index out of range, a null reference, a name or a syntax that does not exist, a deadlock of all
    its threads: whatever the input, the program should not end like this.
    How it shows: The run-time system's own words in the last lines of the log, and an end with an error.
    What looks like it: An exception that says what somebody else did (a refused connection, a wrong password): those
    are not among these. Where the log complains of somebody else before, the defect may only be how the program takes
    it, and this stays open.
    Source: Go 1.26 runtime (panic.go, proc.go checkdead), OpenJDK 17 java.lang, CPython 3.11 built-in exceptions,
    Node.js 20, .NET 8, Rust core::panicking.
    """
    word = explained_end(pod, PROGRAM_DEFECT, endings)
    if not isinstance(word, OwnWord):
        return word
    other = about_others(pod, word)
    if other is not None:
        probe = PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace)
        return unsure(f"whether {pod.subject} would end like this without what it complained of before", probe)
    defect = next(value for value in word.hit.key.values() if value)
    return Present((word.evidence,), {"defect": defect}, since=word.hit.first.when)
