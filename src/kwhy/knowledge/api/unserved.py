"""Kinds and versions that somebody asked for and the API server does not serve."""

from __future__ import annotations

import msgspec

from kwhy.facts.kubectl import KubectlError
from kwhy.facts.log_patterns.transport import NO_SUCH_KIND
from kwhy.facts.logs import LogHit
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.logs import writer_of
from kwhy.scene.scene import Scene

# no matches for kind "Ingress" in version "extensions/v1beta1"
_KIND = expression(
    r"no matches for kind \"(?P<kind>[A-Z]\w{0,62})\" in version \"(?P<version>[a-z0-9.-]{1,253}(?:/v\w{1,30})?)\""
)
# resource mapping not found for name: "web" namespace: "old-charts" from "STDIN": …   (kubectl 1.24 and later)
_NAMED = expression(r"for name: \"(?P<name>[^\"]{0,253})\" namespace: \"(?P<namespace>[^\"]{0,63})\"")
# unable to recognize "web.yaml": no matches for kind …   (kubectl before 1.24)
_FILE = expression(r"unable to recognize \"(?P<file>[^\"]{1,400})\"")


class Unserved(msgspec.Struct, frozen=True):
    """``kind`` in ``version`` was asked for. ``by``: the object that was to be made, or the pod whose program asks."""

    by: Subject
    kind: str
    version: str
    at: Locator
    says: str

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.at, self.says)


def _unserved(scene: Scene) -> dict[Subject, list[Unserved]]:
    index: dict[Subject, list[Unserved]] = {}
    for each in (*_said_to_people(scene), *_logged(scene)):
        index.setdefault(each.by, []).append(each)
    return index


def unserved_for(scene: Scene, subject: Subject) -> list[Unserved]:
    """Kinds that the API server does not know, as kubectl or a program's log says"""
    return scene.derive_once(_unserved).get(subject, [])


def asked_with_kubectl(scene: Scene) -> list[Subject]:
    """Objects that kubectl could not make, because the API server does not know their kind."""
    return list(dict.fromkeys(each.by for each in _said_to_people(scene)))


def _said_to_people(scene: Scene) -> list[Unserved]:
    found = []
    for error in scene.facts(KubectlError):
        match = _KIND.search(error.message)
        if match is None:
            continue
        named, file = _NAMED.search(error.message), _FILE.search(error.message)
        name = named["name"] if named else file["file"] if file else match["kind"]
        subject = Subject(match["kind"], name, (named["namespace"] or None) if named else None)
        found.append(Unserved(subject, match["kind"], match["version"], error.at, error.message))
    return found


def _logged(scene: Scene) -> list[Unserved]:
    return [
        Unserved(writer.subject, hit.key["kind"], hit.key["version"], hit.locate(hit.last), hit.last.excerpt)
        for hit in scene.facts(LogHit)
        if hit.pattern == NO_SUCH_KIND and (writer := writer_of(scene, hit.document)) is not None
    ]


def _asks(scene: Scene, subject: Subject) -> list[Subject]:
    """The object or pod itself, where something says that a kind which it asks for is not served."""
    return [subject] if unserved_for(scene, subject) else []


ASKS_FOR_UNSERVED = Relation("asks for", _asks)
