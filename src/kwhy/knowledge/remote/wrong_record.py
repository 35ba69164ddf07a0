"""A DNS server answers an address that is not where the name belongs."""

from __future__ import annotations

from kwhy.knowledge.net.talks import Talk, talk_of
from kwhy.knowledge.remote.expected import Misplaced, Named, answers, answers_for, misplaced_of
from kwhy.knowledge.remote.unexpected_peer import EXPECT, UNEXPECTED_PEER, expectations
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

WRONG_RECORD = Condition(
    code="dns.wrong-record",
    kind="Connection",
    nature=Nature.ROOT,
    title="The DNS server {server} answers {answered} for {asked}, which belongs in {networks}: the record is wrong",
    summary="Clients go where the answer sends them: to a public address, an old one, or another environment.",
    remedies=(
        Remedy(
            id="mend-the-record",
            title="Mend the record at the server that is responsible for it",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "See who is responsible: the server with the flag aa, or the zone's name servers.",
                    "dig {asked} @{server}",
                ),
                Step(
                    "Ask another resolver, to see whether only this one is wrong.", "dig +short {asked} @OTHER-RESOLVER"
                ),
                Step("Set the record of {asked} to its address in {networks} there; note the old value {answered}."),
                Step("Wait for the record's TTL, or clear caches: CoreDNS, NodeLocal DNSCache, the application's own."),
            ),
            verify=(
                Step("The right address is answered.", "dig +short {asked} @{server}"),
                Step("New connections go there.", "timeout 30 tcpdump -ni any -c 5 'net {network} and tcp'"),
            ),
            undo=(Step("Set the record back to {answered}."),),
        ),
    ),
)

_ASK = Probe(
    "dig {name}; dig {name} @{server}",
    unlocks="which server answers what for {name}",
    where="the host that was captured",
)


def leading_answers(scene: Scene, subject: Subject) -> list[Named]:
    """The DNS answers that led to the peer (a capture that holds them, or dig)"""
    return answers(scene).get(subject.name.rpartition(":")[0], [])


def other_answers(scene: Scene, subject: Subject) -> list[Named]:
    """What else was answered for the same names"""
    led = leading_answers(scene, subject)
    address = subject.name.rpartition(":")[0]
    return [
        n for name in dict.fromkeys(n.name for n in led) for n in answers_for(scene, name) if address not in n.addresses
    ]


@rule(WRONG_RECORD, rows=("D6", "E3"), leads=(leads_to(UNEXPECTED_PEER, via=ITSELF),))
def wrong_record(
    connection: Subject,
    talk: Talk | None = given(talk_of),
    found: Misplaced | None = given(misplaced_of),
    led: list[Named] = given(leading_answers),
    others: list[Named] = given(other_answers),
    known: int = given(expectations),
) -> Verdict:
    """A DNS record is wrong.

    What it means: The server answers with an address outside the network where the name belongs.
    How it shows: The answer in the capture (or of dig), the connection to that address right after it, and the
    expectation; which server answered is named, and whether it is authoritative.
    What looks like it: Split-horizon by design (then the expectation is wrong); a stale cache (the authoritative server
    answers rightly); a hosts file or a proxy (no DNS question leads to the address).
    Source: RFC 1035; the user's expectations (--expect).
    """
    if connection.kind != "Connection":
        return Unsure(())  # kwhy.knowledge.dns.answer_misplaced judges name servers
    if talk is None:
        return unsure("a capture that holds the DNS answers and the connection")
    if found is not None and found.named is not None:
        return _present(found, found.named, others)
    if found is not None:
        name = found.name or (talk.names[0] if talk.names else talk.address)
        return unsure(f"which DNS answer led to {talk.address}", _ASK.of(name=name, server=None))
    if known:
        return Absent(tuple(Evidence(flow.at, "the peer is where it is expected") for flow in talk.flows[:1]))
    if not led:
        return unsure(f"which DNS answer led to {talk.address}, and where its name should live")
    gap = Gap(f"in which network {led[0].name} is expected", (EXPECT.of(name=led[0].name),))
    because = [Evidence(led[0].at, f"{led[0].name} is answered as {talk.address} by {led[0].server}")]
    because += [Evidence(n.at, f"{n.name} is answered as {', '.join(n.addresses)} by {n.server}") for n in others[:2]]
    return Unsure((gap,), tuple(because))


def _present(found: Misplaced, named: Named, others: list[Named]) -> Present:
    role = ", authoritative for it" if named.authoritative else ""
    because = [
        Evidence(
            named.at, f"{named.server or 'a server'}{role}, answers {', '.join(named.addresses)} for {named.name}"
        ),
        *found.because[-1:],
        Evidence(found.talk.flows[0].at, f"the client then talks to {found.talk.address}"),
    ]
    because += [
        Evidence(other.at, f"{other.server or 'a server'} answers {', '.join(other.addresses)} for it")
        for other in others[:2]
    ]
    values = {
        "server": named.server or "that was asked",
        "answered": ", ".join(named.addresses),
        "asked": named.name,
        "networks": " or ".join(found.expectation.networks),
        "network": found.expectation.networks[0],
    }
    blamed = Subject("NameRecord", named.name)
    since = by(named.when) if named.when is not None else by(found.talk.flows[0].first)
    return Present(tuple(because), values, since=since, basis=Basis.RECOMPUTED, blames=blamed)
