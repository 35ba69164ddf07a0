"""A container needs more memory than its limit."""

from __future__ import annotations

from kwhy.facts.objects import ResourceRequirements
from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.container.runs import ContainerRun, ask
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import OBJECT
from kwhy.scene.relations import ITSELF, ITSELF_ONCE_BOUND
from kwhy.scene.views import PodView

OUT_OF_MEMORY = Condition(
    code="container.out-of-memory",
    kind="Pod",
    nature=Nature.ROOT,
    title="Container {container} of {subject} needs more than its memory limit of {limit}",
    summary="The kernel killed a process of the container because the container's cgroup had reached its memory limit.",
    remedies=(
        Remedy(
            id="raise-the-limit",
            title="Raise the memory limit, or make the program use less",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Raise the limit; the request decides where the pod fits.",
                    "kubectl set resources {kind}/{name} -c {container} --limits=memory=AMOUNT -n {namespace}",
                ),
                Step("A use that grows for ever is a leak: a higher limit only puts the end off."),
            ),
            verify=(Step("No further restart.", "kubectl get pods -n {namespace}"),),
            undo=(
                Step(
                    "Set the former limit.",
                    "kubectl set resources {kind}/{name} -c {container} --limits=memory={limit} -n {namespace}",
                ),
            ),
        ),
    ),
)

OOM_KILLED = "OOMKilled"


@rule(
    OUT_OF_MEMORY,
    rows=("N14", "P2"),
    leads=(
        leads_to(CRASH_LOOPS, via=ITSELF),
        leads_to(INIT_FAILS, via=ITSELF),
        leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),
    ),
)
def out_of_memory(pod: PodView, endings: list[Ending] = given(endings_of)) -> Verdict:
    """The container reaches its own memory limit.

    What it means: The limit is below what the program needs, or the program needs more and more.
    How it shows: The container's newest end has reason OOMKilled, and the container has a memory limit.
    What looks like it: Exit code 137 is any SIGKILL: after the grace period, by a failed liveness probe, by hand.
    A container without a limit that is OOMKilled fell to the node's own shortage. Eviction is done by the kubelet and
    has its own message. A killed child process leaves the container running.
    Source: containerd v1.6 and CRI-O set the reason from the cgroup's oom_kill event (pkg/cri/server/events.go);
    Documentation/admin-guide/cgroup-v2.rst (memory.max).
    """
    killed = [ending for ending in endings if ending.reason == OOM_KILLED]
    if not killed:
        if endings:
            return Absent(tuple(ending.evidence for ending in endings))
        return unsure(f"how the containers of {pod.subject} ended", ask(pod))
    for ending in killed:
        limit = memory_limit(ending.run)
        if limit:
            place = ending.run.spec_at("resources.limits", f"memory: {limit}")
            because = (ending.evidence, Evidence(place, f"its memory limit is {limit}"))
            return Present(because, {"container": ending.container, "limit": limit})
    if all(memory_limit(ending.run) == "" for ending in killed):
        return Absent((killed[0].evidence, Evidence(killed[0].run.spec_at("resources", ""), "it has no memory limit")))
    return unsure(
        f"the memory limit of container {killed[0].container} of {pod.subject}",
        OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace),
    )


def memory_limit(run: ContainerRun) -> str | None:
    """As written; "" where the container was shown without one, None where that was not shown."""
    if run.spec is None:
        return None
    resources = run.spec.resources
    if not isinstance(resources, ResourceRequirements):
        return "" if run.observation.whole else None
    limits = resources.limits
    if not isinstance(limits, dict):
        return "" if run.observation.whole else None
    return str(limits.get("memory", ""))
