"""Scalars as Kubernetes' YAML reads them; the expectations are the output of sigs.k8s.io/yaml v1.6.0, YAMLToJSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.ingest.api.yaml_events import Builder, Refused, scalar
from kwhy.ingest.api.yaml_lines import field_lines


def built(text: str) -> object:
    return Builder(lambda item: None).build(text.encode())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *[(word, "true") for word in ("y", "Y", "yes", "Yes", "on", "true", "True", "TRUE")],
        *[(word, "false") for word in ("n", "N", "no", "off", "false")],
        *[(word, "null") for word in ("null", "~", "Null", "")],
        ("012", "10"), ("0o12", "10"), ("0x1F", "31"), ("0b101", "5"), ("0_7", "7"), ("1_000", "1000"), ("08", "8"),
        ("+1", "1"), ("-0", "0"), ("1e3", "1000"), ("1e+3", "1000"), ("0.1e+2", "10"), ("1.5", "1.5"), (".5", "0.5"),
        ("5.", "5"), ("+.5", "0.5"), ("1.0", "1"), ("1_0.5", "10.5"), ("123456789012345678", "123456789012345678"),
        ("18446744073709551616", "18446744073709552000"), ("-9223372036854775809", "-9223372036854776000"),
        ("39471248e902", '"39471248e902"'), ("1e1000", '"1e1000"'), ("12:30:45", '"12:30:45"'),
        ("2021-01-01", '"2021-01-01"'), ("2021-01-01T00:00:00Z", '"2021-01-01T00:00:00Z"'),
        ("=", '"="'), ("<<", '"<<"'), ("''", '""'), ("!!str 12", '"12"'), ('"12"', '"12"'), ("12Mi", '"12Mi"'),
    ],
)  # fmt: skip
def test_a_scalar_reads_as_in_kubernetes(written: str, read: str) -> None:
    value = built(f"a: {written}\n")
    expected = json.loads(read)
    assert isinstance(value, dict)
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        assert float(value["a"]) == float(expected)
    else:
        assert value["a"] == expected
        assert type(value["a"]) is type(expected)


def test_keys_are_text() -> None:
    assert built('"a": 1\n1: 2\ntrue: 3\n1.5: 4\n') == {"a": 1, "1": 2, "true": 3, "1.5": 4}


def test_a_merge_key_fills_in_what_is_missing() -> None:
    assert built("a: &x {b: 1}\nc: {<<: *x, d: 2}\n") == {"a": {"b": 1}, "c": {"b": 1, "d": 2}}


def test_of_duplicate_keys_the_last_counts() -> None:
    assert built("a: 1\na: 2\n") == {"a": 2}


def test_nesting_that_would_overflow_a_stack_is_refused() -> None:
    for text in ("[" * 100_000, "- " * 100_000, "\n".join(" " * n + "a:" for n in range(2000)), "? " * 50_000):
        with pytest.raises(Refused):
            built(text)


@given(st.text(max_size=20))
def test_every_plain_scalar_has_a_value(text: str) -> None:
    value = scalar(text)
    assert value is None or isinstance(value, bool | int | float | str)


TEXT = st.text(
    alphabet=st.characters(min_codepoint=32, max_codepoint=0x9FFF, exclude_categories=["Cc", "Zl", "Zp", "Cs"])
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(VALUES)
def test_json_is_yaml(value: object) -> None:
    assert built(json.dumps({"a": value}, ensure_ascii=False)) == {"a": value}


def test_lines_of_fields_are_found_inside_a_sequence_element() -> None:
    text = b"- kind: Pod\n  status:\n    conditions:\n    - type: Ready\n      status: 'False'\n    phase: Failed\n"
    assert field_lines(text) == {
        "kind": 0,
        "status": 1,
        "status.conditions": 2,
        "status.conditions[0]": 3,
        "status.conditions[0].type": 3,
        "status.conditions[0].status": 4,
        "status.phase": 5,
    }
