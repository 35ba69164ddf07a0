"""What kwhy reads from kubectl's text equals what the API says of the same objects at the same moment."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from kwhy.facts import objects as api
from kwhy.facts.kubectl import EvictionRefused
from kwhy.facts.objects import Event, Listing, Observation
from kwhy.ingest.kubectl.text import parse
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Parsed

DATA = Path(__file__).parent / "data"

Key = tuple[str, str, str]


@cache
def archive(name: str) -> dict[str, bytes]:
    with tarfile.open(DATA / name) as members:
        return {member.name: file.read() for member in members if (file := members.extractfile(member)) is not None}


RECORDED = sorted(name for name in archive("recorded.tar.xz") if name.endswith(".txt"))
HARD, BY_VERSIONS = "described.tar.xz", "described_by_versions.tar.xz"
DESCRIBED = [
    (source, name) for source in (HARD, BY_VERSIONS) for name in sorted(archive(source)) if name.endswith(".txt")
]


def document(archive_name: str, name: str) -> Document:
    """The document as a session leaves it: without the line of the command."""
    data = archive(archive_name)[name]
    if not data.startswith(b"$ "):
        return Document(name, data)
    command, _, output = data.partition(b"\n")
    return Document(name, output, first_line=2, command=command[2:].decode())


def facts(archive_name: str, name: str) -> list[Parsed]:
    return list(parse(document(archive_name, name)))


def objects_of(archive_name: str, name: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(archive(archive_name)[name])["items"]
    return items


def by_key(items: list[dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    return {(item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]): item for item in items}


def key_of(observation: Observation) -> Key:
    metadata = observation.object.metadata
    return observation.kind, metadata.namespace, metadata.name


#: Orders in which describe prints sets that the API keeps as lists.
SORTED: dict[type, Any] = {
    api.Toleration: lambda item: (item.key, item.effect),
    api.Taint: lambda item: (item.key, item.effect),
    api.VolumeMount: lambda item: item.mount_path,
    api.TopologySpreadConstraint: lambda item: item.topology_key,
    api.LabelSelectorRequirement: lambda item: item.key,
}
#: What moves on between two commands, and the parts of a projected volume that describe does not print.
MOVING = ("last_heartbeat_time", "renew_time", "projected")


def differences(read: object, whole: object, path: str) -> list[str]:
    """Every field that the text shows otherwise than the object. What it does not show is not compared."""
    if read is UNSET or path.rpartition(".")[2] in MOVING:
        return []
    if isinstance(read, msgspec.Struct):
        return _struct_differences(read, whole, path)
    if isinstance(read, list) and read and isinstance(read[0], msgspec.Struct):
        return _list_differences(read, whole, path)
    if path.endswith(".annotations") and isinstance(read, dict):  # long ones are cut, and the applied object left out
        whole = {key: value for key, value in (whole or {}).items() if key in read} if isinstance(whole, dict) else {}
    if path == "ConfigMap.data" and isinstance(read, dict) and isinstance(whole, dict):  # 1.28 prints one line end less
        read, whole = ({key: text.rstrip("\n") for key, text in data.items()} for data in (read, whole))
    if path.endswith(".operator") and read in ("", "Equal") and whole in ("", "Equal"):
        return []
    if path.endswith(".values") and isinstance(read, list) and isinstance(whole, list):
        read, whole = sorted(read), sorted(whole)
    return [] if _plain(read) == _plain(whole) else [f"{path}: {read!r}, but the object has {whole!r}"]


def _struct_differences(read: msgspec.Struct, whole: object, path: str) -> list[str]:
    other = type(read)() if whole is None or whole is UNSET else whole
    found: list[str] = []
    for field in read.__struct_fields__:
        if field == "uid" or (
            field in ("reason", "message", "name", "serving", "terminating") and getattr(read, field) is None
        ):
            continue  # None: not shown
        found += differences(getattr(read, field), getattr(other, field), f"{path}.{field}")
    return found


def _list_differences(read: list[Any], whole: object, path: str) -> list[str]:
    other = whole if isinstance(whole, list) else []
    order = SORTED.get(type(read[0]))
    if order is not None:
        read, other = sorted(read, key=order), sorted(other, key=order)
    if len(read) != len(other):
        return [f"{path}: {len(read)} items, but the object has {len(other)}"]
    return [line for one, two in zip(read, other, strict=True) for line in differences(one, two, f"{path}[]")]


def _plain(value: object) -> object:
    """Empty, zero, false and absent are one in the API; text shows times to the second and amounts as strings."""
    if value is UNSET or value in ("", None, 0, False) or value == [] or value == {}:
        return None
    if isinstance(value, str) and len(value) > 20 and value[10:11] == "T" and value.endswith("Z"):
        return value[:19] + "Z"
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def struct_of(item: dict[str, Any], observation: Observation) -> object:
    if item["kind"] == "Secret":
        item = {**item, "data": {}}
    return msgspec.convert(item, type(observation.object), strict=False)


@pytest.mark.parametrize("name", RECORDED)
def test_every_field_read_from_recorded_text_equals_the_object(name: str) -> None:
    known = by_key(objects_of("recorded.tar.xz", f"{name.partition('/')[0]}/objects.json"))
    compared = 0
    for fact in facts("recorded.tar.xz", name):
        assert not isinstance(fact, Unparsed), f"{fact.at.line}: {fact.at.excerpt}: {fact.why}"
        if isinstance(fact, Observation) and (item := known.get(key_of(fact))) is not None:
            assert differences(fact.object, struct_of(item, fact), fact.kind) == []
            compared += 1
    assert compared or "events" in name or "drain" in name


#: What describe writes in another form than the object.
NOT_TOLD = {
    "daemonset.txt": ["namespace"], "secret.txt": ["data"], "statefulset.txt": ["command"],
    "cronjob.txt": ["namespace"], "role.txt": ["rules"], "clusterrole.txt": ["rules"],  # one row per resource
}  # fmt: skip


@pytest.mark.parametrize(("source", "name"), DESCRIBED)
def test_every_field_read_from_a_hard_describe_equals_the_object(source: str, name: str) -> None:
    known = by_key(objects_of(source, "objects.json"))
    observations = [fact for fact in facts(source, name) if isinstance(fact, Observation)]
    assert observations
    for observation in observations:
        kind, namespace, title = key_of(observation)
        item = known.get((kind, namespace or "data", title)) or known[kind, "", title]
        expected = struct_of(item, observation)
        found = differences(observation.object, expected, observation.kind)
        allowed = NOT_TOLD.get(name.rpartition("/")[2].replace("s.txt", ".txt"), [])
        assert [line for line in found if not any(f".{field}:" in line for field in allowed)] == []


@pytest.mark.parametrize(
    "name", [name for name in RECORDED if name.rpartition("/")[2].startswith(("pods-", "deployments-"))]
)
def test_a_describe_of_all_objects_shows_each_object_of_its_scope_once(name: str) -> None:
    read = facts("recorded.tar.xz", name)
    listing = next(fact for fact in read if isinstance(fact, Listing))
    items = objects_of("recorded.tar.xz", f"{name.partition('/')[0]}/objects.json")
    expected = {
        item["metadata"]["name"]
        for item in items
        if item["kind"] == listing.kind and listing.namespace in (None, item["metadata"]["namespace"])
    }
    shown = Counter(
        fact.object.metadata.name for fact in read if isinstance(fact, Observation) and fact.kind == listing.kind
    )
    assert set(shown) == expected
    assert set(shown.values()) <= {1}


@pytest.mark.parametrize("version", ["v1.28", "v1.33"])
def test_a_described_role_allows_what_the_role_allows(version: str) -> None:
    known = by_key(objects_of(BY_VERSIONS, "objects.json"))
    for name in ("roles", "clusterroles"):
        for fact in facts(BY_VERSIONS, f"{version}/{name}.txt"):
            if isinstance(fact, Observation):
                rules = getattr(fact.object, "rules", None) or []
                assert allowed(rules) == allowed(struct_of(known[key_of(fact)], fact).rules)  # type: ignore[attr-defined]


def allowed(rules: list[api.PolicyRule]) -> set[tuple[str, ...]]:
    """Each single permission: verb, group, resource, name or path."""
    found: set[tuple[str, ...]] = set()
    for rule in rules:
        for verb in rule.verbs or []:
            found |= {(verb, path) for path in rule.non_resource_urls or []}
            for group in rule.api_groups or []:
                for resource in rule.resources or []:
                    found |= {(verb, group, resource, name) for name in rule.resource_names or [""]}
    return found


def _seconds(item: dict[str, Any]) -> float:
    series = item.get("series") or {}
    text = series.get("lastObservedTime") or item.get("lastTimestamp") or item["eventTime"]
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize("name", RECORDED)
def test_events_of_text_are_the_events_of_the_api(name: str) -> None:
    items = [
        item
        for item in objects_of("recorded.tar.xz", f"{name.partition('/')[0]}/objects.json")
        if item["kind"] == "Event"
    ]
    captured: list[float] = []
    for event in (fact for fact in facts("recorded.tar.xz", name) if isinstance(fact, Event)):
        same = [item for item in items if _same(event, item)]
        if not same and event.about.kind == "Node":
            continue  # of a fault before this one
        assert same, event
        counts = {(item.get("series") or {}).get("count") or item.get("count") or 1 for item in same}
        assert "events" in name or any(abs(event.count - count) <= 1 for count in counts)  # it goes on meanwhile
        sources = {item["source"].get("component") or item.get("reportingComponent") for item in same}
        assert "events" in name or event.component in sources
        if len(same) == 1 and event.age is not None and event.age < 120 and counts == {1}:
            captured.append(_seconds(same[0]) + event.age)
    # Ages are of one moment: that of the command.
    assert not captured or max(captured) - min(captured) <= 2.0


def _same(event: Event, item: dict[str, Any]) -> bool:
    about = item["involvedObject"]
    return (
        about["kind"],
        about["name"],
        about.get("namespace"),
        item["reason"],
        (item.get("message") or "").strip(),
    ) == (
        event.about.kind,
        event.about.name,
        event.about.namespace,
        event.reason,
        event.message.strip(),
    )


def test_a_drain_refused_by_a_budget_names_the_pods_and_the_reason() -> None:
    refused = [
        fact
        for fact in facts("recorded.tar.xz", "pdb-blocks-drain/drain-output.txt")
        if isinstance(fact, EvictionRefused)
    ]
    budget = [fact for fact in refused if "disruption budget" in fact.reason]
    assert {(fact.pod.kind, fact.pod.namespace) for fact in budget} == {("Pod", "quorum")}
    assert sorted(fact.count for fact in budget) == [4, 4]
    assert [fact.at.line for fact in budget] == [5, 6]


def test_nothing_of_a_secret_reaches_a_fact() -> None:
    for name in ("secret.txt", "certificate.txt"):
        for fact in facts("described.tar.xz", name):
            text = repr(fact)
            assert "secret-token" not in text
            assert "hunter2" not in text
            if isinstance(fact, Observation) and isinstance(fact.object, api.Secret):
                assert set(fact.object.data or {}) == {"token", "password"}
