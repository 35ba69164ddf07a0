"""The image of a container does not have the program that somebody wants to run in it."""

from __future__ import annotations

from kwhy.facts.kubectl import StreamFailed
from kwhy.knowledge.stream.failures import evidence, failures_of_pod
from kwhy.knowledge.stream.program_not_run import PROGRAM_NOT_RUN
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF

PROGRAM_MISSING = Condition(
    code="stream.program-missing",
    kind="Pod",
    nature=Nature.ROOT,
    title="The image of {subject} has no program {program}, so kubectl exec cannot run it",
    summary="Small images hold the program they are made for and nothing else. The container itself may be well.",
    remedies=(
        Remedy(
            id="bring-your-own-tools",
            title="Take another shell, or a debug container with tools",
            when="now",
            risk="low",
            steps=(
                Step("Many images have sh where they have no bash.", "kubectl exec -it POD -n NAMESPACE -- sh"),
                Step(
                    "Start a container with tools in the pod; it shares the network, with --target the processes too.",
                    "kubectl debug -it POD -n NAMESPACE --image=busybox --target=CONTAINER -- sh",
                ),
            ),
            verify=(Step("A prompt appears."),),
            undo=(Step("An ephemeral container stays in the pod's spec until the pod is made anew; it has ended."),),
        ),
    ),
)


@rule(PROGRAM_MISSING, rows=("N18",), leads=(leads_to(PROGRAM_NOT_RUN, via=ITSELF),))
def program_missing(pod: Subject, failed: list[StreamFailed] = given(failures_of_pod)) -> Verdict:
    """The image does not have the program.

    What it means: The runtime looked for it in the container's PATH, or at the path given, and found nothing.
    How it shows: 'exec: "bash": executable file not found in $PATH', exit code 126 or 127.
    What looks like it: A probe or a hook with such a program fails the container: that is another matter. A program
    that is there and may not be executed says "permission denied".
    Source: runc 1.1 libcontainer/init_linux.go; Go os/exec LookPath.
    """
    said = [one for one in failed if one.kind == "no-program"]
    if said:
        return Present((evidence(said[0]),), {"program": said[0].detail})
    if failed:
        return Absent((evidence(failed[0]),))
    return unsure(f"what kubectl exec says for {pod}")
