"""What a frame and an example goroutine tell by themselves."""

from __future__ import annotations

import pytest

from kwhy.facts.goroutines import Frame, Goroutine


@pytest.mark.parametrize(
    ("name", "receiver", "method"),
    [
        ("(*PluginManager).GetPodNetworkStatus", "PluginManager", "GetPodNetworkStatus"),
        ("instrumentedRuntimeService.PodSandboxStatus", "instrumentedRuntimeService", "PodSandboxStatus"),
        ("(*GenericPLEG).relist-fm", "GenericPLEG", "relist"),
        ("(*Typed[...]).Get", "Typed", "Get"),
        ("main.func1", None, "main.func1"),
        ("(*Server).serveStreams.func1.1", "Server", "serveStreams.func1.1"),
        ("newClientStreamWithParams.func4", None, "newClientStreamWithParams.func4"),
        ("Recvfrom", None, "Recvfrom"),
    ],
)
def test_a_frame_names_the_type_whose_method_runs(name: str, receiver: str | None, method: str) -> None:
    frame = Frame("example.test/package", name)
    assert (frame.receiver_type, frame.method) == (receiver, method)


def test_a_receiver_marked_uncertain_is_not_a_receiver() -> None:
    goroutine = Goroutine(1, None, 1, ("0xc000308800, 0x4", "0xc000308800?", "...", ""))
    assert [goroutine.receiver(index) for index in range(5)] == [0xC000308800, None, None, None, None]


def test_pointers_are_all_addresses_even_uncertain_ones_but_no_small_numbers() -> None:
    goroutine = Goroutine(1, None, 1, ("0xc000308800?, {0xc00001, 0x40}, 0x1, _, ...",))
    assert goroutine.pointers(0) == (0xC000308800, 0xC00001)
