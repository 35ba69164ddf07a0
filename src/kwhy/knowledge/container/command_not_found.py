"""The command of a container does not exist in its image."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_container import SHELL_REFUSED
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.container.ends import Ending, endings_of, last_words
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.container.own_words import complains_only_of, shell_words
from kwhy.knowledge.container.runs import ask
from kwhy.knowledge.container.start_errors import FailedStart, StartError, failed_starts
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.kubectl import PREVIOUS_LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

COMMAND_NOT_FOUND = Condition(
    code="container.command-not-found",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} starts {command}, which does not exist in its image",
    summary="The command, or the interpreter that its first line names, is not in the image.",
    remedies=(
        Remedy(
            id="correct-the-command",
            title="Correct the command, or use an image that has it",
            when="now",
            risk="low",
            steps=(
                Step("Correct command and args, or the image.", "kubectl edit {kind} {name} -n {namespace}"),
                Step("Or go back to the revision that worked.", "kubectl rollout undo {kind}/{name} -n {namespace}"),
            ),
            verify=(Step("The pods stay up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the revision before.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)

#: The status with which a shell ends where a command is not found (POSIX.1-2017 XCU 2.8.2).
SHELL_NOT_FOUND = 127


@rule(
    COMMAND_NOT_FOUND,
    rows=("P2", "P6"),
    leads=(
        leads_to(CRASH_LOOPS, via=ITSELF),
        leads_to(INIT_FAILS, via=ITSELF),
        leads_to(APP_ERRORS, via=complains_only_of(SHELL_REFUSED)),
    ),
)
def command_not_found(
    pod: PodView,
    starts: list[FailedStart] = given(failed_starts),
    endings: list[Ending] = given(endings_of),
) -> Verdict:
    """The command does not exist.

    What it means: No process of the container has ever run, so there is no log.
    How it shows: The runtime's error says that the executable is not found (StartError, exit code 128 or 127); or a
    shell ended with 127 and its log says "not found".
    What looks like it: A missing working directory ("chdir to cwd"), a missing mount source, a missing file that the
    program itself wants: their errors do not begin with exec. "exec format error" has the file and cannot run it.
    Source: runc v1.1 libcontainer/init_linux.go; crun src/libcrun/utils.c; POSIX.1-2017 XCU 2.8.2 (status 127).
    """
    for start in starts:
        if start.error is StartError.NOT_FOUND:
            return Present((start.said.evidence,), {"command": start.command or "a command"}, since=start.said.since)
    if starts:
        return Absent((starts[0].said.evidence,))
    shells = [ending for ending in endings if ending.code == SHELL_NOT_FOUND]
    for ending in shells:
        said = shell_words(pod.scene, pod.subject, ending.container, "not found")
        if said is not None:
            return Present((ending.evidence, said.evidence), {"command": said.hit.key["command"]})
        words = last_words(pod.scene, pod.subject, ending.container, "not found")
        if words:
            return Present((ending.evidence, *words), {"command": "a command"})
    if endings and not shells:
        return Absent((endings[0].evidence,))
    if shells:
        return unsure(
            f"which command {pod.subject} does not find", PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace)
        )
    return unsure(f"how the containers of {pod.subject} ended", ask(pod))
