"""Commands without prompts: what was typed is told from what people and programs write about commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.ingest.session.unprompted import bare_commands

PODS = "NAME    READY   STATUS    RESTARTS   AGE\nweb-0   1/1     Running   0          5m"


def commands(text: str) -> list[str]:
    return [prompt.command for prompt in bare_commands(text.splitlines()).values()]


@pytest.mark.parametrize(
    "command",
    ["kubectl get pods -n shop", "k get po", "oc get pods", "kgp -n shop", "sudo kubectl get pods --all-namespaces"],
)
def test_a_command_above_its_output_is_one(command: str) -> None:
    assert commands(f"{command}\n{PODS}\n\n{command} -o wide\n\n{PODS}\n") == [command, f"{command} -o wide"]


def test_a_command_that_printed_nothing_and_the_last_one_count(
    first: str = "kubectl get events -n shop", last: str = "kubectl get endpoints -n shop"
) -> None:
    assert commands(f"{first}\nNo resources found in shop namespace.\n\nkubectl get pods\n{PODS}\n\n{last}\n") == [
        first,
        "kubectl get pods",
        last,
    ]


@pytest.mark.parametrize(
    "text",
    [
        # A sentence; a manual's line within a paragraph; a script; a log; a lone word of a program's name.
        "kubectl get pods shows the following list of all of the pods\n" + PODS,
        "To see the pods, use\nkubectl get pods\nand look at the column STATUS.",
        "#!/bin/sh\nset -e\nkubectl get pods\nkubectl delete pod web-0\n",
        f"{PODS}\nkubectl get pods\n",
        "dig\nthe garden and see what is there",
        "2026-11-21T21:36:46Z INFO started\nkubectl get pods\n",
    ],
)
def test_what_is_written_about_commands_is_none(text: str) -> None:
    assert commands(text) == []


@given(st.lists(st.text(max_size=60) | st.sampled_from(["kubectl get pods", "", "-----", PODS]), max_size=20))
def test_any_text_is_read_to_its_end(lines: list[str]) -> None:
    assert set(bare_commands(lines)) <= set(range(len(lines)))
