"""Partial views of one object make one object; views that contradict each other make a question."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.harness.evidence import read_text, together

from kwhy.facts.objects import Listing, ObjectBatch
from kwhy.ingest.reading import Evidence, read_document
from kwhy.model.document import Document
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.time import at
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView, PodView

POD = Subject("Pod", "web-1", "shop")
NODE = Subject("Node", "node-a")


def scene_of(*parts: Evidence) -> Scene:
    evidence = together(*parts)
    return Scene(evidence.documents, evidence.facts)


def pod(source: str, *, captured: float | None = None, uid: str = "", created: str = "", **fields: Any) -> Evidence:
    struct = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "shop"}
        | ({"uid": uid} if uid else {})
        | ({"creationTimestamp": created} if created else {}),
        "spec": fields.get("spec", {"containers": []}),
        "status": fields.get("status", {}),
    }
    document = Document(source, json.dumps(struct).encode())
    if captured is not None:
        document.captured = at(captured)
    return read_document(document)


ROW = b"""$ kubectl get pods -n shop
NAME    READY   STATUS    RESTARTS   AGE
web-1   0/1     Pending   0          8m
"""


def test_what_one_document_does_not_show_another_may() -> None:
    view = PodView(scene_of(pod("pod.json", spec={"nodeName": "node-a"}), read_text("row.txt", ROW)), POD)
    assert view.node_name.value == "node-a"
    assert view.printed("STATUS").value == "Pending"
    assert view.printed("STATUS").place.line == 3


def test_the_newest_dated_view_wins() -> None:
    old = pod("old.json", captured=100.0, status={"phase": "Pending"})
    new = pod("new.json", captured=200.0, status={"phase": "Running"})
    for parts in ((old, new), (new, old)):
        phase = PodView(scene_of(*parts), POD).phase
        assert phase.value == "Running"
        assert phase.place.source == "new.json"


def test_undated_views_that_disagree_leave_the_field_open() -> None:
    scene = scene_of(pod("one.json", status={"phase": "Pending"}), pod("two.json", status={"phase": "Running"}))
    with pytest.raises(NotObserved, match=r"one\.json and two\.json disagree"):
        _ = PodView(scene, POD).phase.value


def test_undated_views_that_agree_are_one() -> None:
    scene = scene_of(pod("one.json", status={"phase": "Pending"}), pod("two.json", status={"phase": "Pending"}))
    assert PodView(scene, POD).phase.value == "Pending"


def test_a_pod_of_the_same_name_and_another_uid_is_another_pod() -> None:
    gone = pod("gone.json", uid="u1", created="2026-11-21T20:00:00Z", status={"phase": "Failed"})
    here = pod("here.json", uid="u2", created="2026-11-21T21:00:00Z", status={"phase": "Running"})
    assert PodView(scene_of(gone, here), POD).phase.value == "Running"


def test_what_no_document_shows_is_not_observed() -> None:
    view = PodView(scene_of(read_text("row.txt", ROW)), POD)
    assert not view.node_name.observed
    with pytest.raises(NotObserved) as missing:
        _ = view.node_name.value
    assert [call.command for call in missing.value.probes] == ["kubectl get pod web-1 -n shop -o yaml"]


def test_a_field_that_a_whole_object_leaves_out_has_its_default() -> None:
    assert PodView(scene_of(pod("pod.json", spec={})), POD).tolerations.value == []


def test_a_condition_that_a_whole_object_leaves_out_is_not_there() -> None:
    conditions = [{"type": "Ready", "status": "True"}]
    view = PodView(scene_of(pod("pod.json", status={"conditions": conditions})), POD)
    assert view.condition("PodScheduled").value is None
    ready = view.condition("Ready")
    assert ready.value is not None
    assert ready.place.path == "status.conditions[0]"


def test_a_row_says_nothing_about_conditions() -> None:
    row = read_text(
        "nodes.txt", b"NAME     STATUS   ROLES    AGE   VERSION\nnode-a   Ready    <none>   21m   v1.34.4\n"
    )
    view = NodeView(scene_of(row), NODE)
    assert not view.condition("DiskPressure").observed


EVENT_ROWS = b"""$ kubectl get events -n shop
LAST SEEN   TYPE      REASON   OBJECT      MESSAGE
30s         Warning   Failed   pod/web-1   Failed to pull image "web:2"
"""
EVENT_OBJECT = json.dumps(
    {
        "apiVersion": "v1",
        "kind": "EventList",
        "metadata": {},
        "items": [
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": "web-1.1", "namespace": "shop"},
                "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1"},
                "reason": "Failed",
                "message": 'Failed to pull image "web:2"',
                "type": "Warning",
                "count": 4,
                "firstTimestamp": "2026-11-21T21:00:00Z",
                "lastTimestamp": "2026-11-21T21:05:00Z",
                "source": {"component": "kubelet", "host": "node-a"},
            }
        ],
    }
).encode()


def test_one_event_in_two_files_is_one_event_with_two_places() -> None:
    scene = scene_of(read_text("events.txt", EVENT_ROWS), read_text("events.json", EVENT_OBJECT))
    [event] = scene.events_about(POD)
    assert event.count == 4
    assert {place.source for place in event.places} == {"events.txt", "events.json"}
    assert event.at.line == 3
    assert event.host == "node-a"
    assert event.warning


def test_events_come_newest_first() -> None:
    later = EVENT_OBJECT.replace(b"Failed to pull", b"Error: pulling").replace(b"21:05:00Z", b"21:06:00Z")
    scene = scene_of(read_text("one.json", EVENT_OBJECT), read_text("two.json", later))
    assert [event.message[:5] for event in scene.events_about(POD)] == ["Error", "Faile"]


def test_only_a_listing_supports_that_there_is_none() -> None:
    listed = scene_of(read_text("row.txt", ROW))
    assert listed.listing("Pod", "shop") is not None
    assert listed.listing("Pod", "other") is None
    lone = scene_of(pod("pod.json"))
    assert lone.listing("Pod", "shop") is None


def test_a_listing_of_all_namespaces_holds_for_each() -> None:
    document = Document("pods.json", b'{"apiVersion":"v1","kind":"PodList","metadata":{},"items":[]}')
    document.command = "kubectl get pods -A -o json"
    evidence = read_document(document)
    assert [listing.namespace for listing in evidence.of(Listing)] == [None]
    assert scene_of(evidence).listing("Pod", "shop") is not None
    assert not any(batch.objects for batch in evidence.of(ObjectBatch))


def test_subjects_without_namespace_stand_before_those_with_one() -> None:
    here, nowhere = Subject("Pod", "a", "shop"), Subject("Pod", "a")
    assert sorted([here, nowhere]) == [nowhere, here]
