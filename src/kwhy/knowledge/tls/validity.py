"""Certificates outside the time in which they are valid, and whether the client's clock makes it so."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.certificates import ExpiryPrinted
from kwhy.facts.log_patterns.tls import Fault
from kwhy.knowledge.clock.offsets import Clock, Estimate, clock_of, span
from kwhy.knowledge.tls.failures import Failure, clock_node, failures_of
from kwhy.knowledge.tls.servers import covers, ending_at, holder_of, presented_by
from kwhy.knowledge.tls.shown import Held
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.time import iso
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

_OUT_OF_TIME = (Fault.EXPIRED, Fault.NOT_YET_VALID, Fault.OUT_OF_TIME)


class OutOfTime(msgspec.Struct, frozen=True):
    """A handshake that fails over a certificate's validity.

    ``expired``: True, the certificate ended before the client's now; False, it begins later; None: not said.
    ``bound`` is that end or beginning. ``held`` is the certificate where it was shown. ``node`` is whose clock counts.
    """

    failure: Failure
    expired: bool | None
    bound: float | None
    held: Held | None
    node: Subject | None
    clock: Clock
    as_of: float | None = None
    row: ExpiryPrinted | None = None

    def explained_by(self, estimate: Estimate) -> bool:
        """Whether a clock that is off by so much makes a valid certificate look so."""
        if self.expired is None:
            return False
        if estimate.seconds > 0 if not self.expired else estimate.seconds < 0:
            return False
        if self.failure.now is None or self.bound is None or estimate.bound:
            return True
        true_now = self.failure.now - estimate.seconds
        return true_now <= self.bound if self.expired else true_now >= self.bound

    @property
    def by_clock(self) -> Estimate | None:
        """The estimate of the clock that explains it."""
        return next((one for one in self.clock.off if self.explained_by(one)), None)

    @property
    def because(self) -> tuple[Evidence, ...]:
        if self.held is None:
            said = (Evidence(self.row.at, f"kubeadm's {self.row.name} ends then"),) if self.row is not None else ()
            return (self.failure.evidence, *said)
        certificate = self.held.certificate
        valid = f"valid from {iso(certificate.not_before)} to {iso(certificate.not_after)}"
        return (self.failure.evidence, Evidence(self.held.at, f"certificate {certificate.called} is {valid}"))

    @property
    def object_to_fix(self) -> Subject:
        """The object that keeps the certificate, else the server that shows it."""
        holder = self.held.holder if self.held is not None else None
        return holder or self.failure.server.subject

    @property
    def values(self) -> dict[str, object]:
        now, bound = self.failure.now or self.as_of, self.bound
        when = iso(bound) if bound is not None else "a time that is not shown"
        distance = ""
        if now is not None and bound is not None and (now > bound) is (self.expired is True):
            distance = f", {span(now - bound)} ago" if self.expired else f", in {span(now - bound)}"
        place = ", kept in /etc/kubernetes/pki/apiserver.crt" if self.row is not None else ""
        if self.held is not None and self.held.path is not None:
            place = f", kept in {self.held.place}"
        return {
            "server": self.failure.server.called or "the server",
            "connect": self.failure.server.connect,
            "when": when,
            "distance": distance,
            "place": place,
            "name": self.held.certificate.called if self.held is not None else "",
        }


def out_of_time(scene: Scene, client: Subject) -> tuple[OutOfTime, ...]:
    """Handshakes of the client that fail over the time in which certificates are valid"""
    return tuple(
        _judged(scene, failure)
        for failure in scene.derive(failures_of, client)
        if failure.fault in _OUT_OF_TIME and not failure.seen_by_server
    )


def _judged(scene: Scene, failure: Failure) -> OutOfTime:
    expired = None if failure.fault is Fault.OUT_OF_TIME else failure.fault is Fault.EXPIRED
    held = _certificate(scene, failure, expired)
    bound = failure.bound
    if bound is None and held is not None:
        bound = held.certificate.not_after if expired else held.certificate.not_before
    node = clock_node(scene, failure.client)
    clock = scene.derive(clock_of, node) if node is not None else Clock((), (), ())
    row = _row(scene, failure, bound) if held is None and bound is not None else None
    return OutOfTime(failure, expired, bound, held, node, clock, scene.as_of, row)


def _row(scene: Scene, failure: Failure, bound: float) -> ExpiryPrinted | None:
    """The row of kubeadm's table for the API server's certificate; it prints no seconds."""
    if failure.server.subject.kind != "Process":
        return None
    rows = scene.facts(ExpiryPrinted)
    return next((row for row in rows if row.name == "apiserver" and 0 <= bound - row.not_after < 60), None)


def _certificate(scene: Scene, failure: Failure, expired: bool | None) -> Held | None:
    """The certificate that the client complains of: by its end or beginning, else the one of the chain that is over."""
    if failure.bound is not None:
        found = _only_one(scene, failure, ending_at(scene, failure.bound))
    elif failure.now is not None or scene.as_of is not None:
        now = failure.now or scene.as_of or 0.0
        chain = presented_by(scene, failure.server)
        found = [
            held
            for held in chain
            if (expired is not False and held.certificate.not_after < now)
            or (expired is not True and held.certificate.not_before > now)
        ]
    else:
        found = []
    if not found:
        return None
    return holder_of(scene, found[0].certificate) or found[0]


def _only_one(scene: Scene, failure: Failure, found: list[Held]) -> list[Held]:
    """Of certificates that end in the same second, those that the server shows, else those that bear its name."""
    if len({held.certificate.der for held in found}) < 2:
        return found
    shown = {held.certificate.der for held in presented_by(scene, failure.server)}
    of_server = [held for held in found if held.certificate.der in shown]
    named = [
        held for held in found if covers((*held.certificate.names, *held.certificate.addresses), failure.server.host)
    ]
    best = of_server or named
    return best if len({held.certificate.der for held in best}) == 1 else []


def _clock_in_question(scene: Scene, client: Subject) -> Iterable[Subject]:
    """The node whose clock decides over the certificates that the client refuses."""
    for one in scene.derive(out_of_time, client):
        if one.node is not None and (one.by_clock is not None or not one.clock.off):
            yield one.node


CLOCK_IN_QUESTION = Relation("goes by the clock of", _clock_in_question)
