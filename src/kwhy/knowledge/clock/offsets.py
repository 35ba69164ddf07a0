"""How far the clock of a node is off, from sources that do not ask that clock alone."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kwhy.facts.clocks import ClockOffset, ClockState
from kwhy.facts.log_patterns.clock import CLOCK_WRONG_BY
from kwhy.facts.logs import LogHit
from kwhy.facts.objects import Pod
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import structs_on
from kwhy.scene.scene import Scene

#: A clock that is off by less breaks no certificate; API times have whole seconds.
NOTICED = 60.0


class Estimate(msgspec.Struct, frozen=True):
    """The clock is ahead by ``seconds`` (behind where negative); ``bound``: by at least so much."""

    seconds: float
    evidence: Evidence
    bound: bool = False
    stated: bool = True


class Clock(msgspec.Struct, frozen=True):
    """What is known of a node's clock: ``off`` estimates beyond what is noticed, ``right`` proof that it is right."""

    off: tuple[Estimate, ...]
    right: tuple[Evidence, ...]
    unkept: tuple[Evidence, ...]


def clock_of(scene: Scene, node: Subject) -> Clock:
    """The node's clock, by chronyc, ntpq, chronyd's log and the times that its kubelet wrote"""
    found = [*_measured(scene, node), *_logged(scene, node), *_started_before_created(scene, node)]
    off = tuple(one for one in found if abs(one.seconds) >= NOTICED)
    # What chronyc sources prints is relative to a correction that may never reach the clock; tracking is the clock's.
    right = tuple(
        Evidence(fact.at, f"the clock is right within {abs(fact.seconds):.3f} s")
        for fact in scene.facts_on(node, ClockOffset)
        if fact.by in ("chronyc tracking", "ntpq") and abs(fact.seconds) < NOTICED
    )
    unkept = tuple(
        Evidence(state.at, "the clock is not synchronised")
        for state in scene.facts_on(node, ClockState)
        if state.synchronised is False
    )
    return Clock(off, () if off else right, unkept)


def _measured(scene: Scene, node: Subject) -> Iterator[Estimate]:
    for fact in scene.facts_on(node, ClockOffset):
        says = f"{fact.by}: the clock is {described(fact.seconds)} {fact.reference or 'its reference'}"
        yield Estimate(fact.seconds, Evidence(fact.at, says))


def _logged(scene: Scene, node: Subject) -> Iterator[Estimate]:
    for hit in scene.facts_on(node, LogHit):
        if hit.pattern == CLOCK_WRONG_BY:
            seconds = -float(hit.last.fields["seconds"])
            yield Estimate(seconds, Evidence(hit.locate(hit.last), f"chronyd: the clock is {described(seconds)} NTP"))


def _started_before_created(scene: Scene, node: Subject) -> Iterator[Estimate]:
    """A pod that its kubelet started before the API server had made it: the node's clock is behind.

    status.startTime is the kubelet's clock, metadata.creationTimestamp the API server's (pkg/kubelet/kubelet_pods.go
    generateAPIPodStatus, apiserver pkg/registry/rest/create.go). Static pods are started before their mirror is made.
    """
    widest: Estimate | None = None
    for subject, struct in structs_on(scene, node):
        if not isinstance(struct, Pod) or _is_static(struct):
            continue
        created, started = (parse_timestamp(t) for t in (struct.metadata.creation_timestamp, struct.status.start_time))
        if created is None or started is None or started - created > -NOTICED:
            continue
        if widest is None or started - created < widest.seconds:
            observation = scene.observations(subject)[0]
            at = observation.field_at("status.startTime", f"startTime: {struct.status.start_time}")
            says = f"the kubelet started {subject} {span(created - started)} before the API server created it"
            widest = Estimate(started - created, Evidence(at, says), bound=True, stated=False)
    if widest is not None:
        yield widest


def _is_static(pod: Pod) -> bool:
    annotations = pod.metadata.annotations
    return isinstance(annotations, dict) and "kubernetes.io/config.mirror" in annotations


def described(seconds: float) -> str:
    """ "2 h 0 min behind"; "ahead of" reads on."""
    return f"{span(abs(seconds))} {'ahead of' if seconds > 0 else 'behind'}"


def span(seconds: float) -> str:
    """A span of time as people say it."""
    whole = round(abs(seconds))
    days, hours, minutes = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if whole >= 120 else f"{whole} s" if whole else f"{seconds:.3f} s"
