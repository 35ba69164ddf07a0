# ruff: noqa: E501 - a line as it was pasted
"""A describe cut down to its events is about the object that its command names."""

from __future__ import annotations

from kwhy.facts.objects import Event
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document
from kwhy.model.subject import Subject

# devopsaitoolkit.com, "node(s) had untolerated taint", quoted with the gaps that the page collapsed
PASTED = """$ kubectl describe pod web-7c9d8f5b6-2xk4q | grep -A5 Events
Events:
Type Reason Age From Message
---- ------ ---- ---- -------
Warning FailedScheduling 2m default-scheduler 0/4 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 3 node(s) didn't match Pod's node affinity/selector. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.
"""


def about(text: str) -> set[Subject]:
    events = read_document(Document("paste.txt", text.encode())).facts.get(Event, ())
    return {event.about for event in events if isinstance(event, Event)}


def test_the_command_says_whose_events_they_are() -> None:
    assert about(PASTED) == {Subject("Pod", "web-7c9d8f5b6-2xk4q")}


def test_the_namespace_of_the_command_counts() -> None:
    assert about(PASTED.replace(" | grep", " -n shop | grep")) == {Subject("Pod", "web-7c9d8f5b6-2xk4q", "shop")}


def test_events_of_several_pods_are_nobodys() -> None:
    assert about(PASTED.replace("pod web-7c9d8f5b6-2xk4q", "pods")) == {Subject("Unknown", "")}
