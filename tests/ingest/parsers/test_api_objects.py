"""API objects in every shape in which tools write them, whole or damaged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.objects import (
    ApiObject,
    ConfigMap,
    Event,
    Generic,
    Listing,
    ObjectBatch,
    Observation,
    Pod,
    Secret,
    Service,
)
from kwhy.ingest.parsers.api_objects import JSON, YAML
from kwhy.ingest.recognise import head_of
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Parsed
from kwhy.model.subject import Subject

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "api_objects"
KINDS = ("configmaps", "events", "nodes", "persistentvolumeclaims", "pods", "services")
F = TypeVar("F")


def real(kind: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((FIXTURES / f"{kind}.json").read_bytes()))


def parsed(data: bytes | str | object, command: str | None = None) -> list[Parsed]:
    if not isinstance(data, bytes | str):
        data = json.dumps(data)
    data = data.encode() if isinstance(data, str) else data
    return list(JSON.parse(Document("objects.json", data, command=command)))


def parsed_yaml(data: bytes | str, command: str | None = None) -> list[Parsed]:
    return list(YAML.parse(Document("objects.yaml", data.encode() if isinstance(data, str) else data, command=command)))


def of(kind: type[F], facts: Sequence[object]) -> list[F]:
    return [fact for fact in facts if isinstance(fact, kind)]


def objects(facts: Sequence[Parsed]) -> list[ApiObject]:
    batched = [item for batch in of(ObjectBatch, facts) for item in batch.objects]
    return batched + [observation.object for observation in of(Observation, facts)]


def names(facts: Sequence[Parsed]) -> list[str]:
    return [item.metadata.name for item in objects(facts)]


def pod(name: str, namespace: str = "shop", **fields: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, **fields}


def listed(facts: Sequence[Parsed]) -> list[tuple[str, str | None]]:
    return [(listing.kind, listing.namespace) for listing in of(Listing, facts)]


# --- shapes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_real_answers_are_read_without_a_remainder(kind: str) -> None:
    facts = parsed((FIXTURES / f"{kind}.json").read_bytes())
    assert not of(Unparsed, facts)
    assert len(objects(facts)) + len(of(Event, facts)) == len(real(kind)["items"])


@pytest.mark.parametrize("kind", KINDS)
def test_yaml_of_kubernetes_own_marshaller_equals_json(kind: str) -> None:
    from_json = parsed((FIXTURES / f"{kind}.json").read_bytes())
    from_yaml = parsed_yaml((FIXTURES / f"{kind}.yaml").read_bytes())
    assert objects(from_yaml) == objects(from_json)
    assert listed(from_yaml) == listed(from_json)
    assert [(e.about, e.reason, e.message, e.last) for e in of(Event, from_yaml)] == [
        (e.about, e.reason, e.message, e.last) for e in of(Event, from_json)
    ]
    assert not of(Unparsed, from_yaml)


@pytest.mark.parametrize("indent", [None, 1, 2, 4, "\t"])
@pytest.mark.parametrize("sort_keys", [True, False])
def test_the_layout_of_the_text_does_not_matter(indent: int | str | None, sort_keys: bool) -> None:
    text = json.dumps(real("pods"), indent=indent, sort_keys=sort_keys)
    assert objects(parsed(text)) == objects(parsed(real("pods")))


def test_a_typed_list_need_not_repeat_the_kind_of_its_items() -> None:
    items = [
        {key: value for key, value in item.items() if key not in ("kind", "apiVersion")}
        for item in real("pods")["items"]
    ]
    for kind_first in ({"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}}, {}):
        facts = parsed({**kind_first, "items": items, "apiVersion": "v1", "kind": "PodList"})
        assert objects(facts) == objects(parsed(real("pods")))
        assert listed(facts) == [("Pod", None)]


def test_a_single_object_is_located_by_its_own_paths() -> None:
    facts = parsed(real("pods")["items"][2])
    (batch,) = of(ObjectBatch, facts)
    assert batch.observation(0).field_at("status.phase").path == "status.phase"
    assert not of(Listing, facts)


def test_an_item_of_a_list_is_located_by_its_index() -> None:
    (batch,) = of(ObjectBatch, parsed(real("pods")))
    assert batch.observation(3).field_at("status.phase").path == "items[3].status.phase"
    assert batch.observation(3).whole


def test_concatenated_objects_and_json_lines_are_all_read() -> None:
    pods = real("pods")["items"]
    for text in ("\n".join(json.dumps(p) for p in pods), "".join(json.dumps(p, indent=2) for p in pods)):
        facts = parsed(text)
        assert names(facts) == [p["metadata"]["name"] for p in pods]
        (batch,) = of(ObjectBatch, facts)
        assert batch.observation(1).field_at("spec").path == "documents[1].spec"


def test_concatenated_lists_of_several_kinds_are_all_read() -> None:
    facts = parsed("\n".join(json.dumps(real(kind), indent=4) for kind in ("nodes", "pods", "services")))
    assert len(objects(facts)) == 1 + 6 + 3
    assert listed(facts) == [("Node", None), ("Pod", None), ("Service", None)]
    assert [batch.path for batch in of(ObjectBatch, facts)] == ["items", "documents[1].items", "documents[2].items"]


def test_an_array_of_objects_is_read_but_lists_nothing() -> None:
    facts = parsed(real("pods")["items"])
    assert len(names(facts)) == 6
    assert of(ObjectBatch, facts)[0].observation(1).at.path == "$[1]"
    assert not of(Listing, facts)


def test_objects_of_several_kinds_in_one_list_keep_their_order() -> None:
    items = real("pods")["items"][:2] + real("events")["items"][:1] + real("services")["items"][:2]
    facts = parsed({"apiVersion": "v1", "kind": "List", "items": items})
    (batch,) = of(ObjectBatch, facts)
    assert [type(item) for item in batch.objects] == [Pod, Pod, Service, Service]
    assert batch.observation(2).at.path == "items[3]"
    assert of(Event, facts)[0].at.path == "items[2]"


def test_kinds_without_a_struct_keep_identity_and_conditions() -> None:
    condition = {"type": "Ready", "status": "False", "reason": "Broken"}
    meta = {"name": "w", "namespace": "shop"}
    facts = parsed(
        {"apiVersion": "x.example/v1", "kind": "Widget", "metadata": meta, "status": {"conditions": [condition]}}
    )
    (widget,) = objects(facts)
    assert isinstance(widget, Generic)
    assert (widget.kind, widget.metadata.name) == ("Widget", "w")
    assert isinstance(widget.status.conditions, list)


def test_a_kind_of_another_group_is_not_taken_for_the_one_that_is_known() -> None:
    core = real("services")["items"][0]
    knative = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": "fn", "namespace": "shop"},
    }
    for items in ([core, knative], [knative, core]):
        found = objects(parsed({"apiVersion": "v1", "kind": "List", "items": items}))
        assert {type(item) for item in found} == {Service, Generic}


def test_a_watch_stream_is_read() -> None:
    lines = [json.dumps({"type": "ADDED", "object": pod("a")}), json.dumps({"type": "MODIFIED", "object": pod("b")})]
    assert names(parsed("\n".join(lines))) == ["a", "b"]


TABLE = {
    "kind": "Table",
    "apiVersion": "meta.k8s.io/v1",
    "metadata": {"resourceVersion": "1"},
    "columnDefinitions": [{"name": "Name", "type": "string"}, {"name": "Status", "type": "string"}],
    "rows": [
        {
            "cells": ["web-0", "CrashLoopBackOff"],
            "object": {"kind": "PartialObjectMetadata", "metadata": {"name": "web-0", "namespace": "shop"}},
        }
    ],
}


def test_a_table_of_the_api_server_gives_printed_cells() -> None:
    (row,) = of(Observation, parsed(TABLE, command="kubectl get pods -n shop -v9"))
    assert (row.subject, row.whole, row.printed) == (
        Subject("Pod", "web-0", "shop"),
        False,
        {"NAME": "web-0", "STATUS": "CrashLoopBackOff"},
    )


def test_a_table_without_a_command_does_not_say_of_which_kind_it_is() -> None:
    facts = parsed(TABLE)
    assert not objects(facts)
    assert "of which kind" in of(Unparsed, facts)[0].why


def test_a_cluster_info_dump_on_one_stream_gives_its_logs_as_documents() -> None:
    pod_of_log = "for container app of pod shop/web-0 ===="
    log = f"==== START logs {pod_of_log}\n2026 line\n==== END logs {pod_of_log}\n"
    facts = parsed(json.dumps(real("nodes"), indent=4) + "\n" + log + json.dumps(real("pods"), indent=4) + "\n")
    assert len(objects(facts)) == 7
    (nested,) = of(Document, facts)
    assert (bytes(nested.data), nested.command) == (b"2026 line\n", "kubectl logs -n shop web-0 -c app")
    lines = (json.dumps(real("nodes"), indent=4) + "\n" + log).splitlines()
    assert lines[nested.first_line - 1] == "2026 line"
    assert not of(Unparsed, facts)


def test_a_yaml_stream_of_several_documents_is_read_with_lines() -> None:
    text = "# web\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n---\n---\n"
    text += "kind: Pod\nmetadata: {name: b}\nstatus:\n  phase: Running\n"
    facts = parsed_yaml(text)
    first, second = of(Observation, facts)
    assert (first.object.metadata.name, second.object.metadata.name) == ("a", "b")
    assert text.splitlines()[(second.field_at("status.phase").line or 0) - 1] == "  phase: Running"
    assert text.splitlines()[(first.field_at("metadata.name").line or 0) - 1] == "  name: a"


def test_fields_of_a_yaml_list_item_are_located_by_line() -> None:
    text = (FIXTURES / "pods.yaml").read_bytes()
    lines = text.decode().splitlines()
    for observation in of(Observation, parsed_yaml(text)):
        line = observation.field_at("status.phase").line
        assert line is not None
        assert isinstance(observation.object, Pod)
        assert lines[line - 1] == f"    phase: {observation.object.status.phase}"
        assert lines[(observation.field_at("metadata.name").line or 0) - 1].split() == [
            "name:",
            observation.object.metadata.name,
        ]


# --- events ---------------------------------------------------------------------------------------------------------


def test_a_core_event_and_its_twin_of_the_events_group_are_the_same_fact() -> None:
    source = {"component": "kubelet", "host": "n1"}
    about = {"kind": "Pod", "namespace": "shop", "name": "web"}
    times = ("2026-11-21T21:30:00Z", "2026-11-21T21:41:48Z")
    meta = {"name": "web.1", "namespace": "shop"}
    core = {
        "apiVersion": "v1", "kind": "Event", "metadata": meta, "involvedObject": about, "reason": "BackOff",
        "message": "Back-off restarting", "type": "Warning", "source": source, "firstTimestamp": times[0],
        "lastTimestamp": times[1], "count": 7,
    }  # fmt: skip
    new = {
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": meta, "regarding": about, "reason": "BackOff",
        "note": "Back-off restarting", "type": "Warning", "deprecatedSource": source,
        "deprecatedFirstTimestamp": times[0], "deprecatedLastTimestamp": times[1], "deprecatedCount": 7,
    }  # fmt: skip
    (a,), (b,) = of(Event, parsed(core)), of(Event, parsed(new))
    for event in (a, b):
        assert event.about == Subject("Pod", "web", "shop")
        assert (event.reason, event.message, event.count, event.host) == ("BackOff", "Back-off restarting", 7, "n1")
        assert event.component == "kubelet"
        assert event.last.earliest == 1795297308.0
        assert event.last.latest == 1795297309.0


def test_a_series_says_how_often_and_when_last() -> None:
    event = {
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e", "namespace": "shop"},
        "regarding": {"kind": "Pod", "name": "web", "namespace": "shop"}, "eventTime": "2026-11-21T21:30:00.500000Z",
        "series": {"count": 12, "lastObservedTime": "2026-11-21T21:41:48.000000Z"}, "reportingController": "kubelet",
    }  # fmt: skip
    (fact,) = of(Event, parsed(event))
    assert (fact.count, fact.component, fact.first.earliest) == (12, "kubelet", 1795296600.5)
    assert fact.last.latest == 1795297308.0


def test_an_event_time_alone_dates_an_event() -> None:
    for event in of(Event, parsed((FIXTURES / "events.json").read_bytes())):
        if event.reason == "FailedScheduling":
            assert event.last.known
            assert event.component == "default-scheduler"
            return
    pytest.fail("the fixture holds a FailedScheduling event")


def test_a_secret_in_an_event_message_is_not_quoted() -> None:
    about = {"kind": "Pod", "name": "web", "namespace": "shop"}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "involvedObject": about,
        "message": "password=hunter2",
    }
    (fact,) = of(Event, parsed(event))
    assert "hunter2" not in fact.at.excerpt


# --- listings -------------------------------------------------------------------------------------------------------


def pods_in(*namespaces: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "List", "items": [pod(f"p{i}", name) for i, name in enumerate(namespaces)]}


@pytest.mark.parametrize(
    ("answer", "command", "expected"),
    [
        (pods_in("shop", "shop"), None, [("Pod", "shop")]),
        (pods_in("shop", "kube-system"), None, [("Pod", None)]),
        (pods_in("shop"), "kubectl get pods -A -o json", [("Pod", None)]),
        (pods_in("shop"), "k get po -n shop -ojson", [("Pod", "shop")]),
        (pods_in("shop", "shop"), "kubectl get pods a b -o json", []),
        (pods_in("shop"), "kubectl get pods -l app=web -o json", []),
        (pods_in("shop"), "kubectl get pods -A -o json --field-selector status.phase=Pending", []),
        (pods_in("shop"), "kubectl get pods -A -o json | jq .", []),
        (pods_in(), None, []),
        (pods_in(), "kubectl get pods -n shop -o json", [("Pod", "shop")]),
        (pods_in(), "kubectl get pods,svc -A -o json", [("Pod", None), ("Service", None)]),
        ({"kind": "PodList", "apiVersion": "v1", "items": []}, None, []),
        ({"kind": "NodeList", "apiVersion": "v1", "items": []}, None, [("Node", None)]),
        ({"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": "abc"}, "items": [pod("a")]}, None, []),
        (pod("a"), None, []),
    ],
)
def test_what_a_list_lists(answer: object, command: str | None, expected: list[tuple[str, str | None]]) -> None:
    assert listed(parsed(answer, command)) == expected
    assert listed(parsed_yaml(json.dumps(answer), command)) == expected


# --- secrets --------------------------------------------------------------------------------------------------------

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "type": "Opaque",
    "metadata": {
        "name": "db",
        "namespace": "shop",
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": '{"data":{"password":"aHVudGVyMg=="}}',
            "a": "b",
        },
    },
    "data": {"password": "aHVudGVyMg==", "user": "YWRtaW4="},
}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SECRET),
        json.dumps({"apiVersion": "v1", "kind": "List", "items": [SECRET] * 3}),
        json.dumps({"apiVersion": "v1", "kind": "List", "items": [{**SECRET, "type": 7}, pod("a")]}),
    ],
)
def test_values_of_secrets_are_kept_nowhere(text: str) -> None:
    for facts in (parsed(text), parsed_yaml(text)):
        secrets = [item for item in objects(facts) if isinstance(item, Secret)]
        assert secrets
        for secret in secrets:
            assert isinstance(secret.data, dict)
            assert set(secret.data) == {"password", "user"}
            assert all(bytes(value) == b"" for value in secret.data.values())
            assert secret.metadata.annotations == {"a": "b"}
        assert "aHVudGVyMg" not in repr(facts)


# --- damage ---------------------------------------------------------------------------------------------------------


def test_a_truncated_list_gives_the_items_before_the_cut_and_says_where_it_is() -> None:
    text = json.dumps(real("pods"), indent=4)
    cut = text[: text.index('"name"', len(text) // 2)]
    facts = parsed(cut)
    assert 1 <= len(names(facts)) < 6
    assert names(facts) == names(parsed(real("pods")))[: len(names(facts))]
    (problem,) = of(Unparsed, facts)
    assert "cut off by the end of the text" in problem.why
    assert not of(Listing, facts)


def test_a_truncated_yaml_list_gives_the_items_before_the_cut() -> None:
    text = (FIXTURES / "pods.yaml").read_text()
    facts = parsed_yaml(text[: text.index("\n- apiVersion", len(text) // 2) + 30])
    assert 1 <= len(names(facts)) < 6
    assert of(Unparsed, facts)
    assert not of(Listing, facts)


def test_a_list_whose_end_is_missing_lists_nothing() -> None:
    facts = parsed(json.dumps(real("pods"), indent=4).rpartition("]")[0])
    assert len(names(facts)) == 6
    assert of(Unparsed, facts)
    assert not of(Listing, facts)


def test_one_wrong_field_costs_that_field_only() -> None:
    broken = pod("b", spec={"nodeName": 7, "schedulerName": "default-scheduler"})
    facts = parsed({"apiVersion": "v1", "kind": "List", "items": [pod("a"), broken, pod("c")]})
    assert sorted(names(facts)) == ["a", "b", "c"]
    (partial,) = of(Observation, facts)
    assert not partial.whole, "the dropped field must not read as the API's default"
    assert isinstance(partial.object, Pod)
    assert partial.object.spec.node_name is msgspec.UNSET
    assert partial.object.spec.scheduler_name == "default-scheduler"
    (problem,) = of(Unparsed, facts)
    assert problem.at.path == "items[1].spec.nodeName"
    (batch,) = of(ObjectBatch, facts)
    assert [batch.observation(i).at.path for i in range(2)] == ["items[0]", "items[2]"]


@pytest.mark.parametrize(
    "item",
    [
        None,
        7,
        "x",
        [],
        {},
        {"kind": "Pod"},
        {"kind": "Pod", "metadata": None},
        {"kind": "Pod", "metadata": {}},
    ],
)
def test_what_is_no_object_is_told_with_its_path(item: object) -> None:
    facts = parsed({"apiVersion": "v1", "kind": "List", "items": [pod("a"), item, pod("c")]})
    assert names(facts) == ["a", "c"]
    assert [problem.at.path for problem in of(Unparsed, facts)] == ["items[1]"]
    assert not of(Listing, facts), "the lost item may be the one that is asked for"


def test_garbage_inside_one_item_costs_that_item_only() -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod("a"), pod("BAD"), pod("c")]}, indent=2)
    facts = parsed(text.replace('"BAD"', '"x\x01\\q'))
    assert names(facts) == ["a", "c"]
    (problem,) = of(Unparsed, facts)
    assert "is not valid JSON" in problem.why


def test_text_around_the_json_is_told_and_skipped() -> None:
    facts = parsed("I1121 warning: a notice\n" + json.dumps(pod("a")) + "\ncommand terminated\n")
    assert names(facts) == ["a"]
    assert [problem.at.line for problem in of(Unparsed, facts)] == [1, 3]


def test_nesting_of_a_hundred_thousand_levels_is_told() -> None:
    depth = 100_000
    for text in (
        '{"kind":"Pod","apiVersion":"v1","x":' + "[" * depth,
        '{"kind":"Pod","apiVersion":"v1","x":' + "[" * depth + "]" * depth + "}",
    ):
        (problem,) = of(Unparsed, parsed(text))
        assert "cut off" in problem.why or "nested too deeply" in problem.why
        (problem,) = of(Unparsed, parsed_yaml(text))
        assert "nested deeper than" in problem.why
    inside = json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod("a"), pod("DEEP"), pod("c")]}, indent=1)
    facts = parsed(inside.replace('"DEEP"', "[" * depth + "]" * depth))
    assert "c" in names(facts)
    assert of(Unparsed, facts)


def test_an_alias_bomb_is_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    (problem,) = of(Unparsed, parsed_yaml("apiVersion: v1\nkind: Pod\n" + bomb))
    assert "aliases expand to more than" in problem.why


def test_an_alias_to_itself_is_refused() -> None:
    (problem,) = of(Unparsed, parsed_yaml("apiVersion: v1\nkind: Pod\nmetadata: &a [*a]\n"))
    assert "alias" in problem.why


def test_honest_aliases_and_merge_keys_are_expanded() -> None:
    text = "kind: Pod\napiVersion: v1\nmetadata: {name: a}\n"
    text += "x: &n {nodeName: n1, schedulerName: s}\nspec: {<<: *n, schedulerName: t}\n"
    (observation,) = of(Observation, parsed_yaml(text))
    assert isinstance(observation.object, Pod)
    assert (observation.object.spec.node_name, observation.object.spec.scheduler_name) == ("n1", "t")


def test_of_duplicate_keys_the_last_counts_as_in_kubernetes() -> None:
    text = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"nodeName":"n1","nodeName":"n2"}}'
    for facts in (parsed(text), parsed_yaml(text)):
        (found,) = objects(facts)
        assert isinstance(found, Pod)
        assert found.spec.node_name == "n2"


def test_a_config_map_of_fifty_megabytes_is_cut_and_told() -> None:
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "big"},
        "data": {"a": "x" * (50 << 20), "b": "y"},
    }
    facts = parsed(config)
    (found,) = objects(facts)
    assert isinstance(found, ConfigMap)
    assert isinstance(found.data, dict)
    assert len(found.data["a"]) == 3 << 19
    assert found.data["b"] == "y"
    assert of(Unparsed, facts)


def test_one_broken_yaml_document_does_not_harm_the_others() -> None:
    facts = parsed_yaml("kind: Pod\nmetadata: {name: a}\n---\nkind: [Pod\n---\nkind: Pod\nmetadata: {name: c}\n")
    assert sorted(names(facts)) == ["a", "c"]
    (problem,) = of(Unparsed, facts)
    assert problem.at.line in (4, 5)


def test_numbers_where_yaml_expects_text_become_text_as_in_kubernetes() -> None:
    text = "kind: Pod\nmetadata: {name: 39471248e902, labels: {build: 12, on: yes}}\nspec: {nodeName: 1.5}\n"
    (observation,) = of(Observation, parsed_yaml(text))
    assert isinstance(observation.object, Pod)
    assert observation.whole
    assert observation.object.metadata.name == "39471248e902"
    assert observation.object.metadata.labels == {"build": "12", "true": "true"}
    assert observation.object.spec.node_name == "1.5"


def test_an_error_of_the_api_server_is_no_object() -> None:
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "pods is forbidden"}
    (problem,) = of(Unparsed, parsed(status))
    assert problem.why.endswith("pods is forbidden")


def test_a_component_configuration_is_no_object() -> None:
    text = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: systemd\n"
    (problem,) = of(Unparsed, parsed_yaml(text))
    assert "a configuration file" in problem.why


# --- recognition ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_real_answers_are_recognised(kind: str) -> None:
    for format_, suffix in ((JSON, "json"), (YAML, "yaml")):
        head = head_of(Document("x", (FIXTURES / f"{kind}.{suffix}").read_bytes()))
        other = YAML if format_ is JSON else JSON
        assert format_.recognise(head) >= 0.9
        assert other.recognise(head) == 0.0


@pytest.mark.parametrize(
    "text",
    [
        '{"containers": {"metadata": {"name": "app"}}}',
        '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata"}',
        "E1121 kubelet.go:2452] apiVersion: v1\n",
        "just text",
        "",
    ],
)
def test_other_texts_are_not_taken_for_objects(text: str) -> None:
    head = head_of(Document("x", text.encode()))
    assert JSON.recognise(head) < 0.3
    assert YAML.recognise(head) < 0.3


# --- never raises ---------------------------------------------------------------------------------------------------

SEEDS = [
    (FIXTURES / f"{kind}.{suffix}").read_bytes()
    for kind in ("pods", "events", "services")
    for suffix in ("json", "yaml")
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), st.floats(0, 1), st.binary(max_size=30), st.integers(0, 500))
def test_mutated_answers_never_raise(seed: bytes, place: float, junk: bytes, removed: int) -> None:
    at = int(place * len(seed))
    mutated = seed[:at] + junk + seed[at + removed :]
    for format_ in (JSON, YAML):
        for item in format_.parse(Document("x", mutated)):
            assert isinstance(item, Document | Unparsed) or item.at.document.source == "x"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    for format_ in (JSON, YAML):
        list(format_.parse(Document("x", data)))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["kind", "metadata", "name", "items", "spec", "data", "object"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(JSON_VALUES, st.sampled_from(["Pod", "Secret", "Event", "List", "PodList", "Table", "ConfigMap", "Service", ""]))
def test_objects_of_wrong_shapes_never_raise(value: object, kind: str) -> None:
    text = json.dumps({"apiVersion": "v1", "kind": kind, **(value if isinstance(value, dict) else {"items": value})})
    for facts in (parsed(text), parsed_yaml(text)):
        for item in of(Observation, facts):
            assert item.object.metadata.name


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=30), st.integers(1, 400), st.sampled_from([None, 1, 4])
)
def test_lists_are_cut_into_pieces_without_loss(kinds: list[str], size: int, indent: int | None) -> None:
    from kwhy.ingest.api import json_list

    items = [pod(f"p{i}", spec={"containers": [{"name": "x", "args": ["},{"]}]}) for i in range(len(kinds))]
    items = [real("services")["items"][0] if kind == "b" else item for kind, item in zip(kinds, items, strict=True)]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=indent)
    expected = parsed(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_list, "PIECE_BYTES", size)
        found = parsed(text)
    assert objects(found) == objects(expected)
    assert len(objects(found)) == len(items)
    assert not of(Unparsed, found)
