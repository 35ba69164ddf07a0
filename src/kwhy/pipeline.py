"""The only place where the parts are composed: sources → evidence → scene → diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import msgspec

from kwhy.facts.collection import Collection, NotRead
from kwhy.facts.expectations import Expectation
from kwhy.ingest.encodings import normalised
from kwhy.ingest.masking import masked, masked_trace
from kwhy.ingest.parsers import expectations
from kwhy.ingest.raw import RawFile
from kwhy.ingest.reading import DocumentCount, Evidence, read, read_further
from kwhy.ingest.refusals import with_refusals
from kwhy.knowledge.catalogue import all_rules
from kwhy.live.options import LiveOptions, is_cluster
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.document import Document, Unparsed
from kwhy.model.inspection import Part, RouteQuestion
from kwhy.model.subject import Subject
from kwhy.model.trace import Trace, TraceQuestion
from kwhy.reasoning.catalogue import Catalogue
from kwhy.reasoning.combining import combined
from kwhy.reasoning.diagnosing import diagnosed, diagnosed_by
from kwhy.reasoning.judging import Judge
from kwhy.reasoning.staging import Judged, staged
from kwhy.reasoning.steering import Question
from kwhy.scene.clusters import clusters_of
from kwhy.scene.scene import Scene
from kwhy.scene.stages import stages_of


@cache
def catalogue() -> Catalogue:
    """Every rule that kwhy has."""
    return Catalogue(all_rules())


def diagnose(
    sources: Sequence[str],
    *,
    as_of: float | None = None,
    about: Subject | None = None,
    symptom: str | None = None,
    progress: Callable[[str], None] | None = None,
    live: LiveOptions | None = None,
    expect: Path | None = None,
) -> Diagnosis:
    """Read the sources and explain what fails in them. A source ``cluster`` or ``cluster:CONTEXT`` is a live cluster.

    ``expect`` is a file of expectations (kwhy.ingest.parsers.expectations).
    Raises :class:`kwhy.ingest.reading.NothingReadable` where no source could be read.
    """
    if any(is_cluster(source) for source in sources):
        evidence = _with_clusters(sources, live or LiveOptions(), Question(about, symptom), progress).evidence
    else:
        evidence = read(sources, progress=progress)
    if expect is not None:
        evidence = _with_expectations(evidence, expect)
    return diagnose_evidence(evidence, as_of=as_of, about=about, symptom=symptom)


def _with_expectations(evidence: Evidence, file: Path) -> Evidence:
    """The evidence with what the file expects beside it: the file itself is no evidence of any host."""
    document = Document(file.name, normalised(file.read_bytes()), format=expectations.FORMAT.name)
    parsed = list(expectations.parse(document))
    expected = [fact for fact in parsed if isinstance(fact, Expectation)]
    unread = tuple(item for item in parsed if isinstance(item, Unparsed))
    count = DocumentCount(document, len(expected), len(unread))
    return msgspec.structs.replace(
        evidence,
        facts={**evidence.facts, Expectation: [*evidence.of(Expectation), *expected]},
        unparsed=(*evidence.unparsed, *unread),
        counts=(*evidence.counts, count),
    )


def collect(
    source: str, *, progress: Callable[[str], None] | None = None, live: LiveOptions | None = None
) -> tuple[RawFile, ...]:
    """The files of a live cluster that a diagnosis of it would read.

    Raises :class:`kwhy.ingest.reading.NothingReadable` where the cluster cannot be read.
    """
    return _with_clusters([source], live or LiveOptions(), Question(None, None), progress).files


class _Gathered(msgspec.Struct, frozen=True):
    """``files``: those of live clusters."""

    evidence: Evidence
    files: tuple[RawFile, ...]


def _with_clusters(
    sources: Sequence[str], live: LiveOptions, question: Question, progress: Callable[[str], None] | None
) -> _Gathered:
    """Objects and the logs of what looks suspicious; then the logs that a first diagnosis of these asks for."""
    from kwhy.live.following import logs_asked_for  # recorded evidence needs none of this
    from kwhy.live.source import Live

    clusters = {source: Live(source, live, progress) for source in sources if is_cluster(source)}
    evidence = read(sources, progress=progress, openers={source: each.first for source, each in clusters.items()})
    scene = Scene(evidence.documents, evidence.facts)
    first = diagnosed(scene, catalogue(), question, evidence.coverage())
    asked = logs_asked_for(first, scene, question.about, question.symptom)
    prefixed = len(sources) > 1
    further = [file for each in clusters.values() for file in each.further(asked, prefixed=prefixed)]
    files = tuple(file for each in clusters.values() for file in each.files)
    return _Gathered(read_further(evidence, further), files)


def diagnose_evidence(
    evidence: Evidence,
    *,
    as_of: float | None = None,
    about: Subject | None = None,
    symptom: str | None = None,
) -> Diagnosis:
    """Explain evidence that was already read."""
    question = Question(about, symptom)
    diagnosis = _staged(evidence, as_of, question) or _by_clusters(evidence, as_of, question)
    return masked(with_refusals(diagnosis, evidence.of(NotRead), evidence.of(Collection)))


def _by_clusters(evidence: Evidence, as_of: float | None, question: Question) -> Diagnosis:
    """Each cluster judged alone; where there is only one, it is all."""
    coverage = evidence.coverage()
    expected = evidence.of(Expectation)
    parts = []
    for cluster in clusters_of(evidence.documents, evidence.facts):
        scene = Scene(cluster.documents, {**cluster.facts, Expectation: expected}, as_of)
        parts.append((cluster.name, diagnosed(scene, catalogue(), question, coverage)))
    return parts[0][1] if len(parts) == 1 else combined(parts, coverage)


def _staged(evidence: Evidence, as_of: float | None, question: Question) -> Diagnosis | None:
    """Each moment judged alone, where the evidence is sorted by moments; None where it is not."""
    stages = stages_of(evidence.documents, evidence.facts)
    if len(stages) < 2:
        return None
    coverage = evidence.coverage()
    expected = evidence.of(Expectation)
    judged = []
    for number, stage in enumerate(stages, 1):
        moment = as_of if number == len(stages) else None
        judge = Judge(Scene(stage.documents, {**stage.facts, Expectation: expected}, moment), catalogue())
        judged.append(Judged(stage.name, stage.when, diagnosed_by(judge, question, coverage), judge))
    return staged(judged, coverage)


def inspect_evidence(evidence: Evidence, most: int | None = None) -> list[Part]:
    """What evidence shows before anything is judged, at most ``most`` rows per part."""
    from kwhy.inspecting.parts import all_parts  # a diagnosis needs none of it

    return all_parts(evidence, Scene(evidence.documents, evidence.facts), most)


def routes_to(evidence: Evidence, question: RouteQuestion) -> list[Part]:
    """Where packets go, by the rules and routes in the evidence, for each host and network namespace that has some.

    Raises ValueError where the question holds something that is no address.
    """
    from kwhy.inspecting.routing import answers

    return answers(Scene(evidence.documents, evidence.facts), question)


def trace(
    sources: Sequence[str], question: TraceQuestion, *, progress: Callable[[str], None] | None = None
) -> tuple[Trace, tuple[str, ...]]:
    """What becomes of a packet, by what the sources show; and what failed inside kwhy on the way there.

    Raises :class:`kwhy.ingest.reading.NothingReadable` where no source could be read.
    """
    from kwhy.knowledge.path.tracing import trace as traced

    if any(is_cluster(source) for source in sources):
        evidence = _with_clusters(sources, LiveOptions(), Question(None, None), progress).evidence
    else:
        evidence = read(sources, progress=progress)
    answer = traced(Scene(evidence.documents, evidence.facts), question)
    return masked_trace(answer), tuple(evidence.coverage().failed_rules)
