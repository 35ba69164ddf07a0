"""A first diagnosis names the logs that the second round reads."""

from __future__ import annotations

import json

import pytest
from tests.live.recorded_api import recorded

from kwhy.ingest.raw import RawFile
from kwhy.ingest.reading import read
from kwhy.live.following import logs_asked_for
from kwhy.live.logs import Log
from kwhy.model.condition import Condition, Nature
from kwhy.model.diagnosis import Coverage, Diagnosis, Finding, Undetermined
from kwhy.model.subject import Subject
from kwhy.model.verdict import Gap
from kwhy.probes.kubectl import LOGS, PREVIOUS_LOGS
from kwhy.scene.scene import Scene

CONDITION = Condition("app.errors", "Pod", Nature.EFFECT, "{subject} logs errors", "…")


@pytest.fixture(scope="module")
def scene() -> Scene:
    """The pods of the recorded cluster."""
    answer = recorded()["admin", "/api/v1/pods", (("limit", "500"),)]
    evidence = read(["x"], openers={"x": lambda: iter([RawFile("api/v1/pods.json", answer.body)])})
    return Scene(evidence.documents, evidence.facts)


@pytest.fixture(scope="module")
def shop() -> str:
    items = json.loads(recorded()["admin", "/api/v1/pods", (("limit", "500"),)].body)["items"]
    return next(str(item["metadata"]["name"]) for item in items if item["metadata"]["namespace"] == "shop")


def diagnosis(*gaps: Gap, symptom: bool = True) -> Diagnosis:
    finding = Finding("f1", CONDITION, Subject("Pod", "x", "y"), "…", (), symptom=symptom)
    undetermined = (Undetermined(CONDITION, Subject("Pod", "x", "y"), gaps),)
    return Diagnosis(None, "unexplained", (), (finding,), (), (), (), undetermined, (), (), (), Coverage())


def test_what_could_not_be_decided_names_the_logs_to_read(scene: Scene, shop: str) -> None:
    probes = (LOGS.of(name=shop, namespace="shop"), PREVIOUS_LOGS.of(name=shop, namespace="shop"))
    asked = logs_asked_for(diagnosis(Gap("what it says", probes)), scene)
    container = asked[0].container
    assert asked == tuple(Log("shop", shop, container, previous, node="node-a") for previous in (False, True))


def test_logs_of_pods_that_are_not_there_are_not_asked_for(scene: Scene) -> None:
    gap = Gap("what it says", (LOGS.of(name="gone", namespace="shop"), LOGS.of(namespace="shop")))
    assert logs_asked_for(diagnosis(gap), scene) == ()


@pytest.mark.parametrize("symptom", ["the shop is slow", "SHOP 很慢", "errors in namespace shop."])
def test_the_words_of_a_symptom_name_namespaces(scene: Scene, symptom: str) -> None:
    assert {log.namespace for log in logs_asked_for(diagnosis(), scene, symptom=symptom)} == {"shop"}


def test_the_object_in_question_is_read(scene: Scene, shop: str) -> None:
    asked = logs_asked_for(diagnosis(), scene, about=Subject("Pod", shop, "shop"))
    assert {(log.namespace, log.pod) for log in asked} == {("shop", shop)}


def test_where_nothing_fails_what_runs_is_read(scene: Scene) -> None:
    quiet = logs_asked_for(diagnosis(symptom=False), scene)
    assert {"shop", "kube-system", "np-open"} <= {log.namespace for log in quiet}
