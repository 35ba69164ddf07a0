"""A program is stopped by the kernel for what it does: a segmentation fault and its kin."""

from __future__ import annotations

from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.container.runs import ask
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

FAULTS = Condition(
    code="container.faults",
    kind="Pod",
    nature=Nature.ROOT,
    title="The program in container {container} of {subject} crashes with {signal}: {meaning}",
    summary="The kernel ended the program for an instruction that it may not, or cannot, execute.",
    remedies=(
        Remedy(
            id="go-back-or-mend-the-program",
            title="Go back to the image that worked, and find the defect in the program",
            when="now",
            risk="low",
            steps=(
                Step("If an earlier revision worked, go back.", "kubectl rollout undo {kind}/{name} -n {namespace}"),
                Step("See the last lines of the crashed run.", "kubectl logs {kind}/{name} -n {namespace} --previous"),
                Step(
                    "The kernel log of the node names the faulting address and library.", "dmesg -T | grep -i segfault"
                ),
                Step("SIGILL: the image is built for a newer CPU than the node has; compare lscpu between nodes."),
                Step(
                    "SIGBUS: a file mapped into memory was cut or its disk is full; /dev/shm holds 64 MiB by default."
                ),
            ),
            verify=(Step("No further restart.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Roll out the newer image again."),),
        ),
    ),
)

#: 128 + the number of a signal that the kernel raises for a fault of the program itself (Linux signal(7), x86-64).
SIGNALS = {
    132: ("SIGILL", "an instruction that this CPU does not have"),
    135: ("SIGBUS", "memory behind which there is no file or device any more"),
    136: ("SIGFPE", "an arithmetic fault such as a division by zero"),
    139: ("SIGSEGV", "memory that is not its own"),
}


@rule(
    FAULTS,
    rows=("P2",),
    leads=(
        leads_to(EXITS_WITH_ERROR, via=ITSELF),
        leads_to(CRASH_LOOPS, via=ITSELF),
        leads_to(INIT_FAILS, via=ITSELF),
    ),
)
def faults(pod: PodView, endings: list[Ending] = given(endings_of)) -> Verdict:
    """The program crashes by a fault of its own.

    What it means: Nobody outside ended it: the defect is in the program, one of its native libraries, or between it
    and the CPU.
    How it shows: The exit code is 139, 135, 136 or 132: 128 plus the signal.
    What looks like it: 137 and 143 come from others (kill for memory, the kubelet, somebody's kill); 134 (SIGABRT) is
    the program's own decision, whose log says why. A program may return such a code by itself, which is rare.
    Source: Linux signal(7), arch/x86/mm/fault.c; POSIX.1-2017 XCU 2.8.2 (128 + signal); runc libcontainer/utils
    (ExitStatus).
    """
    if not endings:
        return unsure(f"how the containers of {pod.subject} ended", ask(pod))
    ending = next((ending for ending in endings if ending.code in SIGNALS), None)
    if ending is None:
        return Absent((endings[0].evidence,))
    signal, meaning = SIGNALS[ending.code]
    return Present((ending.evidence,), {"container": ending.container, "signal": signal, "meaning": meaning})
