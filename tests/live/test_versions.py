"""Old and new clusters serve kinds in different versions; the best that both sides know is read."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec

from kwhy.ingest.manifest import Manifest
from kwhy.live.answers import JSON, Answer, Contents, Failure, Why
from kwhy.live.cluster import Reading
from kwhy.live.connecting import Connection


class Served:
    """A server of which only the paths matter: every list that it serves is empty."""

    clock = "2026-11-22T02:25:38Z"

    def __init__(
        self, groups: Mapping[str, tuple[str, ...]], missing: tuple[str, ...] = (), forbidden: tuple[str, ...] = ()
    ) -> None:
        self._groups = groups
        self._missing = missing
        self._forbidden = forbidden

    def get(self, path: str, query: Mapping[str, str], *, accept: str = JSON, of_node: bool = False) -> Answer:
        if path == "apis":
            groups = [{"name": n, "versions": [{"version": v} for v in vs]} for n, vs in self._groups.items() if n]
            return Contents(json.dumps({"groups": groups}).encode()) if groups else Failure(Why.FORBIDDEN, "no")
        if path in self._missing:
            return Failure(Why.NOT_SERVED, "the server could not find the requested resource")
        if path in self._forbidden:
            return Failure(Why.FORBIDDEN, f"{path} is forbidden")
        kind = "PodList" if path.endswith("pods") else "ThingList"
        return Contents(json.dumps({"kind": kind, "apiVersion": "v1", "metadata": {}, "items": []}).encode())

    def give_up(self, says: str) -> None:
        raise AssertionError(says)


def read(server: Served) -> set[str]:
    return {file.source for file in Reading(Connection(server, "default", "")).objects()}


def test_kubernetes_1_20_gives_its_beta_versions() -> None:
    groups = {
        "apps": ("v1",),
        "batch": ("v1", "v1beta1"),
        "discovery.k8s.io": ("v1beta1",),
        "policy": ("v1beta1",),
        "autoscaling": ("v1", "v2beta1", "v2beta2"),
        "networking.k8s.io": ("v1", "v1beta1"),
    }
    documents = read(Served(groups, missing=("apis/batch/v1/cronjobs",)))
    assert {
        "apis/discovery.k8s.io/v1beta1/endpointslices.json",
        "apis/policy/v1beta1/poddisruptionbudgets.json",
        "apis/autoscaling/v2beta2/horizontalpodautoscalers.json",
        "apis/batch/v1/jobs.json",
        "apis/batch/v1beta1/cronjobs.json",
        "apis/networking.k8s.io/v1/ingresses.json",
        "api/v1/pods.json",
    } <= documents


def test_a_group_that_is_not_served_is_not_asked_for() -> None:
    documents = read(Served({"apps": ("v1",)}))
    assert not [document for document in documents if document.startswith("apis/") and "apps" not in document]


def test_where_the_groups_may_not_be_seen_every_version_is_tried() -> None:
    documents = read(Served({}, missing=("apis/discovery.k8s.io/v1/endpointslices",)))
    assert "apis/discovery.k8s.io/v1beta1/endpointslices.json" in documents
    assert "apis/policy/v1/poddisruptionbudgets.json" in documents


def test_what_may_be_listed_at_home_only_is_listed_there() -> None:
    forbidden = ("api/v1/secrets", "api/v1/configmaps", "api/v1/namespaces/home/configmaps", "api/v1/nodes")
    reading = Reading(Connection(Served({"apps": ("v1",)}, forbidden=forbidden), "home", ""))
    documents = {file.source for file in reading.objects()}
    assert "api/v1/pods.json" in documents
    assert "api/v1/namespaces/home/secrets.json" in documents
    assert not any("configmaps" in document for document in documents)
    manifest = msgspec.json.decode(bytes(reading.account().data), type=Manifest)
    refused = [(refusal.resource, refusal.namespace) for refusal in manifest.not_read]
    assert refused == [("configmaps", None), ("nodes", None), ("secrets", None)]
