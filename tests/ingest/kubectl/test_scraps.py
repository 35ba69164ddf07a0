"""Parts of describe as published field reports show them: cut, misaligned, without the object they belong to."""

# ruff: noqa: E501 - text is as wide as kubectl prints it

from __future__ import annotations

from pathlib import Path

from kwhy.facts import objects as api
from kwhy.facts.objects import Event, Observation
from kwhy.ingest.kubectl.text import parse
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Parsed
from kwhy.model.subject import Subject
from kwhy.model.time import at

REPORTS = Path(__file__).parent / "data" / "field-reports"


def report(name: str) -> list[Parsed]:
    return list(parse(Document(name, (REPORTS / name).read_bytes())))


def read(text: str) -> list[Parsed]:
    return list(parse(Document("x.txt", text.encode())))


def events(found: list[Parsed]) -> list[Event]:
    return [fact for fact in found if isinstance(fact, Event)]


def test_node_events_without_their_node_are_about_the_node_of_the_kubelet() -> None:
    found = report("image-gc-events.txt")
    assert not any(isinstance(fact, Unparsed) for fact in found)
    read_events = events(found)
    assert len(read_events) == 10
    assert {event.about for event in read_events} == {Subject("Node", "node.xxxx1")}
    threshold = next(event for event in read_events if event.reason == "EvictionThresholdMet")
    assert (threshold.count, threshold.age, threshold.first_age) == (19, 509.0, 2520.0)
    assert (threshold.component, threshold.host, threshold.type) == ("kubelet", "node.xxxx1", "Warning")
    proxy = next(event for event in read_events if event.component == "kube-proxy")
    assert (proxy.host, proxy.message) == ("node.xxxx1", "Starting kube-proxy.")


def test_a_lone_condition_is_of_the_node_that_the_events_beside_it_name() -> None:
    found = report("node-pleg-27h.txt")
    (observation,) = [fact for fact in found if isinstance(fact, Observation)]
    assert observation.subject == Subject("Node", "cn-shenzhen.xxxx")
    assert isinstance(observation.object, api.Node)
    conditions = observation.object.status.conditions
    assert isinstance(conditions, list)
    assert [(item.type, item.status, item.reason) for item in conditions] == [("Ready", "False", "KubeletNotReady")]
    assert (conditions[0].last_heartbeat_time, conditions[0].last_transition_time) == (
        "2019-06-28T02:19:21Z",
        "2019-06-26T23:07:38Z",
    )
    (event,) = events(found)
    assert (event.reason, event.count, event.about.name) == ("ContainerGCFailed", 543, "cn-shenzhen.xxxx")


def test_a_short_rule_of_dashes_does_not_disturb() -> None:
    (event,) = events(report("image-stats-event.txt"))
    assert (event.reason, event.host) == ("ImageGCFailed", "cn-shenzhen.xxxx")
    assert event.message.endswith("context deadline exceeded")


def test_a_lone_message_of_an_eviction_is_a_pod_s() -> None:
    (observation,) = [fact for fact in report("evicted-message.txt") if isinstance(fact, Observation)]
    assert isinstance(observation.object, api.Pod)
    assert isinstance(observation.object.status.message, str)
    assert observation.object.status.message.startswith("The node was low on resource: ephemeral-storage.")
    assert observation.subject == Subject("Pod", "")


def test_a_lone_message_of_a_probe_is_an_event_of_an_unknown_pod() -> None:
    (event,) = events(report("probe-cgroup-message.txt"))
    assert (event.about, event.reason) == (Subject("Pod", ""), "Unhealthy")
    assert event.message.startswith("Liveness probe failed: rpc error")


def test_a_pending_load_balancer_keeps_its_word() -> None:
    (row,) = [fact for fact in report("loadbalancer-pending.txt") if isinstance(fact, Observation)]
    assert row.printed is not None
    assert (row.kind, row.line, row.printed["EXTERNAL-IP"]) == ("Service", 3, "<pending>")


def test_pod_events_without_their_pod_are_about_something_unknown() -> None:
    # kubernetes/kubernetes#113215
    text = """\
Events:
  Type     Reason     Age                   From               Message
  ----     ------     ----                  ----               -------
  Normal   Scheduled  18m                   default-scheduler  Successfully assigned xxx/xxx-controller-manager-7c8fcd5fff-4fprb to cloud-dev
  Warning  BackOff    4m53s (x72 over 20m)  kubelet            Back-off restarting failed container manager
"""
    found = events(read(text))
    assert [event.about for event in found] == [Subject("Unknown", "")] * 2
    assert (found[1].count, found[1].age, found[1].first_age, found[1].host) == (72, 293.0, 1200.0, None)


def test_events_are_dated_only_where_the_document_is() -> None:
    text = "Events:\n  Type     Reason     Age   From     Message\n  Warning  ContainerGCFailed  5s (x543 over 27h)  kubelet, n1  x\n"
    (undated,) = events(read(text))
    assert not undated.last.known
    (dated,) = (fact for fact in parse(Document("x", text.encode(), captured=at(200_000.0))) if isinstance(fact, Event))
    assert (dated.last.earliest, dated.last.latest) == (199_994.0, 199_995.0)
    assert (dated.first.earliest, dated.first.latest) == (200_000.0 - 28 * 3600, 200_000.0 - 27 * 3600)


def test_a_container_s_states_alone_are_those_of_an_unknown_pod() -> None:
    text = """\
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
      Started:      Sat, 21 Nov 2026 21:27:28 +0000
      Finished:     Sat, 21 Nov 2026 21:27:38 +0000
    Ready:          False
    Restart Count:  5
"""
    (observation,) = [fact for fact in read(text) if isinstance(fact, Observation)]
    assert isinstance(observation.object, api.Pod)
    statuses = observation.object.status.container_statuses
    assert isinstance(statuses, list)
    assert isinstance(statuses[0].last_state, api.ContainerState)
    assert statuses[0].last_state.terminated is not None
    assert (statuses[0].last_state.terminated.reason, statuses[0].restart_count) == ("OOMKilled", 5)


def test_events_of_old_tables_name_their_objects() -> None:
    # kubectl 1.3: kubernetes/kubernetes#29838
    old = """\
LASTSEEN   FIRSTSEEN   COUNT     NAME                                KIND         SUBOBJECT                         TYPE      REASON              SOURCE                                   MESSAGE
13m        14m         3         nginx-deployment-3392909933-1tfwp   Pod          spec.containers{nginx}            Normal    Pulling             {kubelet kubernetes-minion-group-kcbf}   pulling image "nginx"
"""
    (event,) = events(read(old))
    assert event.about == Subject("Pod", "nginx-deployment-3392909933-1tfwp")
    assert (event.component, event.host, event.count, event.age, event.first_age) == (
        "kubelet",
        "kubernetes-minion-group-kcbf",
        3,
        780.0,
        840.0,
    )


def test_an_unknown_part_of_a_describe_is_reported_not_guessed() -> None:
    found = read(
        "Conditions:\n  Type           Status  Reason\n  ----           ------  ------\n  Available      True    MinimumReplicasAvailable\n"
    )
    assert [type(fact) for fact in found] == [Unparsed]
