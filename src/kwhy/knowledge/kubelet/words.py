"""What the kubelet's log says last about a node: the derivation behind the rules that read states from logs.

The kubelet repeats what is wrong every few seconds and falls silent when it is over, so the state at the end of a log
follows from its last lines. Only lines of one document are compared with one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from kwhy.facts.log_patterns.kubelet import (
    NETWORK_NOT_READY,
    RUNTIME_DOWN,
    RUNTIME_NOT_READY,
    RUNTIME_SANITY_FAILED,
    SYNC_SKIPPED,
)
from kwhy.facts.log_patterns.kubelet_node import BECAME_NOT_READY, LEASE_NOT_RENEWED, NODE_EVENT, STATUS_NOT_UPDATED
from kwhy.facts.log_patterns.kubelet_start import STARTED, VERSION
from kwhy.facts.logs import LogFile, LogHit, LogPattern, LogSample
from kwhy.model.document import Document
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

#: syncLoop waits at most 5 s between two complaints, updateRuntimeUp runs every 5 s (Kubernetes v1.34
#: pkg/kubelet/kubelet.go, syncLoop and Run): a kubelet that logs on for twice that without repeating one is over it.
REPEATED_WITHIN = 10.0
#: The lease is renewed every 10 s, a failing request takes up to 10 s (renewIntervalFraction 0.25 of 40 s and the
#: client's timeout; pkg/kubelet/kubelet.go, pkg/kubelet/apis/config/v1beta1/defaults.go v1.34).
LEASE_RETRIED_WITHIN = 30.0
#: Without a renewal for so long the node controller sets Ready to Unknown (node-monitor-grace-period,
#: pkg/controller/nodelifecycle/config/v1alpha1/defaults.go: 50 s since v1.32, 40 s before).
GRACE = 50.0

#: What the kubelet says every few seconds while its node is not ready for the reason it names.
_COMPLAINTS = (SYNC_SKIPPED, RUNTIME_DOWN, RUNTIME_NOT_READY, RUNTIME_SANITY_FAILED, NETWORK_NOT_READY)
_LEASE = (LEASE_NOT_RENEWED, STATUS_NOT_UPDATED)
#: "[container runtime status check may not have completed yet, PLEG is not healthy: pleg has yet to be successful]"
#: stands in the log of every start.
_AT_START = "may not have completed yet"


class Word(msgspec.Struct, frozen=True):
    """One line of the kubelet's log, and the first of the series that it ends."""

    hit: LogHit
    sample: LogSample
    first: LogSample
    reason: str

    @property
    def document(self) -> Document:
        return self.hit.document

    @property
    def since(self) -> Moment:
        """What was reported then began no later."""
        return Moment(None, self.first.when.latest)

    def evidence(self, says: str) -> Evidence:
        return Evidence(self.hit.locate(self.sample), says)


class State(msgspec.Struct, frozen=True):
    """How a log ends: ``holds`` is the complaint that stands, ``over`` proves that an earlier one is over."""

    holds: Word | None
    over: Evidence | None


def kubelet_hits(scene: Scene, node: Subject, *patterns: LogPattern) -> list[LogHit]:
    """What the kubelet of the node printed, of some patterns; patterns of no program count where the kubelet's log has
    them."""
    return [
        hit
        for hit in scene.facts_on(node, LogHit)
        if hit.pattern in patterns and (hit.pattern.component == "kubelet" or hit.component == "kubelet")
    ]


def unready_state(scene: Scene, node: Subject) -> State:
    """The kubelet's log, with what it says last about its node"""
    return _newest(_unready_in(scene, node, document) for document in _documents(scene, node))


def lease_state(scene: Scene, node: Subject) -> State:
    """The kubelet's log, with whether it renews its lease"""
    return _newest(_lease_in(scene, node, document) for document in _documents(scene, node))


def complaint_state(scene: Scene, node: Subject, *patterns: LogPattern) -> State:
    """Whether the kubelet's log ends with one of these complaints."""
    return _newest(
        _standing(scene, node, document, patterns, REPEATED_WITHIN, lambda _: True)
        for document in _documents(scene, node)
    )


def _documents(scene: Scene, node: Subject) -> list[Document]:
    found: dict[int, Document] = {}
    for hit in scene.facts_on(node, LogHit):
        if hit.pattern.component == "kubelet" or hit.component == "kubelet":
            found.setdefault(id(hit.document), hit.document)
    return list(found.values())


def _unready_in(scene: Scene, node: Subject, document: Document) -> State:
    complaint = _standing(scene, node, document, _COMPLAINTS, REPEATED_WITHIN, _past_the_start)
    said = _last(scene, node, document, (BECAME_NOT_READY, NODE_EVENT), _says_not_ready)
    over = complaint.over
    if said is not None:
        ended = _after(scene, node, document, said.sample, (NODE_EVENT,), _says_ready) or _after(
            scene, node, document, said.sample, (STARTED, VERSION), lambda _: True
        )
        if ended is None and over is None and complaint.holds is None:
            return State(said, None)
        if over is None and ended is not None:
            over = ended.evidence("the kubelet says that its node is ready, or started anew")
    if complaint.holds is not None:
        recovered = _after(scene, node, document, complaint.holds.sample, (NODE_EVENT,), _says_ready)
        if recovered is not None:
            return State(None, recovered.evidence("the kubelet says that its node is ready"))
        return complaint
    lease = _lease_in(scene, node, document)
    if lease.holds is not None and _lasted(lease.holds):
        return lease
    return State(None, over)


def _lease_in(scene: Scene, node: Subject, document: Document) -> State:
    return _standing(scene, node, document, _LEASE, LEASE_RETRIED_WITHIN, lambda _: True)


def _lasted(word: Word) -> bool:
    begun, end = word.first.clock, word.sample.clock
    return begun is not None and end is not None and end - begun >= GRACE


def _past_the_start(sample: LogSample) -> bool:
    return _AT_START not in sample.excerpt


def _says_not_ready(sample: LogSample) -> bool:
    return "became not ready" in sample.excerpt or _event(sample) == "NodeNotReady"


def _says_ready(sample: LogSample) -> bool:
    return _event(sample) == "NodeReady"


def _event(sample: LogSample) -> str | None:
    return sample.fields.get("event") or sample.fields.get("old_event")


def _standing(
    scene: Scene,
    node: Subject,
    document: Document,
    patterns: tuple[LogPattern, ...],
    within: float,
    keep: Callable[[LogSample], bool],
) -> State:
    """Whether the last of some repeated complaints stands at the end of the document."""
    last = _last(scene, node, document, patterns, keep)
    if last is None:
        return State(None, None)
    silence = _silence_after(scene, node, last)
    if silence is not None and silence > within:
        return State(None, last.evidence(f"the kubelet logged on for {int(silence)} s and did not say this again"))
    return State(last, None)


def _silence_after(scene: Scene, node: Subject, word: Word) -> float | None:
    """Seconds for which the kubelet logged on after a line; None where nothing shows that it did."""
    if word.sample.clock is None:
        return None
    clocks = [
        hit.last.clock
        for hit in scene.facts_on(node, LogHit)
        if hit.document is word.document and hit.pattern.component == "kubelet" and hit.last.clock is not None
    ]
    clocks += [
        log.last_clock
        for log in scene.facts_on(node, LogFile)
        if log.document is word.document and log.component == "kubelet" and log.last_clock is not None
    ]
    return max(clocks, default=word.sample.clock) - word.sample.clock


def _last(
    scene: Scene,
    node: Subject,
    document: Document,
    patterns: tuple[LogPattern, ...],
    keep: Callable[[LogSample], bool],
) -> Word | None:
    best: Word | None = None
    for hit in kubelet_hits(scene, node, *patterns):
        kept = [sample for sample in hit.samples if keep(sample)] if hit.document is document else []
        if kept and (best is None or kept[-1].line > best.sample.line):
            best = Word(hit, kept[-1], kept[0], _reason(kept[-1]))
    return best


def _after(
    scene: Scene,
    node: Subject,
    document: Document,
    sample: LogSample,
    patterns: tuple[LogPattern, ...],
    keep: Callable[[LogSample], bool],
) -> Word | None:
    later = _last(scene, node, document, patterns, keep)
    return later if later is not None and later.sample.line > sample.line else None


def _reason(sample: LogSample) -> str:
    """What the line gives as reason, without its brackets."""
    for name in ("reasons", "message", "old_message", "error", "old_error"):
        text = sample.fields.get(name)
        if text:
            return text.strip().rstrip("]").replace('\\"', '"')
    return ""


def _newest(states: Iterable[State]) -> State:
    """Of several logs of one kubelet the one that ends last counts; undated ones only where no other holds."""
    found = [state for state in states if state.holds is not None or state.over is not None]
    held = [state for state in found if state.holds is not None]
    if not held:
        return found[0] if found else State(None, None)
    return max(held, key=lambda state: (state.holds.sample.when.latest or 0.0) if state.holds else 0.0)
