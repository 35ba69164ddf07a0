"""Whose logs the evidence holds."""

from __future__ import annotations

from kwhy.facts.logs import LogFile, PodHint
from kwhy.model.document import Document
from kwhy.scene.scene import Scene


def writer_of(scene: Scene, document: Document) -> PodHint | None:
    """The container whose log the document is; None where it is no container's, or nothing tells."""
    return scene.derive_once(_writers).get(id(document))


def _writers(scene: Scene) -> dict[int, PodHint]:
    return {id(log.document): log.pod for log in scene.facts(LogFile) if log.pod is not None}
