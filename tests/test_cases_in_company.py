"""Cases among what has nothing to do with them: the same roots."""

from __future__ import annotations

import pytest
from tests.harness.case import Recorded, all_cases, written
from tests.harness.claims import ANONYMOUS, assert_same_roots, outline
from tests.harness.company import UNRELATED_OBJECTS, second_node, unrelated
from tests.harness.evidence import diagnosis_of, evidence_of, judged, together

from kwhy.facts.objects import ObjectBatch
from kwhy.pipeline import diagnose_evidence

each_case = pytest.mark.parametrize("recorded", all_cases(), ids=lambda recorded: recorded.name)


@each_case
def test_a_second_healthy_node_changes_nothing(recorded: Recorded) -> None:
    diagnosis = judged(recorded.case, together(evidence_of(recorded), second_node()))
    assert_same_roots(recorded.case, diagnosis, "with a second node")


@each_case
def test_five_hundred_healthy_objects_change_nothing(recorded: Recorded) -> None:
    diagnosis = judged(recorded.case, together(evidence_of(recorded), second_node(), unrelated()))
    assert_same_roots(recorded.case, diagnosis, "in a crowd")
    if _tells_enough(recorded):
        assert diagnosis.outcome == recorded.case.outcome, outline(diagnosis)


def _tells_enough(recorded: Recorded) -> bool:
    """Whether the evidence shows a symptom or health, and says which node it comes from.

    A scrap that shows neither is lost in a crowd; a document of an unnamed node may be taken for the crowd's node.
    """
    alone = diagnosis_of(recorded)
    named = not any(ANONYMOUS in written(finding.subject) for finding in alone.findings)
    return alone.outcome != "insufficient-evidence" and named and not alone.notes


def test_the_crowd_is_as_large_as_it_is_called_and_nothing_of_it_fails() -> None:
    crowd = together(second_node(), unrelated())
    objects = [struct for batch in crowd.of(ObjectBatch) for struct in batch.objects]
    names = {(type(o), o.metadata.namespace, o.metadata.name) for o in objects}
    assert len(names) >= UNRELATED_OBJECTS
    assert not diagnose_evidence(crowd).findings
