"""The arithmetic of an eviction, from the kubelet's message."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.knowledge.eviction.shortage import read_shortage

#: Recorded with Kubernetes 1.34.4; the other as a field report prints it.
NEW = (
    "The node was low on resource: ephemeral-storage. Threshold quantity: 63126Mi, available: 61414108Ki. "
    "Container spooler was using 2381868Ki, request is 0, has larger consumption of ephemeral-storage. "
)
OLD = (
    "The node was low on resource: ephemeral-storage. "
    "Container codis-proxy was using 10619440Ki, which exceeds its request of 0. "
)


def test_a_new_message_states_threshold_availability_and_use() -> None:
    shortage = read_shortage(NEW)
    assert shortage is not None
    assert shortage.missing == (Decimal(63126) * 1024 - Decimal(61414108)) * 1024
    assert shortage.excess == Decimal(2381868) * 1024


def test_an_old_message_states_the_use() -> None:
    shortage = read_shortage(OLD)
    assert shortage is not None
    assert (shortage.resource, shortage.missing) == ("ephemeral-storage", None)
    assert shortage.explained().startswith("it used 10.13Gi of ephemeral-storage, 10.13Gi above its request")


@pytest.mark.parametrize("text", ["The node had condition: [DiskPressure]. ", "Usage of EmptyDir volume", ""])
def test_other_messages_speak_of_no_shortage(text: str) -> None:
    assert read_shortage(text) is None


@given(st.text(max_size=60), st.integers(0, len(NEW)))
def test_any_message_is_read_to_an_end(noise: str, cut: int) -> None:
    shortage = read_shortage(NEW[:cut] + noise + NEW[cut:])
    assert shortage is None or shortage.resource
