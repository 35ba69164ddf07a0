"""Single values as kubectl prints them."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from kwhy.facts.objects import LabelSelector, LabelSelectorRequirement, Taint, Toleration
from kwhy.ingest.kubectl.words import count_or_percent, label_list, selector, taints, timestamp, tolerations, whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sat, 21 Nov 2026 21:32:20 +0000", "2026-11-21T21:32:20Z"),
        ("Fri, 28 Jun 2019 10:19:21 +0800", "2019-06-28T02:19:21Z"),
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
        ("Mon, 01 Jan 0001 00:00:00 +0000", None),
        ("<unset>", None),
        ("<unknown>", None),
        ("yesterday", UNSET),
        ("Sat, 99 Nov 2026 21:32:20 +0000", UNSET),
    ],
)
def test_times_become_those_of_the_api(text: str, expected: object) -> None:
    assert timestamp(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app=web", LabelSelector({"app": "web"})),
        ("<none>", LabelSelector()),
        ("<unset>", None),
        (
            "app=db,!legacy,tier in (cold,hot),zone notin (z1)",
            LabelSelector(
                {"app": "db"},
                [
                    LabelSelectorRequirement("legacy", "DoesNotExist", None),
                    LabelSelectorRequirement("tier", "In", ["cold", "hot"]),
                    LabelSelectorRequirement("zone", "NotIn", ["z1"]),
                ],
            ),
        ),
        ("gpu", LabelSelector(None, [LabelSelectorRequirement("gpu", "Exists", None)])),
        ("what is this?", UNSET),
    ],
)
def test_selectors_are_parsed(text: str, expected: object) -> None:
    assert selector(text) == expected


def test_labels_that_cannot_be_read_are_not_shown_rather_than_empty() -> None:
    assert label_list("a=b,c=") == {"a": "b", "c": ""}
    assert label_list("<none>") == {}
    assert label_list("something else") is UNSET


def test_taints_are_parsed() -> None:
    assert taints(["maintenance=true:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"]) == [
        Taint("maintenance", "true", "NoSchedule"),
        Taint("node.kubernetes.io/unreachable", "", "NoExecute"),
    ]
    assert taints(["<none>"]) == []
    assert taints(["no taint"]) is UNSET


def test_tolerations_of_old_and_new_versions_are_parsed() -> None:
    # "op=Exists" is printed since kubectl 1.19
    assert tolerations(
        [
            "dedicated=db:NoSchedule",
            "node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
            "node.alpha.kubernetes.io/notReady:NoExecute for 300s",
            ":NoSchedule op=Exists",
            "op=Exists",
        ]
    ) == [
        Toleration("dedicated", "", "db", "NoSchedule"),
        Toleration("node.kubernetes.io/not-ready", "Exists", "", "NoExecute", 300),
        Toleration("node.alpha.kubernetes.io/notReady", "Exists", "", "NoExecute", 300),
        Toleration("", "Exists", "", "NoSchedule"),
        Toleration("", "Exists", "", ""),
    ]


def test_numbers_are_numbers_or_not_shown() -> None:
    assert whole("3") == 3
    assert whole("<unset>") is None
    assert whole("three") is UNSET
    assert count_or_percent("25%") == "25%"
    assert count_or_percent("N/A") is None
    assert count_or_percent("2") == 2
