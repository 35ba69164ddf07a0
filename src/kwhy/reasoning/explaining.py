"""From a trace to ranked explanations.

Roots are the present, root-capable conditions with no present cause and a path to a symptom: all of them, since faults
come in series. A path over an undetermined condition counts only for a root that was found without being asked (a hung
process, a capture), and lowers its confidence. Where no root explains a symptom, the deepest present effect below it is
its frontier: "proven down to here".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from kwhy.model.condition import Nature
from kwhy.model.verdict import Basis, Present
from kwhy.reasoning.steering import IRRELEVANT, Relevance
from kwhy.reasoning.tracing import Edge, Node, Trace

#: Share of reported causes that were right, pooled by what the verdict rests on. See docs/confidence.md for the count.
POOLED = {Basis.STATED: 0.95, Basis.RECOMPUTED: 0.95, Basis.INFERRED: 0.8}
#: Factor for a chain that crosses evidence that is missing, and for a host that was assumed.
OPEN_CHAIN = 0.75
ASSUMED_HOST = 0.95
#: Factor for "proven down to here": the finding is right, that it is the object to fix is not known.
FRONTIER = 0.5


class Explanation(msgspec.Struct, frozen=True):
    """A root or a frontier, the symptoms it accounts for, and the chain up to the farthest of them.

    ``relevance``: how well it, or what it leads to, fits the words that were asked.
    """

    node: Node
    is_root: bool
    symptoms: tuple[Node, ...]
    chain: tuple[Edge, ...]
    open: bool
    confidence: float
    relevance: Relevance = IRRELEVANT


def explanations(
    found: Trace, assumed_host: Iterable[Node] = (), relevant: Mapping[Node, Relevance] | None = None
) -> list[Explanation]:
    """Roots first by relevance, symptoms accounted for and confidence, then frontiers of what no root explains."""
    assumed = set(assumed_host)
    proven = {symptom: _reach(found, symptom, across_gaps=False) for symptom in found.symptoms}
    wide = {symptom: _reach(found, symptom, across_gaps=True) for symptom in found.symptoms}
    below = _symptoms_by_cause(proven)
    below_wide = _symptoms_by_cause(wide)
    roots: dict[Node, Explanation] = {}
    for node in sorted(found.present, key=_key):
        if node.condition.nature is not Nature.ROOT or _has_present_cause(found, node):
            continue
        held = below.get(node, [])
        is_open = not held and node in found.forward
        accounted = held or (below_wide.get(node, []) if is_open else [])
        if accounted:
            reach = wide if is_open else proven
            roots[node] = _explanation(found, node, accounted, reach, is_root=True, is_open=is_open, assumed=assumed)
    explained = {symptom for root in roots.values() for symptom in root.symptoms}
    frontiers: dict[Node, list[Node]] = {}
    for symptom in found.symptoms - explained:
        for node in _deepest(found, symptom, proven[symptom]):
            frontiers.setdefault(node, []).append(symptom)
    rest = [
        _explanation(found, node, symptoms, proven, is_root=False, is_open=False, assumed=assumed)
        for node, symptoms in frontiers.items()
    ]
    fits = relevant or {}
    return [
        explanation
        for group in (roots.values(), rest)
        for explanation in sorted((_with_relevance(e, fits) for e in group), key=_rank)
    ]


def _with_relevance(explanation: Explanation, relevant: Mapping[Node, Relevance]) -> Explanation:
    """What fits on the way from the explanation to what it accounts for."""
    steps = [explanation.node, *explanation.symptoms, *(edge.effect for edge in explanation.chain)]
    scores = [relevant.get(step, IRRELEVANT) for step in steps]
    terms = frozenset(term for score in scores for term in score.terms)
    best = Relevance(max(score.named for score in scores), terms, scores[0].terms)
    return msgspec.structs.replace(explanation, relevance=best)


def _symptoms_by_cause(reach: dict[Node, dict[Node, Edge | None]]) -> dict[Node, list[Node]]:
    """The symptoms above each node."""
    above: dict[Node, list[Node]] = {}
    for symptom, causes in reach.items():
        for cause in causes:
            above.setdefault(cause, []).append(symptom)
    return above


def _key(node: Node) -> tuple[str, str]:
    return (node.condition.code, str(node.subject))


def _rank(explanation: Explanation) -> tuple[tuple[int, int, int], int, float, int, tuple[str, str]]:
    """What was asked first, then more symptoms, surer, the deeper chain; the last key makes the order deterministic."""
    return (
        explanation.relevance.rank,
        -len(explanation.symptoms),
        -explanation.confidence,
        -len(explanation.chain),
        _key(explanation.node),
    )


def _has_present_cause(found: Trace, node: Node) -> bool:
    """Whether a present condition outside the node's own cycle explains it."""
    causes = [
        edge.cause for edge in found.causes.get(node, ()) if edge.cause in found.present and not edge.lead.worsens
    ]
    return any(node not in _reach(found, cause, across_gaps=False) for cause in causes)


def _reach(found: Trace, start: Node, *, across_gaps: bool) -> dict[Node, Edge | None]:
    """Every cause below ``start``, each with the last edge of the longest chain that leads there.

    Of several ways from a cause to its effect the one with most proven steps tells most.
    """
    order: list[Node] = []
    entered: dict[Node, bool] = {}
    stack: list[tuple[Node, bool]] = [(start, False)]
    while stack:
        node, left = stack.pop()
        if left:
            order.append(node)
            continue
        if node in entered:
            continue
        entered[node] = True
        stack.append((node, True))
        stack += [(edge.cause, False) for edge in _edges_below(found, node, across_gaps) if edge.cause not in entered]
    # Reversed post-order is topological but for back edges; those (cycles) are skipped by rank.
    rank = {node: position for position, node in enumerate(reversed(order))}
    depth: dict[Node, int] = {start: 0}
    reached: dict[Node, Edge | None] = {start: None}
    for node in reversed(order):
        for edge in _edges_below(found, node, across_gaps):
            if rank[edge.cause] > rank[node] and depth.get(edge.cause, -1) < depth[node] + 1:
                depth[edge.cause] = depth[node] + 1
                reached[edge.cause] = edge
    return reached


def _edges_below(found: Trace, node: Node, across_gaps: bool) -> list[Edge]:
    edges = found.causes.get(node, ())
    return [e for e in edges if not e.lead.worsens and (across_gaps or e.cause in found.present)]


def _deepest(found: Trace, symptom: Node, reach: dict[Node, Edge | None]) -> list[Node]:
    """The present nodes below a symptom without a present cause of their own."""
    return [node for node in reach if node in found.present and not _has_present_cause(found, node)] or [symptom]


def _explanation(
    found: Trace,
    node: Node,
    symptoms: list[Node],
    reach: dict[Node, dict[Node, Edge | None]],
    *,
    is_root: bool,
    is_open: bool,
    assumed: set[Node],
) -> Explanation:
    chains = {symptom: _chain(reach[symptom], node) for symptom in symptoms}
    symptoms = sorted(symptoms, key=lambda s: (-len(chains[s]), _key(s)))
    chain = chains[symptoms[0]]
    steps = [node, *(edge.effect for edge in chain)]
    return Explanation(
        node=node,
        is_root=is_root,
        symptoms=tuple(symptoms),
        chain=tuple(chain),
        open=is_open,
        confidence=_confidence(found, steps, is_root=is_root, is_open=is_open, assumed=assumed),
    )


def _chain(reach: dict[Node, Edge | None], node: Node) -> list[Edge]:
    """The edges from ``node`` up to the symptom."""
    chain = []
    edge = reach[node]
    while edge is not None:
        chain.append(edge)
        edge = reach[edge.effect]
    return chain


def _confidence(found: Trace, steps: list[Node], *, is_root: bool, is_open: bool, assumed: set[Node]) -> float:
    verdicts: list[Present] = [found.present[step] for step in steps if step in found.present]
    confidence = min(POOLED[verdict.basis] for verdict in verdicts)
    if is_open:
        confidence *= OPEN_CHAIN
    if assumed.intersection(steps):
        confidence *= ASSUMED_HOST
    if not is_root:
        confidence *= FRONTIER
    return round(confidence, 2)
