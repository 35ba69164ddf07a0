"""Secrets do not survive in excerpts; what is no secret does."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kwhy.ingest.redact import MASK, redacted

JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.eyJpc3MiOiJrdWJlcm5ldGVzL3NlcnZpY2VhY2NvdW50In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Authorization: Bearer {JWT}", JWT),
        (f"token {JWT} rejected", JWT),
        ("curl -H 'Authorization: Basic dXNlcjpwYXNzd29yZA=='", "dXNlcjpwYXNzd29yZA=="),
        ("mysql --password=hunter2 -h db", "hunter2"),
        ('{"password": "hunter2 and more"}', "hunter2 and more"),
        ("MYSQL_ROOT_PASSWORD: s3cr3t!", "s3cr3t!"),
        (
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ),
        ("using key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("Get https://admin:hunter2@registry.example/v2/: EOF", "hunter2"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA75\n-----END RSA PRIVATE KEY-----", "MIIEpAIBAAKCAQEA75"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA75", "MIIEpAIBAAKCAQEA75"),
        ("MIIEpAIBAAKCAQEA75" + "Ab1/" * 12, "Ab1/" * 12),
        ("--token=abcdef.0123456789abcdef", "0123456789abcdef"),
        ("client_secret='abc def'", "abc def"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "0123456789abcdefghij"),
    ],
)
def test_a_secret_is_masked(text: str, secret: str) -> None:
    assert secret not in redacted(text)
    assert MASK in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found',
        "unable to validate token: expired",
        "PLEG is not healthy: pleg was last seen active 3m0.9s ago; threshold is 3m0s",
        'Get "https://10.96.0.1:443/api/v1/nodes?limit=500": dial tcp 10.96.0.1:443: connect: connection refused',
        "SecretName:  web-tls",
        "image registry.lab.example/shop/app@sha256:" + "ab" * 32,
        "kubelet bearer of bad news",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once


@given(
    st.text(alphabet="abc123", min_size=6, max_size=30),
    st.sampled_from(["password=", "token: ", '"secret": "', "://u:"]),
)
def test_any_value_behind_a_telling_word_is_masked(value: str, word: str) -> None:
    text = f"x {word}{value}" + ("@host/" if word == "://u:" else '"' if word.endswith('"') else "")
    if not value.isdigit():
        assert value not in redacted(text)


def test_the_password_in_a_printed_redis_command_is_masked() -> None:
    assert "cache-old" not in redacted("  command: { name: 'hello', args: [ '3', 'AUTH', 'default', 'cache-old' ] }")
    assert "cache-old" not in redacted("  command: { name: 'auth', args: [ 'AUTH', 'cache-old' ] }")


def test_what_servers_say_about_a_password_is_no_password() -> None:
    for line in (
        "Access denied for user 'orders'@'10.244.0.41' (using password: YES)",
        'failed SASL auth: FATAL: password authentication failed for user "orders" (SQLSTATE 28P01)',
    ):
        assert redacted(line) == line


SECRET_NAMES = st.sampled_from(["password", "api_key", "clientSecret", "auth-token", "DB_PASSWORD", "credentials"])


@given(
    st.dictionaries(SECRET_NAMES, st.text() | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False))
)
def test_json_with_secrets_is_json_without_them(values: dict[str, object]) -> None:
    for indent in (None, 2):
        assert json.loads(redacted(json.dumps(values, indent=indent))).keys() == values.keys()


def test_yaml_with_a_key_keeps_its_indentation() -> None:
    text = f"tls:\n  key: |\n    -----BEGIN X-----\n    {'A' * 64}\n  name: web\n"
    assert yaml.safe_load(redacted(text))["tls"]["name"] == "web"


def test_quotes_around_a_secret_stay() -> None:
    assert redacted('password: "hunter2"') == f'password: "{MASK}"'
    assert redacted("password='hunter2' host=db") == f"password='{MASK}' host=db"
    assert redacted('{"pin_token": 123456}') == f'{{"pin_token": "{MASK}"}}'


def test_a_secret_in_json_that_is_a_string_of_json_is_masked() -> None:
    line = json.dumps({"msg": json.dumps({"password": "hunter2", "host": "db"})})
    assert "hunter2" not in redacted(line)
    assert json.loads(json.loads(redacted(line))["msg"])["host"] == "db"
