"""Many events of one list are kept undone; what is asked of them is answered as if each were a fact of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kwhy.facts.event_batch import EventBatch
from kwhy.facts.objects import Event
from kwhy.ingest.api.collecting import BATCHED_FROM
from kwhy.ingest.reading import Evidence, read_document
from kwhy.model.document import Document
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

REASONS = ("Scheduled", "Pulled", "Created", "Started", "BackOff")


def event(number: int) -> dict[str, Any]:
    """Recorded shapes: the scheduler's (eventTime), and the kubelet's (firstTimestamp, lastTimestamp, count)."""
    pod, reason = f"web-{number // len(REASONS)}", REASONS[number % len(REASONS)]
    found: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{pod}.{number:016x}", "namespace": "shop"},
        "involvedObject": {"kind": "Pod", "name": pod, "namespace": "shop"},
        "reason": reason,
        "message": f"{reason} {pod}",
        "type": "Warning" if reason == "BackOff" else "Normal",
    }
    minute, second = divmod(number % 3600, 60)
    if reason == "Scheduled":
        stamp = f"2026-11-21T21:{minute:02}:{second:02}.730259Z"
        return found | {"eventTime": stamp, "reportingComponent": "default-scheduler", "lastTimestamp": None}
    stamp = f"2026-11-21T21:{minute:02}:{second:02}Z"
    source = {"component": "kubelet", "host": "node-a"}
    return found | {"firstTimestamp": stamp, "lastTimestamp": stamp, "count": 1 + number % 3, "source": source}


def listed(events: list[dict[str, Any]]) -> Evidence:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": events})
    return read_document(Document("events.json", text.encode(), command="kubectl get events -A -o json"))


def scene_of(*parts: Evidence) -> Scene:
    facts: dict[type, list[Any]] = {}
    for part in parts:
        for kind, same in part.facts.items():
            facts.setdefault(kind, []).extend(same)
    return Scene([document for part in parts for document in part.documents], facts)


EVENTS = [event(number) for number in range(BATCHED_FROM)]


@pytest.fixture(scope="module")
def batched() -> Scene:
    return scene_of(listed(EVENTS))


@pytest.fixture(scope="module")
def single() -> Scene:
    half = len(EVENTS) // 2
    return scene_of(listed(EVENTS[:half]), listed(EVENTS[half:]))


def test_a_long_list_is_kept_as_one_batch(batched: Scene, single: Scene) -> None:
    assert [len(batch) for batch in batched.facts(EventBatch)] == [BATCHED_FROM]
    assert not batched.facts(Event)
    assert len(single.facts(Event)) == BATCHED_FROM


def test_each_event_reads_the_same_in_a_batch_and_alone(batched: Scene, single: Scene) -> None:
    assert set(batched.events) == set(single.events)
    for subject in single.events:
        for one, other in zip(batched.events[subject], single.events[subject], strict=True):
            assert (one.reason, one.message, one.type, one.component, one.host, one.count) == (
                other.reason, other.message, other.type, other.component, other.host, other.count
            )  # fmt: skip
            assert (one.first, one.last) == (other.first, other.last)
            assert one.at.excerpt == other.at.excerpt


def test_events_of_a_batch_say_where_they_stand(batched: Scene) -> None:
    (merged,) = [e for e in batched.events_about(Subject("Pod", "web-1", "shop")) if e.reason == "Scheduled"]
    assert merged.at.path == "items[5]"


def test_questions_about_all_events_have_the_same_answers(batched: Scene, single: Scene) -> None:
    for scene in (batched, single):
        assert len(scene.events.of_kinds("Pod")) == BATCHED_FROM // len(REASONS)
        assert scene.events.of_kinds("Node") == []
        assert len(scene.events.with_reason("BackOff", "Pulled")) == BATCHED_FROM // len(REASONS)
        assert scene.events.with_reason("Evicted") == []
        assert set(scene.events.reporters()) == {"default-scheduler", "kubelet"}
    assert batched.as_of == single.as_of


def test_equal_events_of_a_batch_and_of_another_document_are_one() -> None:
    both = scene_of(listed(EVENTS), listed(EVENTS[:5]))
    merged = both.events_about(Subject("Pod", "web-0", "shop"))
    assert [len(event.places) for event in merged] == [2] * len(REASONS)


def test_nothing_is_known_about_what_no_event_regards(batched: Scene) -> None:
    nobody = Subject("Pod", "nobody", "shop")
    assert list(batched.events_about(nobody)) == []
    assert nobody not in batched.events


def test_secrets_in_messages_are_masked_where_they_are_quoted() -> None:
    leaking = event(0) | {"message": "pull failed: Authorization: Bearer abcdefghijklmnop"}
    scene = scene_of(listed([leaking, *EVENTS[1:]]))
    (merged,) = [e for e in scene.events_about(Subject("Pod", "web-0", "shop")) if e.reason == "Scheduled"]
    assert "abcdefghijklmnop" not in merged.at.excerpt
