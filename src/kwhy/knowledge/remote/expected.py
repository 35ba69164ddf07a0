"""Where names and peers are expected to live, and what evidence shows of both."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kwhy.facts.dialogues import NameQuestion
from kwhy.facts.dns import Lookup
from kwhy.facts.expectations import PEERS, Expectation
from kwhy.knowledge.net.talks import Talk, talk_of
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene


class Named(msgspec.Struct, frozen=True):
    """An answer of a DNS server: ``name`` lives at ``addresses``. ``server`` is None where it is not shown."""

    name: str
    server: str | None
    addresses: tuple[str, ...]
    authoritative: bool
    at: Locator
    when: Moment | None


def answers(scene: Scene) -> dict[str, list[Named]]:
    """What DNS servers answered, by address: in captures, and to dig, nslookup and host."""
    return scene.derive_once(_answers)


def answers_for(scene: Scene, name: str) -> list[Named]:
    """Everything that was answered for one name."""
    return scene.derive_once(_by_name).get(name.rstrip(".").lower(), [])


def _answers(scene: Scene) -> dict[str, list[Named]]:
    found: dict[str, list[Named]] = {}
    for named in _all(scene):
        for address in named.addresses:
            found.setdefault(address, []).append(named)
    return found


def _by_name(scene: Scene) -> dict[str, list[Named]]:
    found: dict[str, list[Named]] = {}
    for named in _all(scene):
        found.setdefault(named.name, []).append(named)
    return found


def _all(scene: Scene) -> Iterator[Named]:
    for question in scene.facts(NameQuestion):
        if question.addresses and question.answered is not None:
            yield Named(
                question.name,
                question.server,
                question.addresses,
                question.authoritative,
                question.at,
                question.answered.time,
            )
    for lookup in scene.facts(Lookup):
        if lookup.name is not None and lookup.addresses:
            name = lookup.name.rstrip(".").lower()
            yield Named(name, lookup.server, lookup.addresses, False, lookup.at, None)


class Misplaced(msgspec.Struct, frozen=True):
    """A server that is not where ``expectation`` says. ``named`` is the answer that led there, if one did."""

    talk: Talk
    expectation: Expectation
    name: str | None
    named: Named | None

    @property
    def because(self) -> tuple[Evidence, ...]:
        where = " or ".join(self.expectation.networks)
        told = (
            () if self.named is None else (Evidence(self.named.at, f"{self.name} is answered as {self.talk.address}"),)
        )
        return (*told, Evidence(self.expectation.at, f"{self.name or 'peers'} should be in {where}"))


def misplaced(scene: Scene, talk: Talk) -> Misplaced | None:
    """The expectation that the address of a server does not meet, that of its name before that of all peers."""
    expectations = scene.facts(Expectation)
    if not expectations:
        return None
    led = answers(scene).get(talk.address, [])
    names = dict.fromkeys([*(named.name for named in led), *talk.names])
    for name in names:
        for expectation in expectations:
            if expectation.concerns(name):
                if expectation.admits(talk.address):
                    return None
                return Misplaced(talk, expectation, name, next((n for n in led if n.name == name), None))
    for expectation in expectations:
        if expectation.name == PEERS and not expectation.admits(talk.address):
            return Misplaced(talk, expectation, next(iter(names), None), next(iter(led), None))
    return None


def misplaced_of(scene: Scene, subject: Subject) -> Misplaced | None:
    """Where names and peers should live (--expect FILE)"""
    talk = talk_of(scene, subject)
    return None if talk is None else misplaced(scene, talk)
