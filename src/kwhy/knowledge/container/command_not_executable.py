"""The command of a container exists and cannot be executed."""

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

COMMAND_NOT_EXECUTABLE = Condition(
    code="container.command-not-executable",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} starts {command}, which cannot be executed: {why}",
    summary="The file exists; its mode, its format or its platform keeps the kernel from running it.",
    remedies=(
        Remedy(
            id="make-it-executable",
            title="Make the file executable in the image, or build the image for the node's platform",
            when="now",
            risk="low",
            steps=(
                Step("Permission denied: chmod +x in the image; files of a ConfigMap need defaultMode 0755."),
                Step(
                    "Exec format error: compare the image's platform with the node's.",
                    "kubectl get nodes -L kubernetes.io/arch",
                ),
                Step("Or go back to the revision that worked.", "kubectl rollout undo {kind}/{name} -n {namespace}"),
            ),
            verify=(Step("The pods stay up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the revision before.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)

#: The status with which a shell ends where a command was found and cannot be executed (POSIX.1-2017 XCU 2.8.2).
SHELL_NOT_EXECUTABLE = 126
#: What the kernel's ENOEXEC and EACCES read like in the container's own log.
_WORDS = ("exec format error", "ermission denied")


@rule(
    COMMAND_NOT_EXECUTABLE,
    rows=("P2", "P6"),
    leads=(
        leads_to(CRASH_LOOPS, via=ITSELF),
        leads_to(INIT_FAILS, via=ITSELF),
        leads_to(APP_ERRORS, via=complains_only_of(SHELL_REFUSED)),
    ),
)
def command_not_executable(
    pod: PodView,
    starts: list[FailedStart] = given(failed_starts),
    endings: list[Ending] = given(endings_of),
) -> Verdict:
    """The command cannot be executed.

    What it means: The kernel refused the file: no execute permission, a directory, another platform's binary, or a
    script without an interpreter line.
    How it shows: The runtime's error says permission denied or exec format error of the command itself; or the log
    holds "exec format error", or a shell ended with 126.
    What looks like it: "permission denied" about a file that the program opens is the program's own trouble: then the
    error does not name the command behind exec.
    Source: runc v1.1 libcontainer/standard_init_linux.go; execve(2) (EACCES, ENOEXEC); POSIX.1-2017 XCU 2.8.2.
    """
    for start in starts:
        if start.error is not StartError.NOT_FOUND:
            values = {"command": start.command or "a command", "why": start.error.value}
            return Present((start.said.evidence,), values, since=start.said.since)
    if starts:
        return Absent((starts[0].said.evidence,))
    for ending in endings:
        words = last_words(pod.scene, pod.subject, ending.container, _WORDS[0])
        if words and ending.code:
            values = {"command": "a command", "why": StartError.WRONG_FORMAT.value}
            return Present((ending.evidence, *words), values)
        said = shell_words(pod.scene, pod.subject, ending.container, "denied")
        if said is not None and ending.code == SHELL_NOT_EXECUTABLE:
            values = {"command": said.hit.key["command"], "why": StartError.NOT_EXECUTABLE.value}
            return Present((ending.evidence, said.evidence), values)
        words = last_words(pod.scene, pod.subject, ending.container, _WORDS[1])
        if words and ending.code == SHELL_NOT_EXECUTABLE:
            return Present((ending.evidence, *words), {"command": "a command", "why": StartError.NOT_EXECUTABLE.value})
    shells = [ending for ending in endings if ending.code == SHELL_NOT_EXECUTABLE]
    if endings and not shells:
        return Absent((endings[0].evidence,))
    if shells:
        return unsure(f"what {pod.subject} cannot execute", PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace))
    return unsure(f"how the containers of {pod.subject} ended", ask(pod))
