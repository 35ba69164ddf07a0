"""An API server that refuses requests (tests/ingest/parsers/data/metrics/ORIGIN.txt)."""

from __future__ import annotations

from pathlib import Path

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

METRICS = (Path(__file__).parents[2] / "ingest" / "parsers" / "data" / "metrics" / "apiserver-overload.txt").read_text()
#: The seats of a server with the default limits (600 in all), as apiserver v0.34 divides them.
USUAL = {"catch-all": 13, "global-default": 49, "leader-election": 25, "node-high": 98, "system": 74,
         "workload-high": 98, "workload-low": 245}  # fmt: skip
STORM = 'apiserver_flowcontrol_rejected_requests_total{{flow_schema="{}",priority_level="{}",reason="queue-full"}} {}\n'


def diagnosed(tmp_path: Path, metrics: str, **more: str) -> Diagnosis:
    (tmp_path / "metrics.txt").write_text(metrics)
    for name, text in more.items():
        (tmp_path / f"{name}.txt").write_text(text)
    return diagnose([str(tmp_path)])


def roots(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    return [(c.finding.condition.code, c.finding.subject.name) for c in diagnosis.root_causes if c.role == "root-cause"]


def usual_seats() -> str:
    line = 'apiserver_flowcontrol_nominal_limit_seats{{priority_level="{}"}} {}\n'
    return "".join(line.format(level, seats) for level, seats in USUAL.items())


def test_too_few_seats_are_the_root_of_refusals(tmp_path: Path) -> None:
    diagnosis = diagnosed(tmp_path, METRICS)
    assert roots(diagnosis) == [("controlplane.api-server-limits-low", "kube-apiserver")]
    assert "only 7 requests at once" in diagnosis.root_causes[0].finding.title


def test_what_kubectl_says_is_explained_by_them(tmp_path: Path) -> None:
    said = (
        "Error from server (TooManyRequests): the server has received too many requests and has asked us to try again"
    )
    diagnosis = diagnosed(tmp_path, METRICS, kubectl=f"{said} later (get pods)\n")
    assert roots(diagnosis) == [("controlplane.api-server-limits-low", "kube-apiserver")]
    assert diagnosis.outcome == "explained"


def test_with_the_usual_seats_one_schema_that_is_refused_most_is_a_storm(tmp_path: Path) -> None:
    storm = STORM.format("service-accounts", "workload-low", 9000) + STORM.format("catch-all", "catch-all", 3)
    diagnosis = diagnosed(tmp_path, usual_seats() + storm)
    assert roots(diagnosis) == [("api.client-storm", "service-accounts")]


def test_with_the_usual_seats_and_refusals_everywhere_the_cause_stays_open(tmp_path: Path) -> None:
    storm = "".join(STORM.format(level, level, 100) for level in USUAL)
    diagnosis = diagnosed(tmp_path, usual_seats() + storm)
    assert roots(diagnosis) == []
    assert [f.condition.code for f in diagnosis.findings] == ["api.requests-rejected"]


def test_a_small_share_of_all_requests_is_a_passing_moment(tmp_path: Path) -> None:
    served = (
        'apiserver_flowcontrol_dispatched_requests_total{flow_schema="system-nodes",priority_level="system"} 900000\n'
    )
    diagnosis = diagnosed(tmp_path, usual_seats() + STORM.format("catch-all", "catch-all", 30) + served)
    assert not diagnosis.findings


def test_a_server_that_refuses_nobody_is_fine_with_few_seats(tmp_path: Path) -> None:
    quiet = "".join(line for line in METRICS.splitlines(keepends=True) if "rejected" not in line)
    assert not diagnosed(tmp_path, quiet).findings
