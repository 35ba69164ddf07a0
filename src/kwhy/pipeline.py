"""The only place where the parts are composed: sources → evidence → scene → diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from kwhy.ingest.masking import masked
from kwhy.ingest.reading import Evidence, read
from kwhy.knowledge.catalogue import all_rules
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.inspection import Part, RouteQuestion
from kwhy.model.subject import Subject
from kwhy.reasoning.catalogue import Catalogue
from kwhy.reasoning.diagnosing import diagnosed
from kwhy.reasoning.steering import Question
from kwhy.scene.scene import Scene


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
) -> Diagnosis:
    """Read the sources and explain what fails in them.

    Raises :class:`kwhy.ingest.reading.NothingReadable` where no source could be read.
    """
    evidence = read(sources, progress=progress)
    return diagnose_evidence(evidence, as_of=as_of, about=about, symptom=symptom)


def diagnose_evidence(
    evidence: Evidence,
    *,
    as_of: float | None = None,
    about: Subject | None = None,
    symptom: str | None = None,
) -> Diagnosis:
    """Explain evidence that was already read."""
    scene = Scene(evidence.documents, evidence.facts, as_of)
    return masked(diagnosed(scene, catalogue(), Question(about, symptom), evidence.coverage()))


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
