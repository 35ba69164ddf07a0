"""Calls rules: computes their inputs, merges the ways of one condition, turns missing evidence into *undetermined*."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable

import msgspec

from kwhy.model.condition import Condition
from kwhy.model.rule import Given, Rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Gap, Present, Unsure, Verdict
from kwhy.reasoning.catalogue import Catalogue
from kwhy.scene.scene import Scene
from kwhy.scene.views import view_of


class Judge:
    """Judges conditions of subjects over one scene, each once. ``failures`` are defects of rules: "rule: error"."""

    def __init__(self, scene: Scene, catalogue: Catalogue) -> None:
        self.scene = scene
        self.catalogue = catalogue
        self.failures: list[str] = []
        self._verdicts: dict[tuple[str, Subject], Verdict] = {}
        self._by_way: dict[tuple[Callable[..., Verdict], Subject], Verdict] = {}

    def verdict(self, condition: Condition, subject: Subject) -> Verdict:
        """Present if any way proves it, else absent if any way refutes it, else undetermined with the gaps of all."""
        key = (condition.code, subject)
        if key not in self._verdicts:
            self._verdicts[key] = _combined([self.by(way, subject) for way in self.catalogue.rules_of(condition)])
        return self._verdicts[key]

    def by(self, way: Rule[...], subject: Subject) -> Verdict:
        """What one way alone says."""
        key = (way.judge, subject)
        if key not in self._by_way:
            self._by_way[key] = self._ask(way, subject)
        return self._by_way[key]

    def among(self, way: Rule[...]) -> list[Subject]:
        """The subjects that a rule judges without being asked; none where enumerating them fails."""
        if way.among is None:
            return []
        try:
            return list(dict.fromkeys(way.among(self.scene)))
        except NotObserved:
            return []
        except Exception as error:  # noqa: BLE001 - a defect of one rule must not end the diagnosis; it is reported
            self._failed(way, error)
            return []

    def _ask(self, way: Rule[...], subject: Subject) -> Verdict:
        try:
            arguments = [self._input(given, subject) for given in _inputs(way.judge)]
            first = subject if _takes_subject(way.judge) else view_of(self.scene, subject)
            return way.judge(first, *arguments)
        except NotObserved as missing:
            return Unsure((Gap(missing.what, missing.probes),))
        except Exception as error:  # noqa: BLE001 - a defect of one rule must not end the diagnosis; it is reported
            self._failed(way, error)
            return Unsure((Gap(f"the rule for {way.condition.code} failed inside kwhy"),))

    def _input(self, given: Given, subject: Subject) -> object:
        return self.scene.derive(given.compute, subject)

    def _failed(self, way: Rule[...], error: Exception) -> None:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{where.filename.rpartition('kwhy/')[2]}:{where.lineno}"
        self.failures.append(f"{way.name}: {type(error).__name__}: {error} ({place})")


def _combined(ways: list[Verdict]) -> Verdict:
    present = [way for way in ways if isinstance(way, Present)]
    if present:
        return _merged(present)
    absent = [way for way in ways if isinstance(way, Absent)]
    if absent:
        return Absent(tuple(evidence for way in absent for evidence in way.because))
    unsure = [way for way in ways if isinstance(way, Unsure)]
    return Unsure(
        tuple(gap for way in unsure for gap in way.gaps),
        tuple(evidence for way in unsure for evidence in way.because),
    )


def _merged(present: list[Present]) -> Present:
    """The first proof with the evidence of the others added."""
    first = present[0]
    if len(present) == 1:
        return first
    because = dict.fromkeys(evidence for way in present for evidence in way.because)
    return msgspec.structs.replace(first, because=tuple(because))


_signatures: dict[Callable[..., Verdict], tuple[tuple[Given, ...], bool]] = {}


def _inputs(judge: Callable[..., Verdict]) -> tuple[Given, ...]:
    return _signature(judge)[0]


def _takes_subject(judge: Callable[..., Verdict]) -> bool:
    return _signature(judge)[1]


def _signature(judge: Callable[..., Verdict]) -> tuple[tuple[Given, ...], bool]:
    """The inputs of a rule, and whether its first parameter is the bare Subject. Read once per process."""
    if judge not in _signatures:
        parameters = list(inspect.signature(judge).parameters.values())
        givens = tuple(p.default for p in parameters[1:] if isinstance(p.default, Given))
        if len(givens) != len(parameters) - 1:
            raise TypeError(f"{judge.__module__}.{judge.__name__}: every parameter after the first needs a given(…)")
        # Compared as written: resolving the annotations of all rules takes longer than judging them.
        _signatures[judge] = (givens, parameters[0].annotation in (Subject, Subject.__name__))
    return _signatures[judge]
