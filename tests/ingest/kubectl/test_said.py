"""Sentences of kubectl: rollouts, permissions, versions."""

# ruff: noqa: E501 - tables are as wide as kubectl prints them

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts import objects as api
from kwhy.facts.kubectl import Permission, ServerVersion
from kwhy.facts.objects import ApiObject, Observation
from kwhy.ingest.kubectl.said import parse
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document, Unparsed

#: k8s.io/kubectl v0.34.4 pkg/polymorphichelpers/rollout_status.go
STUCK = """Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated...
Waiting for deployment "web" rollout to finish: 0 of 3 updated replicas are available...
"""
#: kubectl 1.33.1 against a stub of the API server.
VERSION = """Client Version: v1.33.1
Kustomize Version: v5.6.0
Server Version: v1.34.4
"""
#: kubectl 1.18 (pkg/cmd/version/version.go of that version).
OLD_VERSION = """Client Version: version.Info{Major:"1", Minor:"18", GitVersion:"v1.18.20", GitCommit:"1f3e19b", Compiler:"gc"}
Server Version: version.Info{Major:"1", Minor:"18", GitVersion:"v1.18.20", GitCommit:"1f3e19b", Compiler:"gc"}
"""
#: kubectl 1.33.1 against the same stub, shortened.
RESOURCES = """NAME                              SHORTNAMES   APIVERSION                        NAMESPACED   KIND
configmaps                                     v1                                true         ConfigMap
nodes                             no           v1                                false        Node
widgets                                        example.com/v1                    true         Widget
"""


def read(text: str, command: str | None = None) -> list[object]:
    return list(parse(Document("said.txt", text.encode(), command=command)))


def lone(text: str, command: str) -> ApiObject:
    (fact,) = (fact for fact in read(text, command) if isinstance(fact, Observation))
    return fact.object


def test_the_last_word_about_a_rollout_counts() -> None:
    web = lone(STUCK, "kubectl rollout status deployment/web -n shop")
    assert isinstance(web, api.Deployment)
    assert web.metadata.namespace == "shop"
    assert (web.status.updated_replicas, web.status.available_replicas) == (3, 0)


def test_a_rollout_that_is_given_up_shows_its_condition() -> None:
    web = lone('error: deployment "web" exceeded its progress deadline\n', "kubectl rollout status deploy web -n shop")
    assert isinstance(web, api.Deployment)
    assert isinstance(web.status.conditions, list)
    assert [(c.type, c.status, c.reason) for c in web.status.conditions] == [
        ("Progressing", "False", "ProgressDeadlineExceeded")
    ]


@pytest.mark.parametrize("text", [VERSION, OLD_VERSION])
def test_the_servers_version_is_read(text: str) -> None:
    (version,) = (fact for fact in read(text) if isinstance(fact, ServerVersion))
    assert version.version in ("v1.34.4", "v1.18.20")


def test_a_refused_permission_says_of_whom_and_what() -> None:
    command = "kubectl auth can-i list secrets --as=system:serviceaccount:operator:widget-operator -n operator"
    (permission,) = (fact for fact in read("no\n", command) if isinstance(fact, Permission))
    assert not permission.allowed
    assert (permission.verb, permission.resource, permission.namespace) == ("list", "secrets", "operator")
    assert permission.who == "system:serviceaccount:operator:widget-operator"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (STUCK, None),
        (VERSION, None),
        (OLD_VERSION, "kubectl version"),
        (RESOURCES, None),
        ("yes\n", "kubectl auth can-i get pods"),
        ("Kubernetes control plane is running at https://127.0.0.1:6443\n", None),
        ("deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n", "kubectl rollout history deploy web"),
        ("Resources   Non-Resource URLs   Resource Names   Verbs\npods        []                  []               [get list]\n            [/healthz]          []               [get]\n", "kubectl auth can-i --list"),
    ],
)  # fmt: skip
def test_all_of_it_is_recognised_and_understood(text: str, command: str | None) -> None:
    document = Document("said.txt", text.encode(), command=command)
    evidence = read_document(document)
    assert document.format == "kubectl-said"
    assert evidence.unparsed == ()


def test_an_unknown_sentence_is_told() -> None:
    facts = read(STUCK + "Something else happened here\n", "kubectl rollout status deployment/web")
    assert [fact.at.line for fact in facts if isinstance(fact, Unparsed)] == [3]


@given(st.text(max_size=300), st.sampled_from([None, "kubectl rollout status deploy/web", "kubectl auth can-i get po"]))
def test_any_text_is_read_without_complaint(text: str, command: str | None) -> None:
    read(text, command)
