"""A program ends with an error."""

from __future__ import annotations

from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.container.ends import Ending, endings_of, errors_of_container
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.container.out_of_memory import OOM_KILLED
from kwhy.knowledge.container.runs import NOT_STARTED, ask, event_messages
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import PREVIOUS_LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

EXITS_WITH_ERROR = Condition(
    code="container.exits-with-error",
    kind="Pod",
    nature=Nature.EFFECT,
    title="The program in container {container} of {subject} ends with exit code {code}{words}",
    summary="The program was started and ended by itself with an error; its log says why.",
)

#: Exit codes of a process that was told to end, or killed (128 + SIGKILL, 128 + SIGTERM): not the program's choice.
SIGNALLED = (137, 143)


@rule(
    EXITS_WITH_ERROR,
    rows=("P2", "P5"),
    leads=(leads_to(CRASH_LOOPS, via=ITSELF), leads_to(INIT_FAILS, via=ITSELF)),
)
def exits_with_error(pod: PodView, endings: list[Ending] = given(endings_of)) -> Verdict:
    """The program ends with an error.

    What it means: The program itself gave up: a refused dependency, a bad setting, a defect.
    How it shows: The newest end has an exit code other than 0 and reason Error; the log's last error says why.
    What looks like it: A command that could not be started (StartError), a kill for memory (OOMKilled), a kill by the
    kubelet after a failed probe (137 or 143 with the event "failed liveness probe").
    Source: Kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container.go (toKubeContainerStatus).
    """
    if not endings:
        return unsure(f"how the containers of {pod.subject} ended", ask(pod))
    own = [e for e in endings if e.code and e.reason != OOM_KILLED and e.reason not in NOT_STARTED]
    if not own:
        return Absent((endings[0].evidence,))
    killed = [s for s in event_messages(pod.scene, pod.subject, "Killing") if "failed" in s.text and "probe" in s.text]
    ending = next((e for e in own if e.code not in SIGNALLED), own[0])
    if ending.code in SIGNALLED and killed:
        return Absent((killed[0].evidence,))
    errors = errors_of_container(pod.scene, pod.subject, ending.container)
    because = [ending.evidence]
    if errors:
        last = max(errors, key=lambda e: (e.last.when.latest or 0.0, e.last.line))
        because.append(Evidence(last.locate(last.last), f"its log says: {last.last.excerpt}"))
    words = f": {errors[0].complaint}" if errors and errors[0].complaint != "other" else ""
    if not errors and ending.code in SIGNALLED:
        return unsure(f"who killed {pod.subject}", PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace), ask(pod))
    return Present(tuple(because), {"container": ending.container, "code": ending.code, "words": words})
