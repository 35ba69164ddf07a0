"""What events say about now: a failure counts while it is fresh and nothing later says that it is over."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kwhy.model.subject import Subject
from kwhy.scene.events import MergedEvent
from kwhy.scene.scene import Scene

#: Whatever fails is tried again within this time: the longest back-offs are those of containers and of the scheduler's
#: flush of unschedulable pods, five minutes each (Kubernetes v1.34 pkg/kubelet/kubelet.go MaxContainerBackOff,
#: pkg/scheduler/backend/queue DefaultPodMaxInUnschedulablePodsDuration); what two rounds did not repeat is over.
TWO_ROUNDS = 600.0


def newer(event: MergedEvent, other: MergedEvent) -> bool:
    """Whether ``event`` certainly was last seen after ``other``."""
    if event.last.latest is not None and other.last.latest is not None:
        return event.last.latest > other.last.latest
    if event.age is not None and other.age is not None:
        return event.age < other.age
    return False


def seen_within(scene: Scene, event: MergedEvent, seconds: float = TWO_ROUNDS) -> bool:
    """Whether the event was last seen so recently. False where nothing tells."""
    if event.age is not None:
        return event.age <= seconds
    if event.last.latest is None or scene.as_of is None:
        return False
    return scene.as_of - event.last.latest <= seconds


def unanswered(
    scene: Scene, subject: Subject, failures: Mapping[str, Collection[str]], seconds: float = TWO_ROUNDS
) -> MergedEvent | None:
    """The newest fresh failure about the subject after which no event says that it is over.

    ``failures`` maps the reasons of failures to the reasons of events that end them.
    """
    events = scene.events_about(subject)
    for failure in events:
        if failure.reason not in failures or not seen_within(scene, failure, seconds):
            continue
        ends = failures[failure.reason]
        if not any(other.reason in ends and not newer(failure, other) for other in events):
            return failure
    return None


def known_by_events(scene: Scene, *kinds: str) -> list[Subject]:
    """Objects of which nothing but events was shown, where no list of their kind tells that they are gone."""
    unlisted = [kind for kind in kinds if scene.listing(kind, None) is None]
    return [
        subject
        for subject in (scene.events.of_kinds(*unlisted) if unlisted else ())
        if scene.listing(subject.kind, subject.namespace) is None and not scene.exists(subject)
    ]
