"""Errors with which the kubelet's relist ends: the derivation that tells passes that fail from one that hangs."""

from __future__ import annotations

import msgspec

from kwhy.facts.log_patterns.kubelet import PLEG_RELIST_FAILED
from kwhy.knowledge.kubelet.pleg import SAME_PASS
from kwhy.knowledge.kubelet.words import kubelet_hits
from kwhy.model.document import Document
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene


class RelistErrors(msgspec.Struct, frozen=True):
    """The error of the last failed pass, how many failed, and when the first was reported. ``clock``: of the last."""

    error: str
    count: int
    since: Moment
    clock: float | None
    evidence: Evidence


def relist_errors(scene: Scene, node: Subject) -> RelistErrors | None:
    """The kubelet's log, with the errors of its relist"""
    hits = kubelet_hits(scene, node, PLEG_RELIST_FAILED)
    if not hits:
        return None
    hit = max(hits, key=lambda hit: (hit.last.when.latest or 0.0, hit.last.line))
    error = (hit.last.fields.get("error") or hit.last.fields.get("old_error") or "").replace('\\"', '"')
    evidence = Evidence(hit.locate(hit.last), f"a relist ended with an error: {error}")
    return RelistErrors(error, hit.count, Moment(None, hit.first.when.latest), hit.last.clock, evidence)


def within(failed: RelistErrors, document: Document, start: float | None) -> bool:
    """Whether a relist failed after the pass that is said to have begun at ``start`` on the clock of ``document``."""
    if failed.evidence.at.document is not document or failed.clock is None or start is None:
        return False
    return failed.clock > start + SAME_PASS
