"""How the newest start of the kubelet ended: the derivation behind the rules about kubelets that cannot start."""

from __future__ import annotations

import msgspec

from kwhy.facts.log_patterns.kubelet import CONTAINER_STARTED
from kwhy.facts.log_patterns.kubelet_start import STARTED
from kwhy.facts.logs import LogHit, LogPattern, LogSample
from kwhy.knowledge.kubelet.words import kubelet_hits
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene


class Refusal(msgspec.Struct, frozen=True):
    """A line with which a start ended, not followed by a start that succeeded."""

    hit: LogHit
    sample: LogSample

    def field(self, name: str) -> str:
        return self.sample.fields.get(name, "")

    def evidence(self, says: str) -> Evidence:
        return Evidence(self.hit.locate(self.sample), says)


def refused_by(scene: Scene, node: Subject, *patterns: LogPattern) -> Refusal | None:
    """The newest line of the patterns, unless the same log shows that the kubelet came up after it."""
    newest: Refusal | None = None
    for hit in kubelet_hits(scene, node, *patterns):
        came_up = [
            other.last.line
            for other in kubelet_hits(scene, node, STARTED, CONTAINER_STARTED)
            if other.document is hit.document
        ]
        if hit.last.line > max(came_up, default=0) and (newest is None or hit.last.line > newest.sample.line):
            newest = Refusal(hit, hit.last)
    return newest
