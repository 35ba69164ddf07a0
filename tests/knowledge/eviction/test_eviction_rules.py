"""Who evicted a pod, and why."""
# ruff: noqa: E501 - real messages are quoted whole

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.knowledge.recorded_pods import changed, commands, deepest, diagnosed, evicted, excluded, roots, without_lines

from kwhy.knowledge.eviction.evicted import By, cause_in

MESSAGE = "Pod ephemeral local storage usage exceeds the total limit of containers 30Mi."

OWN_LIMITS = [
    MESSAGE,
    'Usage of EmptyDir volume "cache" exceeds the limit "10Mi". ',
    'Container web exceeded its local ephemeral storage limit "10Mi". ',
]
NODE = [
    # kubernetes/kubernetes#91600 (v1.16), cloud-ark/kubeplus#1382 (v1.3x)
    "The node was low on resource: ephemeral-storage. Container ebaogi-bff-app was using 34260Ki, which exceeds its request of 0. ",
    "The node was low on resource: ephemeral-storage. Threshold quantity: 2146223340, available: 1883424Ki. Container helmer was using 10304Ki, request is 10Mi, has larger consumption of ephemeral-storage. ",
    "The node had condition: [DiskPressure]. ",
]


@pytest.mark.parametrize("text", OWN_LIMITS)
def test_a_message_about_the_pods_own_limit_is_read_so(text: str) -> None:
    assert cause_in(text) is By.OWN_LIMIT


@pytest.mark.parametrize("text", NODE)
def test_a_message_about_the_node_is_read_so(text: str) -> None:
    assert cause_in(text) is By.NODE


@given(st.text(max_size=3000))
def test_any_message_is_read_without_an_error(text: str) -> None:
    cause_in(text)


def test_the_limit_stands_in_the_title() -> None:
    assert "30Mi" in roots(diagnosed(evicted()))["eviction.own-limit-exceeded"]


def test_a_volume_that_is_too_full_is_named() -> None:
    text = changed(evicted(), (MESSAGE, OWN_LIMITS[1]))
    assert "emptyDir cache's limit of 10Mi" in roots(diagnosed(text))["eviction.own-limit-exceeded"]


@pytest.mark.parametrize("text", NODE)
def test_a_node_that_ran_short_is_no_limit_of_the_pod(text: str) -> None:
    diagnosis = diagnosed(changed(evicted(), (MESSAGE, text)))
    assert not roots(diagnosis)
    assert "eviction.own-limit-exceeded" in excluded(diagnosis)
    assert "eviction.node-shortage" in deepest(diagnosis)


def test_without_a_message_the_pod_is_asked_for() -> None:
    diagnosis = diagnosed(without_lines(evicted(), MESSAGE))
    assert not roots(diagnosis)
    assert "pod.evicted" in deepest(diagnosis)
    assert "kubectl describe pod spooler" in commands(diagnosis)
