"""Traffic goes to a peer outside the network where it is expected."""

from __future__ import annotations

from kwhy.facts.expectations import Expectation
from kwhy.knowledge.net.caller_waits import CALLER_WAITS
from kwhy.knowledge.net.slow_transfer import SLOW_TRANSFER
from kwhy.knowledge.net.talks import Talk, all_talks, talk_of
from kwhy.knowledge.remote.expected import Misplaced, misplaced, misplaced_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

UNEXPECTED_PEER = Condition(
    code="remote.unexpected-peer",
    kind="Connection",
    nature=Nature.EFFECT,
    title="{node} talks to {server}, outside {networks}, where {what} should be{trip}",
    summary="A peer's address is not in the network that is expected: traffic takes another line.",
)
EXPECT = Probe(
    "printf '%s\\n' '{name}: NETWORK' > expect.yaml; kwhy diagnose --expect expect.yaml",
    unlocks="whether {name} is where it should be: write the network you expect, such as that of the private line",
    where="where kwhy runs",
)


def _misplaced(scene: Scene) -> list[Subject]:
    if not scene.facts(Expectation):
        return []
    return [subject for subject, talk in all_talks(scene) if misplaced(scene, talk) is not None]


def expectations(scene: Scene, _: Subject) -> int:
    """Where names and peers should live (--expect FILE)"""
    return len(scene.facts(Expectation))


@rule(
    UNEXPECTED_PEER,
    rows=("E3", "E2"),
    leads=(leads_to(SLOW_TRANSFER, via=ITSELF), leads_to(CALLER_WAITS, via=ITSELF)),
    among=_misplaced,
    symptom=True,
)
def unexpected_peer(
    connection: Subject,
    talk: Talk | None = given(talk_of),
    found: Misplaced | None = given(misplaced_of),
    known: int = given(expectations),
) -> Verdict:
    """Traffic goes to a peer outside its expected network.

    What it means: Somebody told kwhy where a name or all peers should live, and the address that is talked to is not
    there: traffic leaves by a public line instead of the private one, or reaches another environment.
    How it shows: The capture's peer, the DNS answer that led to it, and the expectation that it does not meet; the
    round trip is often much longer than to other peers.
    What looks like it: Split-horizon answers by design: then the expectation is wrong; a peer that is slow where it is.
    Source: the user's expectations (--expect); RFC 1035 for the answers.
    """
    if talk is None:
        address = connection.name.rpartition(":")[0]
        return unsure("a capture of the connection", CAPTURE.of(node=connection.node, name=address))
    if found is None:
        if known:
            return Absent(tuple(Evidence(flow.at, "the peer is where it is expected") for flow in talk.flows[:1]))
        name = talk.names[0] if talk.names else talk.address
        return unsure(f"in which network {name} is expected", EXPECT.of(name=name))
    trip = f"; the round trip takes {talk.round_trip * 1000:.0f} ms" if talk.round_trip is not None else ""
    flow = talk.flows[0]
    values = {
        "server": talk.called,
        "networks": " and ".join(found.expectation.networks),
        "what": found.name or "every peer",
        "trip": trip,
    }
    because = (Evidence(flow.at, f"{flow.a} talks to {talk.address}"), *found.because)
    return Present(because, values, since=by(flow.first), basis=Basis.RECOMPUTED)
