"""That the API server does not find an object proves that it is not there, and nothing about others."""

from __future__ import annotations

from kwhy.ingest.reading import read_document
from kwhy.model.document import Document
from kwhy.scene.scene import Scene

#: `kubectl get cm mailer-config -n mailer`, kubectl 1.34 (NewNotFound, k8s.io/apimachinery pkg/api/errors/errors.go).
SESSION = """$ kubectl get cm mailer-config -n mailer
Error from server (NotFound): configmaps "mailer-config" not found
"""


def scene() -> Scene:
    evidence = read_document(Document("session.txt", SESSION.encode()))
    return Scene(evidence.documents, evidence.facts)


def test_an_object_that_is_not_found_counts_as_looked_for() -> None:
    listing = scene().listing("ConfigMap", "mailer", "mailer-config")
    assert listing is not None
    assert listing.at.line == 2


def test_other_names_namespaces_and_kinds_stay_open() -> None:
    shown = scene()
    assert shown.listing("ConfigMap", "mailer") is None
    assert shown.listing("ConfigMap", "mailer", "other") is None
    assert shown.listing("ConfigMap", "shop", "mailer-config") is None
    assert shown.listing("Secret", "mailer", "mailer-config") is None
