"""The table of tracked connections is full, so that new connections are dropped."""

from __future__ import annotations

import msgspec

from kwhy.facts.conntrack import ConntrackCounters
from kwhy.facts.log_patterns.kernel import CONNTRACK_FULL as TABLE_FULL
from kwhy.facts.logs import LogHit
from kwhy.facts.network import ConnectAttempt, Sysctl
from kwhy.knowledge.net.kernel_words import quoted, said_of_late
from kwhy.knowledge.net.losing import CARRIED_BY, explains_losses, lost_evidence
from kwhy.knowledge.net.sysctls import in_force
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict
from kwhy.probes.host_network import NETWORK_STATE
from kwhy.scene.scene import Scene

CONNTRACK_FULL = Condition(
    code="net.conntrack-full",
    kind="Node",
    nature=Nature.ROOT,
    title="The table of tracked connections of {subject} is full{fill}: new connections are dropped",
    summary="The kernel cannot remember one more connection, and drops the first packet of every new one.",
    remedies=(
        Remedy(
            id="make-room",
            title="Raise the limit",
            when="now",
            risk="low",
            steps=(
                Step("See how full it is, and what fills it.",
                     "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max; "
                     "conntrack -L 2>/dev/null | awk '{{print $1, $4}}' | sort | uniq -c | sort -rn | head"),
                Step("Raise it; an entry takes about 320 bytes of kernel memory.",
                     "sysctl -w net.netfilter.nf_conntrack_max={raised}"),
            ),
            verify=(
                Step("There is room.", "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max"),
                Step("The drops end: this counter stays.", "conntrack -S | grep -o ' drop=[0-9]*'"),
            ),
            undo=(Step("Set the limit as it was.", "sysctl -w net.netfilter.nf_conntrack_max={limit}"),),
        ),
        Remedy(
            id="keep-room",
            title="Keep room, and find who opens so many connections",
            when="lasting",
            risk="low",
            steps=(
                Step("kube-proxy sets the limit when it starts: conntrack.maxPerCore and conntrack.min of its "
                     "configuration decide, whatever sysctl.d says.",
                     "kubectl -n kube-system edit configmap kube-proxy"),
                Step("Find the pod that opens most.", "conntrack -L 2>/dev/null | grep -o ' src=[^ ]*' | sort | uniq -c"
                     " | sort -rn | head -20"),
                Step("Reuse connections there; shorten nf_conntrack_tcp_timeout_time_wait, or leave traffic out that "
                     "needs no tracking (NOTRACK, NodeLocal DNSCache)."),
            ),
            verify=(Step("The count stays well below the limit over a day."),),
            undo=(Step("Restore the former configuration of kube-proxy."),),
        ),
    ),
)  # fmt: skip

COUNT, LIMIT = "net.netfilter.nf_conntrack_count", "net.netfilter.nf_conntrack_max"
#: Programs that sample the count see it a little below the limit while packets are dropped: entries come and go.
FULL, ROOM = 0.99, 0.9


class Tracking(msgspec.Struct, frozen=True):
    """What is shown of a node's connection tracking."""

    words: tuple[LogHit, ...]
    counters: ConntrackCounters | None
    failing: tuple[Evidence, ...]


def tracking_of(scene: Scene, node: Subject) -> Tracking:
    """The kernel log and the counters of connection tracking (dmesg, conntrack -S)"""
    counters = next((c for c in scene.facts_on(node, ConntrackCounters) if c.netns is None), None)
    words = said_of_late(scene, node, TABLE_FULL)
    return Tracking(tuple(words), counters, tuple(lost_evidence(scene.facts_on(node, ConnectAttempt))[:1]))


@rule(CONNTRACK_FULL, rows=("R6",), leads=explains_losses(CARRIED_BY))
def conntrack_full(
    node: Subject, tracking: Tracking = given(tracking_of), values: dict[str, Sysctl] = given(in_force)
) -> Verdict:
    """The table of tracked connections is full.

    What it means: Every connection that iptables or nft look at needs an entry. Without room the kernel drops the
    first packet: new connections time out, those that exist go on; names do not resolve now and then.
    How it shows: The kernel logs "nf_conntrack: table full, dropping packet"; nf_conntrack_count has reached
    nf_conntrack_max; drop of `conntrack -S` grows.
    What looks like it: insert_failed without drop comes from equal packets that raced each other (DNS queries over
    UDP), with room in the table. Counters count since boot: drops of last month are still in them.
    Source: Linux v6.18 net/netfilter/nf_conntrack_core.c (__nf_conntrack_alloc, nf_conntrack_in); Kubernetes v1.34
    cmd/kube-proxy/app/conntrack.go (the limit is set from maxPerCore and min).
    """
    count, limit = _number(values.get(COUNT)), _number(values.get(LIMIT))
    share = count / limit if count is not None and limit else None
    proof = _proof(tracking)
    if share is not None and share >= FULL:
        says = f"{count} of {limit} entries are used"
        return _present((Evidence(values[COUNT].at, says), *proof), limit, f" ({count} of {limit})", tracking)
    if tracking.words and (share is None or share >= ROOM):
        return _present(proof, limit, "", tracking)
    if share is not None and share < ROOM:
        return Absent((Evidence(values[COUNT].at, f"{count} of {limit} entries are used: there is room"), *proof))
    return Unsure(
        (Gap(f"how full the connection table of {node.name} is", (NETWORK_STATE.of(node=node.name),)),), proof
    )


def _number(value: Sysctl | None) -> int | None:
    return int(value.value) if value is not None and value.value.isdigit() else None


def _proof(tracking: Tracking) -> tuple[Evidence, ...]:
    proof = [quoted(hit, f"the kernel says so {hit.count} times") for hit in tracking.words[:1]]
    counters = tracking.counters
    if counters is not None and counters["drop"]:
        proof.append(Evidence(counters.at_counter["drop"], f"{counters['drop']} packets were dropped since boot"))
    elif counters is not None and counters["insert_failed"]:
        says = f"{counters['insert_failed']} entries could not be put in: equal packets raced, none was dropped"
        proof.append(Evidence(counters.at_counter["insert_failed"], says))
    return tuple(proof)


def _present(proof: tuple[Evidence, ...], limit: int | None, fill: str, tracking: Tracking) -> Present:
    values = {"fill": fill, "raised": 2 * limit if limit else "NUMBER", "limit": limit or "NUMBER"}
    return Present((*proof, *tracking.failing), values, basis=Basis.STATED)
