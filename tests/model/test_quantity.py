"""Quantities as Kubernetes writes them (apimachinery v0.34.4 pkg/api/resource/quantity_test.go), exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.model.quantity import in_words, parse_quantity

WRITTEN = [
    ("0", "0"),
    ("100m", "0.1"),
    ("0.5", "0.5"),
    (".5", "0.5"),
    ("1.", "1"),
    ("1Ki", "1024"),
    ("1.5Gi", "1610612736"),
    ("8145516Ki", "8341008384"),
    ("1k", "1000"),
    ("1M", "1000000"),
    ("2E", "2000000000000000000"),
    ("1Ei", "1152921504606846976"),
    ("100n", "0.0000001"),
    ("5u", "0.000005"),
    ("1e3", "1000"),
    ("1E3", "1000"),
    ("1e-3", "0.001"),
    ("-2", "-2"),
    ("+2", "2"),
]


@pytest.mark.parametrize(("written", "number"), WRITTEN)
def test_a_written_quantity_is_an_exact_number(written: str, number: str) -> None:
    assert parse_quantity(written) == Decimal(number)


@pytest.mark.parametrize("written", ["", "m", "1KI", "1 Gi", "1kk", "0x1", "1e", "--1", "<unknown>", "1,5", "NaN"])
def test_what_is_no_quantity_has_no_number(written: str) -> None:
    assert parse_quantity(written) is None


def test_numbers_of_yaml_are_quantities() -> None:
    assert parse_quantity(2) == 2
    assert parse_quantity(0.5) == Decimal("0.5")


@given(st.integers(0, 10**15), st.sampled_from(["", "m", "k", "Ki", "Mi", "Gi", "Ti"]))
def test_more_of_a_unit_is_more(number: int, suffix: str) -> None:
    less, more = parse_quantity(f"{number}{suffix}"), parse_quantity(f"{number + 1}{suffix}")
    assert less is not None
    assert more is not None
    assert less < more


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    parse_quantity(text)


@pytest.mark.parametrize(
    ("resource", "amount", "words"),
    [
        ("cpu", "0.1", "100m"),
        ("cpu", "64", "64"),
        ("cpu", "1.5", "1.5"),
        ("memory", "1610612736", "1.5Gi"),
        ("memory", "1000", "1000"),
        ("ephemeral-storage", "31457280", "30Mi"),
        ("pods", "110", "110"),
        ("nvidia.com/gpu", "8", "8"),
    ],
)
def test_amounts_read_as_people_write_them(resource: str, amount: str, words: str) -> None:
    assert in_words(resource, Decimal(amount)) == words
