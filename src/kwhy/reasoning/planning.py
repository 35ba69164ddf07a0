"""What to run next, and which guesses are open."""

from __future__ import annotations

from collections import defaultdict

from kwhy.model.condition import Nature
from kwhy.model.diagnosis import Hypothesis, NextStep
from kwhy.model.probe import ProbeCall
from kwhy.reasoning.explaining import Explanation
from kwhy.reasoning.tracing import Node, Trace

#: More steps than this help nobody at night.
MAX_STEPS = 5
_RISKS = {"none": 0, "low": 1, "medium": 2, "high": 3}


def open_causes(found: Trace, unexplained: set[Node]) -> dict[Node, set[Node]]:
    """Undetermined conditions below unexplained symptoms, nearest first, with the symptoms each would account for."""
    accounts: dict[Node, set[Node]] = {}
    for symptom in sorted(unexplained, key=lambda n: (n.condition.code, n.subject)):
        queue, seen = [symptom], {symptom}
        for node in queue:
            for edge in found.causes.get(node, ()):
                if edge.cause in seen or edge.lead.worsens:
                    continue
                seen.add(edge.cause)
                queue.append(edge.cause)
                if edge.cause in found.unsure:
                    accounts.setdefault(edge.cause, set()).add(symptom)
    return accounts


def smallest_sets(accounts: dict[Node, set[Node]], ids: dict[Node, str]) -> list[Hypothesis]:
    """Single undetermined roots that would account for most; where none accounts for all, greedy pairs are left out."""
    roots = {node: symptoms for node, symptoms in accounts.items() if node.condition.nature is Nature.ROOT}
    most = max((len(symptoms) for symptoms in roots.values()), default=0)
    return [
        Hypothesis(((node.condition, node.subject),), tuple(sorted({ids[s] for s in symptoms})))
        for node, symptoms in sorted(roots.items(), key=lambda item: (item[0].condition.code, item[0].subject))
        if len(symptoms) == most
    ]


def next_steps(found: Trace, accounts: dict[Node, set[Node]], explanations: list[Explanation]) -> list[NextStep]:
    """Probes by how many open conditions their answer decides, nearest to the proven end of the chain first."""
    decided: dict[ProbeCall, list[Node]] = defaultdict(list)
    for node in accounts:
        for gap in found.unsure[node].gaps:
            for call in gap.probes:
                if node not in decided[call]:
                    decided[call].append(node)
    nearest = distance_below(found, [e.node for e in explanations if not e.is_root])

    def worth(call: ProbeCall) -> tuple[int, int, int, str]:
        nodes = decided[call]
        return (
            min(nearest.get(node, 99) for node in nodes),
            _RISKS[call.probe.risk],
            -len({node.condition.code for node in nodes}),
            call.command,
        )

    steps = []
    for call in sorted(decided, key=worth)[:MAX_STEPS]:
        codes = tuple(sorted({node.condition.code for node in decided[call]}))
        steps.append(
            NextStep(call.command, call.where, f"shows {call.unlocks}", codes, call.probe.cost, call.probe.risk)
        )
    return steps


def distance_below(found: Trace, starts: list[Node]) -> dict[Node, int]:
    """How many steps each possible cause lies below the nearest of ``starts``."""
    distance = dict.fromkeys(starts, 0)
    queue = list(starts)
    for node in queue:
        for edge in found.causes.get(node, ()):
            if edge.cause not in distance:
                distance[edge.cause] = distance[node] + 1
                queue.append(edge.cause)
    return distance
