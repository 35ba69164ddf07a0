"""Looks alike: an answer that is where it should be, one that nobody has an expectation of, another server's."""

from pathlib import Path

from tests.harness.changed import Files, diagnosed, found, objects_and_logs, recorded, roots

ROOT = ("dns.wrong-record", "NameRecord/rates.example.com")


def files() -> Files:
    return objects_and_logs(recorded("dns/wrong_record"))


def test_the_server_that_answers_outside_the_expected_network_is_blamed(tmp_path: Path) -> None:
    assert roots(diagnosed(files(), tmp_path)) == [ROOT]


def test_without_an_expectation_it_is_a_question(tmp_path: Path) -> None:
    shown = files()
    del shown["expect.yaml"]
    diagnosis = diagnosed(shown, tmp_path)
    assert roots(diagnosis) == []
    asked = [finding for finding in diagnosis.undetermined if finding.condition.code == ROOT[0]]
    assert asked


def test_an_answer_that_is_admitted_is_right(tmp_path: Path) -> None:
    shown = files() | {"expect.yaml": b"# kwhy expect\nrates.example.com: [203.0.113.0/24]\n"}
    assert ROOT[0] not in found(diagnosed(shown, tmp_path))


def test_without_the_outside_servers_own_answer_nobody_is_blamed(tmp_path: Path) -> None:
    shown = files()
    session = shown["dns-session.txt"].decode()
    shown["dns-session.txt"] = session[: session.index("$ dig @10.55.0.10")].encode()
    assert ROOT not in roots(diagnosed(shown, tmp_path))
