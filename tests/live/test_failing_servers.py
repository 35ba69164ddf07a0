"""A server that refuses, stalls, breaks off or dies: what was read is kept, and nothing is concluded from the rest."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.live.recorded_api import (
    FIXTURES,
    Fault,
    RecordedApi,
    answered,
    as_caller,
    cut_short,
    dies,
    direct,
    expired,
    garbage,
    half_closed,
    slow,
    status,
)

from kwhy.facts.objects import Listing, ObjectBatch
from kwhy.ingest.raw import RawFile
from kwhy.ingest.reading import Evidence, NothingReadable, read
from kwhy.live.answers import Contents, Failure, Why
from kwhy.live.cluster import WORKERS
from kwhy.live.listing import ReadSoFar, read_list
from kwhy.live.options import LiveOptions
from kwhy.live.resources import Resource, resources
from kwhy.live.server import MOST_PATIENCE
from kwhy.pipeline import collect, diagnose

PODS_PATH = "/api/v1/pods"
PODS: Resource = next(each for each in resources() if each.kind == "Pod")
DEPLOYMENTS: Resource = next(each for each in resources() if each.kind == "Deployment")


def listed(api: RecordedApi, page: int | None = None) -> ReadSoFar:
    return read_list(direct(api), "api/v1/pods", PODS, page=page)


def names(listing: ReadSoFar) -> list[str]:
    assert listing.data is not None
    return [item["metadata"]["name"] for item in json.loads(bytes(listing.data))["items"]]


def test_all_pages_together_are_the_list(api: RecordedApi) -> None:
    whole, paged = listed(api), listed(api, page=5)
    assert api.paths().count(PODS_PATH) > 10
    assert paged.failure is None
    assert paged.objects == len(set(names(paged)))
    assert set(names(paged)) & set(names(whole))


@pytest.mark.parametrize("fault", [status(500), status(503), status(429, "1"), half_closed, cut_short])
def test_what_passes_is_asked_again(api: RecordedApi, fault: Fault) -> None:
    api.faults[PODS_PATH] = [fault, fault]
    assert listed(api).failure is None
    assert api.paths().count(PODS_PATH) == 3


def test_a_busy_server_is_given_the_time_it_asks_for(api: RecordedApi) -> None:
    waits: list[float] = []
    api.faults[PODS_PATH] = [status(429, "7"), status(429, "86400"), status(429)]
    answer = direct(api, sleep=waits.append).get("api/v1/pods", {"limit": "500"})
    assert isinstance(answer, Contents)
    assert waits == [7.0, MOST_PATIENCE, 2.0]


def test_a_server_that_stays_busy_is_left_alone(api: RecordedApi) -> None:
    api.faults[PODS_PATH] = [status(429, "1")] * 10
    listing = listed(api)
    assert listing.failure is not None
    assert listing.failure.says == "the server answered 429"
    assert api.paths().count(PODS_PATH) == 4


def test_waiting_never_outlasts_the_time_for_reading(api: RecordedApi) -> None:
    waits: list[float] = []
    api.faults[PODS_PATH] = [status(503, "20")] * 3
    assert isinstance(direct(api, seconds=10, sleep=waits.append).get("api/v1/pods", {}), Failure)
    assert waits == []


def test_when_the_time_is_over_nothing_is_sent(api: RecordedApi) -> None:
    answer = direct(api, seconds=-1).get("api/v1/pods", {})
    assert answer == Failure(Why.OTHER, "the time for reading was over")
    assert api.seen == []


def test_a_continuation_that_expires_starts_the_list_again_once(api: RecordedApi) -> None:
    api.faults[PODS_PATH] = [answered, expired]
    listing = listed(api, page=5)
    assert listing.failure is None
    assert len(set(names(listing))) == listing.objects


def test_a_list_that_keeps_expiring_says_of_itself_that_it_is_a_part(api: RecordedApi) -> None:
    api.faults[PODS_PATH] = [answered, answered, expired, answered, expired]
    listing = listed(api, page=5)
    assert listing.failure is not None
    assert listing.failure.why is Why.EXPIRED
    assert len(names(listing)) == 10
    assert listing.data is not None
    assert json.loads(bytes(listing.data))["metadata"]["continue"]


@pytest.mark.parametrize("fault", [garbage, status(200, body=b""), status(200, body=b"[]"), status(200, body=b"{}")])
def test_an_answer_that_is_no_list_is_no_empty_list(api: RecordedApi, fault: Fault) -> None:
    api.faults[PODS_PATH] = [fault]
    listing = listed(api)
    assert listing.data is None
    assert listing.failure is not None
    assert "the answer is no list of pods" in listing.failure.says


def test_a_list_of_two_requests_is_whole_only_with_both(api: RecordedApi) -> None:
    secrets = next(each for each in resources() if each.kind == "Secret")
    api.faults["/api/v1/secrets"] = [answered, status(403)]
    listing = read_list(direct(api), "api/v1/secrets", secrets)
    assert listing.failure is not None
    assert listing.data is not None
    assert json.loads(bytes(listing.data))["metadata"] == {"continue": "unread"}


def test_a_silent_server_costs_the_limit_of_one_answer(api: RecordedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kwhy.live.server.NODE_SECONDS", 0.2)
    api.faults[PODS_PATH] = [slow(2.0)]
    started = time.monotonic()
    answer = direct(api).get("api/v1/pods", {"limit": "500"}, of_node=True)
    assert isinstance(answer, Failure)
    assert answer.says.startswith("no answer within")
    assert time.monotonic() - started < 1.5


def test_an_answer_larger_than_the_limit_is_not_kept(api: RecordedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kwhy.live.server.MOST_BYTES", 1 << 12)
    listing = listed(api)
    assert listing.data is None
    assert listing.failure is not None
    assert "the answer is larger than" in listing.failure.says


def test_a_server_that_repeats_a_page_is_not_followed_for_ever(api: RecordedApi) -> None:
    page = b'{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"same"},"items":[]}'
    api.faults[PODS_PATH] = [status(200, body=page)] * 50
    listing = listed(api)
    assert listing.failure is not None
    assert api.paths().count(PODS_PATH) == 2


def test_a_dead_server_is_asked_only_until_that_is_certain(api: RecordedApi) -> None:
    server = direct(api)
    api.stop()
    first = server.get("api/v1/pods", {})
    assert isinstance(first, Failure)
    started = time.monotonic()
    second = server.get("api/v1/nodes", {})
    assert second == Failure(Why.UNREACHABLE, "the API server does not answer any more: Connection refused")
    assert time.monotonic() - started < 0.1


def test_an_interrupted_reading_is_not_tried_again(api: RecordedApi) -> None:
    server = direct(api, sleep=lambda seconds: server.give_up("the reading was interrupted"))
    api.faults[PODS_PATH] = [status(503)] * 4
    assert isinstance(server.get("api/v1/pods", {}), Failure)
    assert api.paths() == [PODS_PATH]
    assert server.get("api/v1/nodes", {}) == Failure(Why.UNREACHABLE, "the reading was interrupted")


def test_a_node_that_is_silent_does_not_count_against_the_server(
    api: RecordedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kwhy.live.server.NODE_SECONDS", 0.1)
    server = direct(api)
    path = "/api/v1/namespaces/shop/pods/web-1/log"
    api.faults[path] = [slow(0.5)] * 5
    for _ in range(5):
        assert isinstance(server.get(path.lstrip("/"), {}, of_node=True), Failure)
    assert isinstance(server.get("api/v1/pods", {"limit": "500"}), Contents)


# --- what becomes of it in a diagnosis --------------------------------------------------------------------------------


def test_an_api_server_that_dies_midway_is_diagnosed_as_far_as_it_was_read(cluster: RecordedApi) -> None:
    cluster.faults["/apis/apps/v1/deployments"] = [dies]
    diagnosis = diagnose(["cluster"])
    unread = "\n".join(diagnosis.coverage.unrecognised)
    assert "the API server does not answer any more" in unread
    assert "secrets" in unread
    assert diagnosis.outcome not in ("healthy", "explained")
    assert diagnosis.root_causes


def test_a_list_that_broke_off_is_evidence_but_no_listing(
    cluster: RecordedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kwhy.live.resources.PAGE", 5)
    cluster.faults["/apis/apps/v1/deployments"] = [answered, *[status(500)] * 4]
    files = {file.source: file for file in collect("cluster")}
    partial = _shown(files["apis/apps/v1/deployments.json"])
    assert [len(batch.objects) for batch in partial.of(ObjectBatch)] == [5]
    assert partial.of(Listing) == []
    whole = _shown(files["apis/apps/v1/replicasets.json"])
    assert [(listing.kind, listing.namespace) for listing in whole.of(Listing)] == [("ReplicaSet", None)]


def _shown(file: RawFile) -> Evidence:
    return read(["x"], openers={"x": lambda: iter([file])})


def test_a_failing_list_is_named_with_its_error_and_leaves_its_questions_open(cluster: RecordedApi) -> None:
    said = "etcdserver: request timed out"
    cluster.faults["/api/v1/events"] = [status(500, body=json.dumps({"message": said}).encode())] * 4
    diagnosis = diagnose(["cluster"])
    reason = f"events in the whole cluster could not be read: {said}"
    assert f"cluster: not read in the whole cluster: events ({said})" in diagnosis.coverage.unrecognised
    assert [gap.what for item in diagnosis.undetermined for gap in item.gaps if reason in gap.what]


def test_a_server_that_is_not_there_is_no_source(
    api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_caller(api, tmp_path, monkeypatch, "admin")
    api.stop()
    with pytest.raises(NothingReadable, match="cannot be reached: Connection refused"):
        diagnose(["cluster"])


def test_what_is_no_api_server_is_said_plainly(cluster: RecordedApi) -> None:
    cluster.faults["/version"] = [status(200, body=b"<html>login</html>")]
    with pytest.raises(NothingReadable, match="is no Kubernetes API server"):
        diagnose(["cluster"])


def test_a_cluster_that_cannot_be_read_does_not_hide_other_evidence(
    api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_caller(api, tmp_path, monkeypatch, "nobody")
    evidence = tmp_path / "nodes.txt"
    evidence.write_text(
        "$ kubectl get nodes\nNAME   STATUS     ROLES   AGE   VERSION\nn1   NotReady   <none>   5d   v1.30.1\n"
    )
    diagnosis = diagnose(["cluster", str(evidence)])
    assert [cause.finding.condition.code for cause in diagnosis.root_causes] == ["node.not-ready"]
    assert any("refuses the credentials" in line for line in diagnosis.coverage.unrecognised)


def test_logs_that_may_not_be_read_are_asked_for_once_per_namespace(cluster: RecordedApi) -> None:
    forbidden = status(403, body=b'{"kind":"Status","message":"pods is forbidden: cannot get resource pods/log"}')
    for path in [f"/api/v1/namespaces/banners/pods/{pod}/log" for pod in _pods(cluster, "banners")]:
        cluster.faults[path] = [forbidden] * 10
    diagnosis = diagnose(["cluster"], live=LiveOptions(namespaces=("banners",)))
    unread = "cluster: not read in namespace banners: pods/log (the account may not get)"
    assert unread in diagnosis.coverage.unrecognised
    assert [gap.what for item in diagnosis.undetermined for gap in item.gaps if "may not get pods/log" in gap.what]


def test_a_kubelet_that_gives_no_logs_is_named_once(cluster: RecordedApi) -> None:
    refused = (FIXTURES / "kubelet-refuses.json").read_bytes()
    for pod in _pods(cluster, "banners"):
        cluster.faults[f"/api/v1/namespaces/banners/pods/{pod}/log"] = [status(500, body=refused)] * 10
    diagnosis = diagnose(["cluster"], live=LiveOptions(namespaces=("banners",)))
    (line,) = diagnosis.coverage.unrecognised
    assert line.startswith("cluster: not read in namespace banners: pods/log of banners-")
    why = "the API server asks the kubelet of node-a: dial tcp 10.55.0.10:10250: connect: connection refused"
    assert line.endswith(f"({why})")
    asked = [path for path in cluster.paths() if path.endswith("/log")]
    assert len(asked) <= WORKERS, "a node that gives no log is asked for no other"


def test_a_log_that_cannot_be_given_does_not_silence_its_node(cluster: RecordedApi) -> None:
    broken = status(500, body=b'{"kind":"Status","message":"unable to retrieve container logs for containerd://7"}')
    (pod,) = _pods(cluster, "banners")
    cluster.faults[f"/api/v1/namespaces/banners/pods/{pod}/log"] = [broken]
    diagnosis = diagnose(["cluster"])
    assert [line for line in diagnosis.coverage.unrecognised if "unable to retrieve container logs" in line]
    assert len([path for path in cluster.paths() if path.endswith("/log")]) > 8


def _pods(api: RecordedApi, namespace: str) -> list[str]:
    answer = direct(api).get(f"api/v1/namespaces/{namespace}/pods", {"limit": "500"})
    assert isinstance(answer, Contents)
    return [item["metadata"]["name"] for item in json.loads(answer.body)["items"]]
