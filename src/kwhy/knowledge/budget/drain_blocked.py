"""A drain does not get on, because evictions are refused."""

from __future__ import annotations

from kwhy.knowledge.budget.evictions import Refusal, drained_nodes, kept_full, refusals_on
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import LIST_ALL

DRAIN_BLOCKED = Condition(
    code="node.drain-blocked",
    kind="Node",
    nature=Nature.EFFECT,
    title="{subject} cannot be drained: {pods} may not be evicted",
    summary="The API server refuses to evict pods of the node, so the drain repeats and ends in its time limit.",
)


@rule(DRAIN_BLOCKED, rows=("P16", "K3"), among=drained_nodes, symptom=True)
def drain_blocked(
    node: Subject,
    refused: list[Refusal] = given(refusals_on),
    kept: Evidence | None = given(kept_full),
) -> Verdict:
    """The node cannot be drained.

    What it means: The node stays cordoned with the pods on it; whoever wants to update or remove it waits.
    How it shows: kubectl drain prints "error when evicting pods", again and again, until its time limit.
    What looks like it: A cordoned node whose pods a budget keeps, where nothing tells whether anybody drains it: left
    open. Pods that were evicted meanwhile; pods with long grace periods, which are deleted and still end.
    Source: k8s.io/kubectl v0.34.4 pkg/drain/drain.go (evictPods).
    """
    now = [refusal for refusal in refused if not refusal.gone]
    if now:
        stated = sorted(now, key=lambda r: not (r.by_budget or r.several_budgets))
        because = tuple(Evidence(r.fact.at, f"{r.fact.pod}: {r.fact.reason}") for r in stated[:6])
        pods = tuple(dict.fromkeys(r.fact.pod for r in now))
        names = ", ".join(str(pod) for pod in pods[:3]) + (f" and {len(pods) - 3} more" if len(pods) > 3 else "")
        return Present(because, {"pods": names}, affected=pods)
    if refused:
        return Absent(tuple(Evidence(r.fact.at, f"{r.fact.pod} is gone meanwhile") for r in refused[:3]))
    if kept is not None:
        gap = Gap(
            f"whether somebody drains {node.name}, which is cordoned", (LIST_ALL.of(kind="poddisruptionbudgets"),)
        )
        return Unsure((gap,), (kept,))
    return unsure(f"what a drain of {node.name} says", LIST_ALL.of(kind="poddisruptionbudgets"))
