"""Only the events of a recorded fault are pasted: what they show is found, and never another cause."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.harness.case import Recorded, all_cases
from tests.harness.claims import assert_no_wrong_root
from tests.harness.evidence import files_of, judged, read_files

from kwhy.model.diagnosis import Diagnosis


def _events(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name.rpartition("/")[2].startswith("events")}


WITH_EVENTS = [case for case in all_cases() if any(n.endswith(".txt") for n in _events(files_of(case)))]
BY_NAME = {case.name: case for case in WITH_EVENTS}


def diagnosed(recorded: Recorded, folder: Path) -> Diagnosis:
    tables = {name: data for name, data in _events(files_of(recorded)).items() if name.endswith(".txt")}
    return judged(recorded.case, read_files(tables, folder))


@pytest.mark.parametrize("recorded", WITH_EVENTS, ids=lambda case: case.name)
def test_events_alone_lead_to_no_wrong_root(recorded: Recorded, tmp_path: Path) -> None:
    diagnosis = diagnosed(recorded, tmp_path)
    assert_no_wrong_root(recorded.case, diagnosis, "events only")
    assert diagnosis.outcome != "healthy"


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("image/not_found/tag", "image.not-found"),
        ("config/configmap_missing/mounted", "config.configmap-missing"),
        ("quota/exceeded/number_of_pods", "quota.exceeded"),
        ("scheduling/selector_matches_no_node/other_disk_type", "scheduling.selector-matches-no-node"),
        ("storage/class_missing/misnamed_class", "storage.class-missing"),
        ("probe/wrong_port/liveness", "probe.liveness-kills"),
        ("autoscaling/metrics_api_missing/no_metrics_server", "autoscaling.not-scaling"),
        ("kubelet/not_running/stopped", "node.not-ready"),
        ("scheduling/request_exceeds_every_node/sixty_four_cores", "pod.unscheduled"),
    ],
)
def test_events_alone_show(name: str, condition: str, tmp_path: Path) -> None:
    causes = diagnosed(BY_NAME[name], tmp_path).root_causes
    assert condition in {cause.finding.condition.code for cause in causes}
