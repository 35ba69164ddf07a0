"""Registries as objects of their own: what several workloads miss is one fault of what they all ask."""

from __future__ import annotations

from collections import defaultdict
from difflib import get_close_matches

import msgspec

from kwhy.knowledge.image.answers import (
    IMAGE_EVENTS,
    Answer,
    Refusal,
    judged,
    newest_answer,
    refusals,
    registry_of,
    running_registries,
)
from kwhy.knowledge.pod.failing import failing_candidates
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict
from kwhy.model.wording import named
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView


def registry(host: str) -> Subject:
    """The registry as the thing to fix."""
    return Subject("Registry", host)


def waiting_for(scene: Scene, host: str) -> list[Subject]:
    """The workloads whose pulls from this registry fail because of the registry or the way to it."""
    return scene.derive_once(_waiting).get(host, [])


#: Answers that say nothing about the image that was asked for.
_OF_THE_REGISTRY = (Answer.CERTIFICATE, Answer.PLAIN_HTTP, Answer.RATE_LIMITED, Answer.UNREACHABLE, Answer.UNRESOLVABLE)


def _waiting(scene: Scene) -> dict[str, list[Subject]]:
    by_events = [
        about
        for about, events in scene.events.items()
        if about.kind == "Pod" and any(event.reason in IMAGE_EVENTS for event in events)
    ]
    index: dict[str, dict[Subject, None]] = defaultdict(dict)
    for pod in dict.fromkeys([*failing_candidates(scene), *by_events]):
        answer = newest_answer(scene.derive(refusals, pod))
        if answer is not None and answer.answer in _OF_THE_REGISTRY:
            index[registry_of(answer.image)][owner_of(scene, pod)] = None
    return {host: list(owners) for host, owners in index.items()}


def judged_of_registry(pod: PodView, found: list[Refusal], answer: Answer) -> Verdict:
    """Whether pulls fail for this reason, and whose fault that is.

    The registry is to be mended; but the workload where its registry's name does not resolve and a similar one is in
    use, or where it is the only workload in the whole cluster that names this registry.
    """
    verdict = judged(pod, found, answer)
    refusal = newest_answer(found)
    if not isinstance(verdict, Present) or refusal is None:
        return verdict
    host = registry_of(refusal.image)
    owners = waiting_for(pod.scene, host)
    known = running_registries(pod.scene)
    near = get_close_matches(host, [other for other in known if other != host], n=1, cutoff=0.85)
    owner = owner_of(pod.scene, pod.subject)
    alone = len(owners) < 2 and pod.scene.listing("Pod", None) is not None
    if answer is Answer.UNRESOLVABLE and host not in known and (near or alone):
        hint = f" ({near[0]} is in use)" if near else ""
        who = f"{named(owner)} waits for image {refusal.image}{hint}"
        return msgspec.structs.replace(verdict, values={**verdict.values, "who": who})
    who = f"{len(owners)} workloads wait for" if len(owners) > 1 else f"{named(owner)} waits for"
    because = verdict.because
    if host in known:
        because = (*because, Evidence(known[host], f"an image from {host} runs, so the registry has worked"))
    values = {**verdict.values, "who": f"{who} images from it"}
    return msgspec.structs.replace(verdict, values=values, because=because, blames=registry(host))
