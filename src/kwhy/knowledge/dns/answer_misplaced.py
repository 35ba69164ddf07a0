"""A name server sends a program to an address where the name does not belong."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.corefile import absolute
from kwhy.facts.dns import Lookup
from kwhy.facts.expectations import Expectation
from kwhy.knowledge.app.errors import APP_ERRORS, logging_pods
from kwhy.knowledge.dns.asking import Ask, asks_of
from kwhy.knowledge.dns.forwarding import is_own_address, name_server
from kwhy.knowledge.remote.unexpected_peer import EXPECT
from kwhy.knowledge.remote.wrong_record import WRONG_RECORD
from kwhy.knowledge.service.consumers import UNREACHED
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.scene.scene import Scene


class Sent(msgspec.Struct, frozen=True):
    """A failing call, and the lookup that shows who sent it to its address."""

    ask: Ask
    lookup: Lookup


def _sent(scene: Scene) -> dict[Subject, list[Sent]]:
    """By name server outside the cluster: the calls that go where it says and do not get through."""
    lookups: dict[tuple[str, str], list[Lookup]] = {}
    for lookup in scene.facts(Lookup):
        for address in lookup.addresses if lookup.name and lookup.server else ():
            lookups.setdefault((absolute(lookup.name or ""), address), []).append(lookup)
    index: dict[Subject, list[Sent]] = {}
    for pod in logging_pods(scene) if lookups else ():
        for ask in scene.derive(asks_of, pod):
            if ask.service is None and ask.address is not None and ask.call.errors.complaint in UNREACHED:
                for lookup in lookups.get((absolute(ask.name), ask.address), ()):
                    server = lookup.server or ""
                    if not is_own_address(scene, server):
                        index.setdefault(name_server(server, lookup.port), []).append(Sent(ask, lookup))
    return index


def sent_by(scene: Scene, server: Subject) -> list[Sent]:
    """Failing calls, and what the name server answers for their names"""
    return scene.derive_once(_sent).get(server, [])


def others_say(scene: Scene, server: Subject) -> list[Lookup]:
    """What other name servers answer for the same names"""
    names = {absolute(sent.ask.name): sent.ask.address for sent in sent_by(scene, server)}
    return [
        lookup
        for lookup in scene.facts(Lookup)
        if lookup.name and lookup.addresses and names.get(absolute(lookup.name)) not in (None, *lookup.addresses)
    ]


def expected_of(scene: Scene, server: Subject) -> Expectation | None:
    """Where the names should live (--expect FILE)"""
    names = [sent.ask.name for sent in sent_by(scene, server)[:1]]
    return next((e for e in scene.facts(Expectation) if any(e.concerns(name) for name in names)), None)


def _senders(scene: Scene, caller: Subject) -> Iterable[Subject]:
    for server, sent in scene.derive_once(_sent).items():
        if any(one.ask.caller == caller for one in sent):
            yield server


SENT_BY = Relation("is sent to its peer by", _senders)


@rule(WRONG_RECORD, rows=("D6",), leads=(leads_to(APP_ERRORS, via=SENT_BY),))
def answer_misplaced(
    server: Subject,
    sent: list[Sent] = given(sent_by),
    others: list[Lookup] = given(others_say),
    expectation: Expectation | None = given(expected_of),
) -> Verdict:
    """A name server answers with an address where the name does not belong.

    What it means: The lookup works, the answer is wrong: a public address, an old one, another environment's.
    How it shows: The failing call goes to an address, a tool got the same address from this server for the name, and
    it lies outside the network that is expected (--expect); another resolver may answer another one.
    What looks like it: Split-horizon by design. A right address behind which the server is down: the expectation admits
    it then. `hosts` in the Corefile: no outside server answers the address.
    Source: RFC 1035; the user's expectations (--expect).
    """
    if server.kind != "NameServer":
        return Unsure(())  # wrong_record judges connections
    if not sent:
        return unsure(f"what {server.name} answers for names that fail")
    first = sent[0]
    name, address = first.ask.name, first.ask.address or ""
    answered = Evidence(first.lookup.at, f"{server.name} answers {address} for {name}")
    errors = first.ask.call.errors
    called = Evidence(errors.locate(errors.last), f"the call goes there: {errors.complaint}, {errors.count} times")
    differing = [
        Evidence(lookup.at, f"{lookup.server or lookup.tool} answers {', '.join(lookup.addresses)} for it")
        for lookup in others[:2]
    ]
    if expectation is None:
        gap = Gap(f"in which network {name} is expected", (EXPECT.of(name=name),))
        return Unsure((gap,), (answered, called, *differing))
    expected = Evidence(expectation.at, f"{name} should be in {' or '.join(expectation.networks)}")
    if expectation.admits(address):
        return Absent((answered, expected))
    values = {
        "server": first.lookup.server or server.name,
        "answered": address,
        "asked": name,
        "networks": " or ".join(expectation.networks),
        "network": expectation.networks[0],
    }
    blamed = Subject("NameRecord", name.rstrip(".").lower())
    return Present((answered, called, expected, *differing), values, basis=Basis.RECOMPUTED, blames=blamed)
