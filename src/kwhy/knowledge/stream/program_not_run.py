"""kubectl exec cannot run a program in a container. The symptom."""

from __future__ import annotations

from kwhy.facts.kubectl import StreamFailed
from kwhy.knowledge.stream.failures import evidence, failing_pods, failures_of_pod
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Verdict, unsure

PROGRAM_NOT_RUN = Condition(
    code="stream.program-not-run",
    kind="Pod",
    nature=Nature.EFFECT,
    title="kubectl {verb} does not run in {subject}: {words}",
    summary="The kubelet was reached; the runtime could not run the program in the container.",
)


@rule(PROGRAM_NOT_RUN, rows=("N18",), among=failing_pods, symptom=True)
def program_not_run(pod: Subject, failed: list[StreamFailed] = given(failures_of_pod)) -> Verdict:
    """A program could not be run in a container.

    What it means: The request came as far as the container runtime of the node.
    How it shows: "container not found", "executable file not found in $PATH", "OCI runtime exec failed"; exit code 126
    or 127.
    What looks like it: A program that was run and ended with an error of its own: kubectl then shows what it printed.
    Source: Kubernetes v1.34 pkg/kubelet/kubelet_pods.go (RunInContainer, findContainer); runc 1.1 libcontainer.
    """
    if not failed:
        return unsure(f"what kubectl exec says for {pod}")
    first = failed[0]
    words = f"it has no program {first.detail}" if first.kind == "no-program" else first.detail
    return Present(tuple(evidence(one) for one in failed[:3]), {"verb": first.verb or "exec", "words": words})
