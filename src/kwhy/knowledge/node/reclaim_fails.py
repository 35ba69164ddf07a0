"""The kubelet tries to reclaim disk space or memory and does not get it."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE
from kwhy.scene.events import MergedEvent
from kwhy.scene.recency import seen_within
from kwhy.scene.scene import Scene

RECLAIM_FAILS = Condition(
    code="node.reclaim-fails",
    kind="Node",
    nature=Nature.EFFECT,
    title="The kubelet of {subject} does not get back what it needs: {message}",
    summary="Garbage collection of images or eviction runs again and again without reaching its goal.",
)

REASONS = frozenset({"ImageGCFailed", "FreeDiskSpaceFailed", "EvictionThresholdMet"})


def failures_of(scene: Scene, node: Subject) -> list[MergedEvent]:
    """Events ImageGCFailed, FreeDiskSpaceFailed and EvictionThresholdMet of the node"""
    return [e for e in scene.events_about(node) if e.reason in REASONS and e.warning]


def _candidates(scene: Scene) -> Iterable[Subject]:
    return [
        subject
        for subject in scene.events.of_kinds("Node")
        if any(seen_within(scene, e) for e in scene.derive(failures_of, subject))
    ]


@rule(RECLAIM_FAILS, rows=("N11", "N12"), among=_candidates, symptom=True)
def reclaim_fails(node: Subject, failures: list[MergedEvent] = given(failures_of)) -> Verdict:
    """The kubelet cannot reclaim what it needs.

    What it means: Garbage collection removes unused images and dead containers only; what fills the disk is in use, or
    is not the kubelet's. Evictions follow.
    How it shows: "Wanted to free N bytes, but freed 0 bytes" within the last two rounds of five minutes;
    EvictionThresholdMet counts up.
    What looks like it: "failed to get image stats" says that the runtime did not answer, not that the disk is full. One
    failure that later rounds did not repeat is over.
    Source: Kubernetes v1.34 pkg/kubelet/images/image_gc_manager.go (GarbageCollect), pkg/kubelet/eviction.
    """
    if not failures:
        return unsure(f"the events of {node}", DESCRIBE.of(kind="node", name=node.name))
    because = tuple(Evidence(e.at, f"{e.reason}: {e.message}") for e in failures[:4])
    return Present(because, {"message": failures[0].message}, since=by(failures[-1].first))
