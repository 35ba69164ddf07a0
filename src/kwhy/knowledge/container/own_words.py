"""What a container's log says last of its own ports, files and configuration."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.log_patterns.own_container import PATHS, SHELL_REFUSED
from kwhy.facts.logs import LogFile, LogHit, LogPattern, PodHint
from kwhy.knowledge.app.errors import errors_of, lasting
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

#: A program that ends because of an error says so within its last lines; a stack trace may follow.
LAST_LINES = 60


class OwnWord(msgspec.Struct, frozen=True):
    """A line near the end of a container's log. ``container`` is None where the log does not say whose it is."""

    hit: LogHit
    hint: PodHint

    @property
    def container(self) -> str | None:
        return self.hint.container

    @property
    def text(self) -> str:
        return self.hit.last.excerpt

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.hit.locate(self.hit.last), f"the log says: {self.text}")

    @property
    def path(self) -> str | None:
        """The path that the line names."""
        return next((self.hit.key[name] for name in PATHS if self.hit.key.get(name)), None)


def last_words(scene: Scene, pod: Subject, pattern: LogPattern, container: str | None = None) -> list[OwnWord]:
    """The lines of a pattern among the last ones of the pod's logs, newest first."""
    found = scene.derive_once(_by_pod).get((pod.namespace or "", pod.name), [])
    own = [w for w in found if w.hit.pattern == pattern and (container is None or w.container in (None, container))]
    return sorted(own, key=lambda word: -(word.hit.last.when.latest or 0.0))


def _by_pod(scene: Scene) -> dict[tuple[str, str], list[OwnWord]]:
    logs = {id(log.document): log for log in scene.facts(LogFile) if log.pod is not None}
    index: dict[tuple[str, str], list[OwnWord]] = {}
    for hit in scene.facts(LogHit):
        log = logs.get(id(hit.document))
        if log is None or log.pod is None or not hit.pattern.id.startswith("own-container."):
            continue
        if log.document.first_line + log.lines - hit.last.line <= LAST_LINES:
            index.setdefault((log.pod.namespace or "", log.pod.pod), []).append(OwnWord(hit, log.pod))
    return index


def complains_only_of(*patterns: LogPattern) -> Relation:
    """The pod itself, where every error that its log still complains of is one of these lines."""

    def find(scene: Scene, pod: Subject) -> Iterable[Subject]:
        lines = {
            (id(word.hit.document), sample.line)
            for pattern in patterns
            for word in last_words(scene, pod, pattern)
            for sample in word.hit.samples
        }
        errors = [error for error in errors_of(scene, pod) if lasting(error)]
        if errors and all((id(error.document), error.last.line) in lines for error in errors):
            yield pod

    return Relation("complains of it only", find)


def shell_words(scene: Scene, pod: Subject, container: str, why: str) -> OwnWord | None:
    """The last line in which a shell says that it cannot run a command for this reason."""
    words = last_words(scene, pod, SHELL_REFUSED, container)
    return next((word for word in words if why in word.hit.key.get("why", "")), None)
