"""A value that was not observed cannot be mistaken for one that was."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kwhy.model.document import Document
from kwhy.model.seen import NotObserved, Seen
from kwhy.probes.kubectl import NODES

PLACE = Document("nodes.txt", b"node-a   Ready\n").at(line=1, excerpt="node-a   Ready")


def test_an_observed_value_has_a_place() -> None:
    seen = Seen("Ready", PLACE)
    assert seen.observed
    assert seen.value == "Ready"
    assert seen.place is PLACE


def test_reading_what_nobody_showed_says_what_is_missing_and_how_to_get_it() -> None:
    missing: Seen[str] = Seen.missing("the Ready condition of node-a", NODES.of())
    assert not missing.observed
    with pytest.raises(NotObserved) as raised:
        _ = missing.value
    assert raised.value.what == "the Ready condition of node-a"
    assert [call.command for call in raised.value.probes] == ["kubectl get nodes -o yaml"]


def test_what_nobody_showed_has_no_place_either() -> None:
    missing: Seen[str] = Seen.missing("the Ready condition of node-a")
    with pytest.raises(NotObserved):
        _ = missing.place


def test_an_observed_empty_value_is_a_value() -> None:
    assert Seen[str]("", PLACE).value == ""
    assert Seen[str | None](None, PLACE).value is None


MISUSES: list[Callable[[object], object]] = [
    bool,
    str,
    lambda seen: f"{seen}",
    lambda seen: seen == "Ready",
    lambda seen: seen != seen,
    lambda seen: seen < "Ready",  # type: ignore[operator]
    lambda seen: seen >= "Ready",  # type: ignore[operator]
    hash,
    lambda seen: seen in {"Ready"},
]


@pytest.mark.parametrize("misuse", MISUSES)
@pytest.mark.parametrize("seen", [Seen("Ready", PLACE), Seen[str].missing("it")], ids=["observed", "missing"])
def test_a_seen_is_neither_true_nor_equal_nor_printable(misuse: Callable[[object], object], seen: object) -> None:
    with pytest.raises(TypeError):
        misuse(seen)
