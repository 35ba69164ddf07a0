from __future__ import annotations

from typing import Literal

import pytest

from kwhy.cli.diagnose import status
from kwhy.model.condition import Condition, Nature
from kwhy.model.diagnosis import Coverage, Diagnosis, Finding, RootCause
from kwhy.model.subject import Subject

CONDITION = Condition("node.broken", "Node", Nature.ROOT, "broken", "Broken.")
FINDING = Finding("f1", CONDITION, Subject("Node", "n1"), "broken", (), symptom=True)


def diagnosis(
    *causes: tuple[Literal["root-cause", "deepest-known"], float], unexplained: tuple[str, ...] = (), failed: str = ""
) -> Diagnosis:
    roots = tuple(RootCause(1, role, FINDING, confidence, (), ("f1",), ()) for role, confidence in causes)
    return Diagnosis(
        as_of=None,
        outcome="explained",
        root_causes=roots,
        findings=(FINDING,),
        contributing=(),
        links=(),
        ruled_out=(),
        undetermined=(),
        unexplained=unexplained,
        hypotheses=(),
        next_steps=(),
        coverage=Coverage(failed_rules=(failed,) if failed else ()),
    )


@pytest.mark.parametrize(
    ("found", "never", "likely", "anything"),
    [
        (diagnosis(), 0, 0, 0),
        (diagnosis(("root-cause", 0.9)), 0, 1, 1),
        (diagnosis(("root-cause", 0.4)), 0, 0, 1),
        (diagnosis(("deepest-known", 0.9)), 0, 0, 1),
        (diagnosis(unexplained=("f1",)), 0, 0, 1),
        (diagnosis(("root-cause", 0.9), failed="rule: error"), 3, 3, 3),
    ],
)
def test_the_exit_status_follows_the_contract(found: Diagnosis, never: int, likely: int, anything: int) -> None:
    assert [status(found, word) for word in ("never", "likely", "any")] == [never, likely, anything]
