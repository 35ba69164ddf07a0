"""Pulls of images that fail over the time of the registry's certificate, and the clock of the node that pulls."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.log_patterns.tls import Fault, complaint_in
from kwhy.knowledge.clock.offsets import Clock, Estimate, clock_of
from kwhy.knowledge.image.answers import Answer, newest_answer, refusals
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene


class PullOutOfTime(msgspec.Struct, frozen=True):
    """The registry's certificate is out of its time by the clock of ``node``.

    ``now`` and ``bound`` are what the error compares, where it says so.
    """

    expired: bool
    now: float | None
    bound: float | None
    node: Subject
    clock: Clock

    @property
    def by_clock(self) -> Estimate | None:
        """The estimate of the clock that explains it."""
        return next((one for one in self.clock.off if self._explained_by(one)), None)

    def _explained_by(self, estimate: Estimate) -> bool:
        if (estimate.seconds > 0) is not self.expired:
            return False
        if self.now is None or self.bound is None or estimate.bound:
            return True
        true_now = self.now - estimate.seconds
        return true_now <= self.bound if self.expired else true_now >= self.bound


def pull_out_of_time(scene: Scene, pod: Subject) -> PullOutOfTime | None:
    """The clock of the node where the registry's certificate looks expired or not yet valid"""
    refusal = newest_answer(scene.derive(refusals, pod))
    node = next(iter(node_of_pod(scene, pod)), None)
    if refusal is None or refusal.answer is not Answer.CERTIFICATE or node is None:
        return None
    complaint = complaint_in(refusal.said.text)
    if complaint is None or complaint.fault not in (Fault.EXPIRED, Fault.NOT_YET_VALID):
        return None
    now, bound = (parse_timestamp(complaint.fields.get(field)) for field in ("now", "bound"))
    return PullOutOfTime(complaint.fault is Fault.EXPIRED, now, bound, node, scene.derive(clock_of, node))


def _clock_of_pull(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The node by whose clock the registry's certificate is refused."""
    pull = scene.derive(pull_out_of_time, pod)
    if pull is not None and (pull.by_clock is not None or not pull.clock.off):
        yield pull.node


PULLS_BY_CLOCK = Relation("pulls by the clock of", _clock_of_pull)
