"""Programs that end: with an error, by themselves, or because the kubelet stopped them."""

from __future__ import annotations

from tests.knowledge.recorded_pods import (
    changed,
    deepest,
    diagnosed,
    excluded,
    init_fails,
    liveness,
    roots,
    undecided,
    without_lines,
)

PODS = "describe/pods-reports.txt"
LIVENESS = "    Liveness:     http-get http://:8081/healthz delay=0s timeout=1s period=3s #success=1 #failure=2\n"


def test_a_program_that_completes_again_and_again_ends_by_itself() -> None:
    text = changed(without_lines(liveness(), "Unhealthy", "Killing"), (LIVENESS.strip() + "\n", ""))
    assert list(roots(diagnosed(text))) == ["container.exits-at-once"]


def test_with_a_liveness_probe_and_no_events_nobody_knows_who_ended_it() -> None:
    diagnosis = diagnosed(without_lines(liveness(), "Unhealthy", "Killing"))
    assert not roots(diagnosis)
    assert {"container.exits-at-once", "probe.liveness-kills"} <= undecided(diagnosis)


def test_a_program_that_the_kubelet_stops_does_not_end_by_itself() -> None:
    assert "container.exits-at-once" in excluded(diagnosed(liveness()))


def test_the_last_error_of_the_log_goes_with_the_exit_code() -> None:
    log = "logs/reports_reports-5c8687b776-dxbwd_wait-for-db_previous.log"
    diagnosis = diagnosed(init_fails(PODS), (log, init_fails(log)))
    assert not roots(diagnosis)
    assert "container.exits-with-error" in deepest(diagnosis)
    (finding,) = [f for f in diagnosis.findings if f.condition.code == "container.exits-with-error"]
    assert any("connection refused" in evidence.says for evidence in finding.evidence)
