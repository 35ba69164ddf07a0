"""How the containers of a pod that do not stay up ended, and what they said last."""

from __future__ import annotations

import msgspec

from kwhy.facts.logs import AppErrors
from kwhy.facts.objects import StateTerminated
from kwhy.knowledge.container.runs import ContainerRun, runs_of
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

#: Reasons of an end that the kubelet made up because it had lost sight of the container (kubelet_pods.go,
#: ContainerStatusUnknown): their exit code 137 says nothing.
UNKNOWN_END = "ContainerStatusUnknown"


class Ending(msgspec.Struct, frozen=True):
    """The newest end of a container that is not up."""

    container: str
    code: int
    reason: str
    end: StateTerminated
    run: ContainerRun
    at: Locator

    @property
    def evidence(self) -> Evidence:
        return Evidence(
            self.at, f"container {self.container} ended: {self.reason or 'no reason'}, exit code {self.code}"
        )


def endings_of(scene: Scene, pod: Subject) -> list[Ending]:
    """How the containers that are not up ended"""
    found = []
    for run in runs_of(scene, pod):
        end = run.ended
        if end is None or end.reason == UNKNOWN_END or (run.init and run.status.ready is True):
            continue
        if run.status.ready is True and run.running and run.restarts < 2:
            continue
        text = f"{end.reason or 'Terminated'}, exit code {end.exit_code}"
        found.append(Ending(run.name, end.exit_code, end.reason, end, run, run.ended_at(text)))
    return found


def errors_of_container(scene: Scene, pod: Subject, container: str) -> list[AppErrors]:
    """Error lines in the logs of one container, those of the run before included."""
    found = []
    for errors in scene.derive_once(_errors_by_pod).get((pod.namespace or "", pod.name), ()):
        hint = errors.pod
        if hint is not None and hint.container in (None, container):
            found.append(errors)
    return found


def _errors_by_pod(scene: Scene) -> dict[tuple[str, str], list[AppErrors]]:
    index: dict[tuple[str, str], list[AppErrors]] = {}
    for errors in scene.facts(AppErrors):
        if errors.pod is not None:
            index.setdefault((errors.pod.namespace or "", errors.pod.pod), []).append(errors)
    return index


def last_words(scene: Scene, pod: Subject, container: str, words: str) -> tuple[Evidence, ...]:
    """The last error line of the container's logs that holds the words."""
    for errors in errors_of_container(scene, pod, container):
        for sample in reversed(errors.samples):
            if words in sample.excerpt:
                return (Evidence(errors.locate(sample), f"the log says: {sample.excerpt}"),)
    return ()
