"""Killed for memory: only where the runtime says so, and where the container has a limit of its own."""

from __future__ import annotations

from tests.knowledge.recorded_pods import (
    changed,
    commands,
    deepest,
    diagnosed,
    excluded,
    out_of_memory,
    roots,
    undecided,
    without_lines,
)

LIMITS = "    Limits:\n      memory:  16Mi\n"


def test_the_limit_stands_in_the_title() -> None:
    assert "16Mi" in roots(diagnosed(out_of_memory()))["container.out-of-memory"]


def test_exit_code_137_alone_is_no_proof() -> None:
    diagnosis = diagnosed(changed(out_of_memory(), ("Reason:       OOMKilled", "Reason:       Error")))
    assert not roots(diagnosis)
    assert "container.out-of-memory" in excluded(diagnosis)
    assert "container.killed" in deepest(diagnosis)


def test_a_container_whose_limit_was_not_shown_leaves_the_cause_open() -> None:
    diagnosis = diagnosed(changed(out_of_memory(), (LIMITS, "")))
    assert not roots(diagnosis)
    assert "container.out-of-memory" in undecided(diagnosis) | excluded(diagnosis)


def test_a_row_that_prints_oomkilled_asks_for_the_pod() -> None:
    rows = (
        "$ kubectl get pods -n search\nNAME                     READY   STATUS      RESTARTS      AGE\n"
        "ranker-74cffd69c-v7ftn   0/1     OOMKilled   4 (51s ago)   2m\n"
    )
    diagnosis = diagnosed(rows)
    assert not roots(diagnosis)
    assert "ranker-74cffd69c-v7ftn" in commands(diagnosis)


def test_a_neighbour_that_runs_is_no_finding() -> None:
    text = out_of_memory()
    healthy = text[: text.index("Name:             ranker-")]
    assert not diagnosed(without_lines(healthy, "ranker")).findings
