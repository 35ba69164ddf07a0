"""A workload that waits for what is not there, and what else keeps a Service empty."""

from __future__ import annotations

from tests.knowledge.recorded_pods import changed, deepest, diagnosed, init_fails, roots, undecided, without_lines

PODS = "describe/pods-reports.txt"
SERVICES = "describe/services-reports.txt"
ALL = "describe/get-all-reports.txt"
CODE = "dependency.service-without-endpoints"


def test_nothing_stands_behind_the_service_that_the_command_names() -> None:
    diagnosis = diagnosed(init_fails(PODS), init_fails(SERVICES), init_fails(ALL))
    assert list(roots(diagnosis)) == [CODE]
    assert diagnosis.outcome == "explained"
    assert diagnosis.root_causes[0].finding.subject.kind == "Deployment"


def test_without_a_list_of_pods_and_workloads_something_may_stand_behind_it() -> None:
    diagnosis = diagnosed(init_fails(PODS), init_fails(SERVICES))
    assert CODE not in roots(diagnosis)
    assert CODE in undecided(diagnosis)


def test_a_service_that_exists_nowhere_is_missed_only_in_a_list_of_services() -> None:
    pods = changed(init_fails(PODS), ("postgres:5432", "mongo:27017"))
    assert CODE in roots(diagnosed(pods, init_fails(ALL)))
    assert CODE not in roots(diagnosed(pods))


def test_a_workload_behind_the_service_answers_for_itself() -> None:
    image = "registry.lab.example/shop/app:1.4.2"
    row = f"deployment.apps/reports   0/1     1            0           3m9s   reports      {image}   app=reports\n"
    database = row.replace("reports ", "postgres").replace("app=reports", "app=postgres")
    everything = changed(init_fails(ALL), (row, row + database))
    diagnosis = diagnosed(init_fails(PODS), init_fails(SERVICES), everything)
    assert CODE not in roots(diagnosis)


def test_a_selector_that_misses_its_workload_by_little_is_not_a_missing_dependency() -> None:
    services = changed(init_fails(SERVICES), ("app=postgres", "app=report"))
    everything = changed(init_fails(ALL), ("app=postgres", "app=report"))
    assert CODE not in roots(diagnosed(init_fails(PODS), services, everything))


def test_without_the_command_and_the_log_nobody_knows_what_it_waits_for() -> None:
    pods = without_lines(init_fails(PODS), "postgres:5432")
    diagnosis = diagnosed(pods, init_fails(SERVICES), init_fails(ALL))
    assert CODE not in roots(diagnosis)
    assert "container.exits-with-error" in deepest(diagnosis)
