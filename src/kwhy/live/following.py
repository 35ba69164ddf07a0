"""The logs that a first diagnosis asks for: what it could not decide names the commands that would show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from kwhy.facts.objects import Pod
from kwhy.live.logs import Log, node_of
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.reasoning.symptom_words import names_in
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene

#: Logs that are read because a first diagnosis asks for them.
MOST_ASKED: Final = 50
#: Logs that are read where nothing fails as far as the objects show.
MOST_QUIET: Final = 200

#: kubectl logs web-6f5c6d7f64-bc9lg -n shop --previous --timestamps --tail=500   (kwhy/probes/kubectl.py)
_COMMAND: Final = expression(
    r"kubectl logs (?P<pod>[a-z0-9][-a-z0-9.]*) -n (?P<namespace>[a-z0-9][-a-z0-9]*)(?P<rest>(?: .*)?)"
)


def logs_asked_for(
    diagnosis: Diagnosis, scene: Scene, about: Subject | None = None, symptom: str | None = None
) -> tuple[Log, ...]:
    """The logs to read next, of pods that the scene shows. ``about`` and ``symptom`` are the question."""
    asked = chain(_in_question(scene, about, symptom), _not_decided(diagnosis))
    if any(finding.symptom for finding in diagnosis.findings):
        return _logs(scene, asked)[:MOST_ASKED]
    return _logs(scene, chain(asked, _running(scene)))[:MOST_QUIET]


def _logs(scene: Scene, pods: Iterable[tuple[Subject, bool]]) -> tuple[Log, ...]:
    found: dict[Log, None] = {}
    for subject, previous in pods:
        pod = _shown(scene, subject)
        if pod is None or not isinstance(pod.spec.containers, list):
            continue
        for container in pod.spec.containers:
            found[Log(subject.namespace or "", subject.name, container.name, previous, node_of(pod))] = None
        if len(found) > MOST_QUIET:
            break
    return tuple(found)


def _running(scene: Scene) -> Iterator[tuple[Subject, bool]]:
    """Where nothing fails that objects show, what fails shows in logs or not at all."""
    for pod in scene.structs("Pod"):
        if isinstance(pod, Pod) and pod.status.phase == "Running":
            yield Subject("Pod", pod.metadata.name, pod.metadata.namespace or None), False


def _shown(scene: Scene, subject: Subject) -> Pod | None:
    views = (view.object for view in scene.observations(subject))
    return next((pod for pod in views if isinstance(pod, Pod)), None)


def _in_question(scene: Scene, about: Subject | None, symptom: str | None) -> Iterator[tuple[Subject, bool]]:
    """The pods that the question names: themselves, their controller, or their namespace."""
    words = names_in(symptom) if symptom else frozenset()
    if about is None and not words:
        return
    for pod in scene.subjects("Pod"):
        owner = owner_of(scene, pod)
        if about in (pod, owner) or not words.isdisjoint((pod.name, owner.name, pod.namespace or "")):
            yield pod, False


def _not_decided(diagnosis: Diagnosis) -> Iterator[tuple[Subject, bool]]:
    for command in _commands(diagnosis):
        match = _COMMAND.fullmatch(command)
        if match is not None:
            yield Subject("Pod", match["pod"], match["namespace"]), "--previous" in match["rest"].split()


def _commands(diagnosis: Diagnosis) -> Iterable[str]:
    """Of the steps worth taking next, then of every open condition."""
    steps = [step.command for step in diagnosis.next_steps]
    open_ones = [probe.command for item in diagnosis.undetermined for gap in item.gaps for probe in gap.probes]
    return dict.fromkeys(steps + open_ones)
