"""What the programs behind a Service are told in their commands and mounted files."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from kwhy.facts.objects import Pod
from kwhy.knowledge.dependency.settings import settings_of
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.scene.relations import owner_of, pods_selected
from kwhy.scene.scene import Scene


class Told(msgspec.Struct, frozen=True):
    """Words that match, the object in which they stand, and where. ``value`` is the expression's group of that name."""

    words: str
    value: str | None
    source: Subject
    at: Locator


def told(scene: Scene, service: Subject, pattern: re.Pattern[str]) -> Told | None:
    """The first match in the commands, arguments and files of the pods that the Service selects."""
    for pod in pods_selected(scene, service):
        for text, source, at in _texts(scene, pod):
            found = pattern.search(text)
            if found is not None:
                value = found.groupdict().get("value")
                return Told(found[0].strip(), value, source, at.document.at(at.line, at.path, found[0].strip()))
    return None


def _texts(scene: Scene, pod: Subject) -> Iterator[tuple[str, Subject, Locator]]:
    owner = owner_of(scene, pod)
    for observation in scene.observations(pod):
        struct = observation.object
        if not isinstance(struct, Pod) or not isinstance(struct.spec.containers, list):
            continue
        for index, container in enumerate(struct.spec.containers):
            for field, words in (("args", container.args), ("command", container.command)):
                if isinstance(words, list) and words:
                    text = " ".join(words)
                    yield text, owner, observation.field_at(f"spec.containers[{index}].{field}", text)
        break
    for setting in scene.derive(settings_of, pod):
        if setting.file and setting.value:
            yield setting.value, setting.source, setting.at
