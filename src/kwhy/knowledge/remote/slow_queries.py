"""A database or a service answers slowly, one question after another: judged alike, by the language spoken."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kwhy.facts.dialogues import Language
from kwhy.facts.slow_queries import SlowStatement
from kwhy.knowledge.net.caller_waits import CALLER_WAITS, Waits, waits_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import Moment, by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

SLOW_QUERIES = Condition(
    code="remote.slow-queries",
    kind="Connection",
    nature=Nature.ROOT,
    title="{language} at {server} answers slowly: {count} questions one after another took {each} s each on average, "
    "{waited} s together",
    summary="The server thinks for seconds per question; the network and the caller do not.",
    remedies=(
        Remedy(
            id="see-what-it-does",
            title="See what the database does, and relieve it",
            when="now",
            risk="low",
            steps=(
                Step("List what runs on the server now, and for how long.", "{list_command}"),
                Step("Look at the server's memory, CPU and disk: a full buffer pool makes every question slow.", "top"),
                Step("Ask for the plan of the slowest question.", "EXPLAIN {slowest}"),
                Step("End what blocks the others, if it can be spared; give the server memory where it lacks it."),
            ),
            verify=(
                Step(
                    "The same call, captured again, waits less.",
                    "timeout 60 tcpdump -ni any -s 0 -w after.pcap 'tcp port {port} and host {address}'",
                ),
            ),
            undo=(Step("A question that was ended is asked again by its client."),),
        ),
        Remedy(
            id="mend-the-questions",
            title="Make the questions cheap and few",
            when="lasting",
            risk="medium",
            steps=(
                Step("Add the index that the plan lacks, or rewrite the question."),
                Step("Ask once for many rows instead of once per row: waits of questions in a row add up."),
                Step("Keep the slow log on, so that the next one is seen early."),
            ),
            verify=(Step("The slow log stays empty during a call."),),
            undo=(Step("Drop the index again."),),
        ),
    ),
)

SLOW_SERVICE = Condition(
    code="remote.slow-service",
    kind="Connection",
    nature=Nature.EFFECT,
    title="The service at {server} itself takes {each} s per request: {count} requests, {waited} s together",
    summary="The network is well; the service computes, or waits for somebody behind it.",
)

_LISTS = {
    "MySQL": "mysql -h {address} -P {port} -e 'SHOW FULL PROCESSLIST'",
    "PostgreSQL": "psql -h {address} -p {port} -c 'SELECT pid, state, query_start, query FROM pg_stat_activity'",
    "Redis": "redis-cli -h {address} -p {port} SLOWLOG GET 20",
}
#: The network's share of a wait may be so large before it is suspected too.
_SMALL_SHARE = 0.1


def _elsewhere(waits: Waits) -> Evidence | None:
    """What shows that the wait is not, or not provably, the server's."""
    talk = waits.talk
    shortest = min(exchange.wait for _, exchange in waits.slow)
    trip = talk.round_trip
    if trip is not None and trip > _SMALL_SHARE * shortest:
        return Evidence(talk.flows[0].at, f"the round trip alone takes {trip:.3f} s")
    lossy = next((flow for flow in talk.flows if flow.retransmission is not None), None)
    if lossy is not None and lossy.retransmission is not None and talk.sent_again >= len(waits.slow):
        return Evidence(lossy.retransmission.at, f"{talk.sent_again} segments were sent again")
    full = next((flow for flow in talk.flows if flow.zero_window is not None), None)
    if full is not None and full.zero_window is not None and full.ab.full_time + full.ba.full_time >= shortest:
        return Evidence(full.zero_window.at, "a receive buffer was full meanwhile")
    return None


def logged_statements(scene: Scene, _: Subject) -> Sequence[SlowStatement]:
    """The slow log of the database"""
    return scene.facts(SlowStatement)


def _said_by_the_log(waits: Waits, logged: Sequence[SlowStatement]) -> list[Evidence]:
    """Entries of the slow log of the same client, at the same time, and what they tell of the reason."""
    clients = {dialogue.a for dialogue, _ in waits.slow}
    first, last = waits.slow[0][1].asked.time, waits.slow[-1][1].answered.time
    mine = [each for each in logged if each.client in clients and _between(first, each.ended, last)]
    if not mine:
        return []
    longest = max(mine, key=lambda each: each.seconds)
    rows = f", {longest.examined} rows examined for {longest.sent} sent" if longest.examined is not None else ""
    locked = longest.locked is not None and longest.locked > longest.seconds / 2
    reason = f"; it waited {longest.locked:.1f} s of them for locks" if locked else ""
    return [Evidence(longest.at, f"the slow log has {len(mine)} of them: {longest.seconds:.1f} s{rows}{reason}")]


def _between(first: Moment, moment: Moment, last: Moment) -> bool:
    """Whether the moment may lie between the two, give or take a second of rounding."""
    if moment.earliest is None or moment.latest is None or first.earliest is None or last.latest is None:
        return True
    return first.earliest - 1 <= moment.latest and moment.earliest <= last.latest + 1


@rule(SLOW_QUERIES, rows=("E1", "R14"), leads=(leads_to(CALLER_WAITS, via=ITSELF),))
def slow_queries(
    connection: Subject,
    waits: Waits | None = given(waits_of),
    logged: Sequence[SlowStatement] = given(logged_statements),
) -> Verdict:
    """A database answers slowly.

    What it means: Each question waits at the server for seconds; a call that asks one after another waits for the sum.
    How it shows: The silence lies between question and answer, the handshake's round trip is a small part of it,
    nothing was sent again, no receive buffer was full, and the caller itself paused little.
    What looks like it: A slow network (the round trip is long), loss (segments are sent again), a full receiver (zero
    windows), a caller that computes between answers (it pauses), commands that ask to wait (BLPOP).
    Source: MariaDB 10.11 and PostgreSQL 15 protocols; RFC 9293 for round trips; Wireshark's "time since request".
    """
    verdict = _judged(connection, waits, ("mysql", "postgresql", "redis"), "no database's language is spoken")
    if not isinstance(verdict, Present) or waits is None:
        return verdict
    return msgspec.structs.replace(verdict, because=(*verdict.because, *_said_by_the_log(waits, logged)))


@rule(SLOW_SERVICE, rows=("E1", "E8"), leads=(leads_to(CALLER_WAITS, via=ITSELF),))
def slow_service(connection: Subject, waits: Waits | None = given(waits_of)) -> Verdict:
    """A service answers slowly.

    What it means: Each request waits at the service for seconds: it computes, has too few workers, or itself waits
    for a database or another service; look there next.
    How it shows: As for slow queries, in HTTP.
    What looks like it: A long poll or a watch asks to wait; a slow network, loss, a full receiver show in the packets.
    Source: RFC 9112; RFC 9293 for round trips.
    """
    return _judged(connection, waits, ("http",), "no HTTP is spoken")


def _judged(connection: Subject, waits: Waits | None, languages: tuple[Language, ...], else_why: str) -> Verdict:
    """Whether the slow answers in these languages are the server's own."""
    if waits is None:
        return unsure(
            "a capture of the calls, with the text of the questions",
            CAPTURE.of(node=connection.node, name=connection.name.rpartition(":")[0]),
        )
    if not any(dialogue.language in languages for dialogue, _ in waits.slow):
        return Absent((Evidence(waits.slow[0][0].at, else_why),))
    other = _elsewhere(waits)
    if other is not None:
        return Absent((other,))
    trip = waits.talk.round_trip_at_most
    if trip is None or trip > _SMALL_SHARE * min(exchange.wait for _, exchange in waits.slow):
        return unsure(
            f"the round trip to {waits.talk.address}: the capture holds no handshake",
            CAPTURE.of(node=connection.node, name=waits.talk.address),
        )
    return _present(waits)


def _present(waits: Waits) -> Present:
    talk, slow = waits.talk, [exchange for _, exchange in waits.slow]
    longest = max(slow, key=lambda exchange: exchange.wait)
    trip = talk.round_trip_at_most or 0.0
    most = "" if talk.round_trip is not None else "at most "
    flow = next((flow for flow in talk.flows if flow.handshake_end is not None), talk.flows[0])
    paused = sum({id(dialogue): dialogue.paused for dialogue, _ in waits.slow}.values())
    because = [
        Evidence(e.answered.at, f"answered {e.wait:.2f} s after it was asked: {e.question or 'a question'}")
        for e in dict.fromkeys((longest, slow[0], slow[-1]))
    ]
    because.append(
        Evidence(flow.at, f"the round trip takes {most}{trip * 1000:.1f} ms, {talk.sent_again} segments sent again")
    )
    because.append(Evidence(waits.slow[0][0].at, f"between answers the caller paused {paused:.2f} s in all"))
    language = waits.language
    list_command = _LISTS.get(language, "").format(address=talk.address, port=talk.port)
    values = {
        "language": language,
        "server": talk.called,
        "address": talk.address,
        "port": talk.port,
        "count": len(slow),
        "each": f"{waits.waited / len(slow):.1f}",
        "waited": f"{waits.waited:.1f}",
        "list_command": list_command,
        "slowest": longest.question,
    }
    return Present(tuple(because), values, since=by(slow[0].asked.time), basis=Basis.RECOMPUTED)
