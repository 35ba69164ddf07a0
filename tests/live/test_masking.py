"""What leaves the machine holds no secret, and is still what it was: objects stay objects, lines stay lines."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kwhy.ingest.redact import MASK
from kwhy.live.cleaning import clean
from kwhy.live.masking import masked_list, masked_log

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


def masked(item: dict[str, Any]) -> Any:
    document = {"kind": "PodList", "apiVersion": "v1", "items": [item], "metadata": {}}
    return json.loads(masked_list(json.dumps(document).encode()))["items"][0]


@pytest.mark.parametrize("name", ["DB_PASSWORD", "apiKey", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "REDIS_PWD"])
def test_variables_with_secret_names_lose_their_values(name: str) -> None:
    assert masked({"env": [{"name": name, "value": "hunter2"}]})["env"] == [{"name": name, "value": MASK}]


def test_variables_that_say_where_something_is_stay() -> None:
    env = [{"name": "DB_HOST", "value": "db.shop.svc"}, {"name": "DB_PORT", "value": "3306"}]
    assert masked({"env": env})["env"] == env


def test_references_to_secrets_are_no_secrets() -> None:
    spec = {
        "volumes": [{"name": "tls", "secret": {"secretName": "web-tls", "items": [{"key": "tls.key", "path": "k"}]}}]
    }
    assert masked({"spec": spec})["spec"] == spec


def test_the_password_of_an_address_is_masked_and_its_host_is_not() -> None:
    value = masked({"env": [{"name": "DATABASE_URL", "value": "postgres://app:s3cr3t@db:5432/app"}]})["env"][0]["value"]
    assert "s3cr3t" not in value
    assert "db:5432/app" in value


def test_values_of_config_maps_are_masked_by_their_key_and_by_what_they_say() -> None:
    data = {"api-key": "abc", "app.properties": "db.url=jdbc:mysql://db/app\ndb.password=s3cr3t\n", "replicas": "3"}
    shown = masked({"data": data})["data"]
    assert shown["api-key"] == MASK
    assert shown["replicas"] == "3"
    assert "s3cr3t" not in shown["app.properties"]
    assert "jdbc:mysql://db/app" in shown["app.properties"]


def test_files_in_config_maps_stay_what_they_are() -> None:
    key = "".join(["-----BEGIN RSA PRIVATE KEY-----\n", f"{'A' * 64}\n" * 2, "-----END RSA PRIVATE KEY-----\n"])
    data = {
        "app.json": json.dumps({"db": {"password": "s3cr3t", "pin_token": 123456}, "key": key}),
        "app.yaml": yaml.safe_dump({"db": {"password": "s3cr3t", "certificate": key}, "replicas": 3}),
    }
    shown = masked({"data": data})["data"]
    assert json.loads(shown["app.json"])["db"] == {"password": MASK, "pin_token": MASK}
    assert yaml.safe_load(shown["app.yaml"])["replicas"] == 3
    assert "s3cr3t" not in shown["app.yaml"]
    assert "AAAA" not in json.dumps(shown)


def test_the_value_behind_a_secret_flag_is_masked() -> None:
    assert masked({"args": ["--user", "app", "--password", "s3cr3t"]})["args"] == ["--user", "app", "--password", MASK]


def test_secrets_keep_the_names_of_their_keys_only() -> None:
    secret = {"metadata": {"name": "s"}, "data": {"password": "czNjcjN0"}, "stringData": {"a": "s3cr3t"}}
    assert clean(secret, "Secret") == {"metadata": {"name": "s"}, "data": {"password": ""}, "stringData": {"a": ""}}


def test_what_kubectl_apply_repeats_in_an_annotation_is_dropped() -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": '{"password":"x"}', "team": "shop"}
    item = {"metadata": {"name": "web", "annotations": annotations, "managedFields": [{"manager": "kubectl"}]}}
    assert clean(item, "Deployment") == {"metadata": {"name": "web", "annotations": {"team": "shop"}}}


@given(JSON_VALUES)
def test_masking_changes_strings_and_nothing_else(value: object) -> None:
    assert _shape(masked({"spec": value})["spec"]) == _shape(value)


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value]
    return "" if isinstance(value, str) else value


@given(JSON_VALUES)
def test_masking_twice_is_masking_once(value: object) -> None:
    once = masked({"data": value})
    assert masked(once) == once


@given(st.binary(max_size=300))
def test_any_log_can_be_masked_and_keeps_its_lines(data: bytes) -> None:
    assert masked_log(data).count(b"\n") == data.count(b"\n")
