"""What the logs of etcd's members say together: recorded clusters (tests/cases/etcd) and what looks like them."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from kwhy.knowledge.etcd.logs import seconds_of
from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

CASES = Path(__file__).parents[2] / "cases" / "etcd"


def logs_of(case: str) -> dict[str, str]:
    with tarfile.open(CASES / case / "evidence.tar.xz") as archive:
        members = [(member.name, archive.extractfile(member)) for member in archive]
        return {name: content.read().decode() for name, content in members if content is not None}


def diagnosed(tmp_path: Path, logs: dict[str, str]) -> Diagnosis:
    for name, text in logs.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return diagnose([str(tmp_path)])


def roots(diagnosis: Diagnosis) -> list[str]:
    return [cause.finding.condition.code for cause in diagnosis.root_causes if cause.role == "root-cause"]


def codes(diagnosis: Diagnosis) -> set[str]:
    return {finding.condition.code for finding in diagnosis.findings}


def test_the_slow_member_alone_is_named(tmp_path: Path) -> None:
    (cause,) = diagnosed(tmp_path, logs_of("disk_slow/leader_of_three")).root_causes
    assert cause.finding.subject.name == "the node of etcd-3.log"
    assert "22 times (up to 2.5 s)" in cause.finding.title


def test_where_all_disks_are_slow_the_title_points_to_what_they_share(tmp_path: Path) -> None:
    diagnosis = diagnosed(tmp_path, logs_of("disk_slow/all_members"))
    assert roots(diagnosis) == ["etcd.disk-slow"] * 3
    assert all("3 of 3 members: they share something" in cause.finding.title for cause in diagnosis.root_causes)


def test_elections_are_counted_by_term(tmp_path: Path) -> None:
    diagnosis = diagnosed(tmp_path, logs_of("disk_slow/leader_of_three"))
    (changes,) = [f for f in diagnosis.findings if f.condition.code == "etcd.leader-changes"]
    assert changes.title == "etcd lost its leader once (term 2 to 3)"


def test_without_the_slow_members_log_the_elections_remain_and_nobody_is_blamed(tmp_path: Path) -> None:
    logs = logs_of("disk_slow/leader_of_three")
    del logs["etcd-3.log"]
    diagnosis = diagnosed(tmp_path, logs)
    assert roots(diagnosis) == []


def test_a_log_that_went_on_quietly_for_long_is_over_it(tmp_path: Path) -> None:
    logs = logs_of("disk_slow/leader_of_three")
    later = "2026-11-22 09:46:42.591569 I | mvcc: finished scheduled compaction at 1 (took 1ms)\n"
    diagnosis = diagnosed(tmp_path, {name: text + later for name, text in logs.items()})
    assert roots(diagnosis) == [] and not codes(diagnosis)


def test_a_single_slow_call_is_no_slow_disk(tmp_path: Path) -> None:
    line = "2026-11-22 05:46:06.754973 W | wal: sync duration of 1.411619937s, expected less than 1s\n"
    assert codes(diagnosed(tmp_path, {"etcd-1.log": line})) == set()


def test_a_planned_stop_of_the_leader_is_no_trouble(tmp_path: Path) -> None:
    zap = '{{"level":"info","ts":"2026-11-22T05:40:{0}Z","caller":"x/y.go:1","msg":"{1}"}}\n'
    stopped = zap.format("24.526", "received signal; shutting down")
    lost = zap.format("24.900", "raft.node: 69613aab7e17b22b lost leader 79c4fb063b06262a at term 3")
    again = zap.format("27.000", "raft.node: 69613aab7e17b22b lost leader 69d88a3f5ae88b6f at term 4")
    end = zap.format("25.100", "raft.node: 69613aab7e17b22b elected leader 69d88a3f5ae88b6f at term 4")
    assert codes(diagnosed(tmp_path, {"a.log": stopped, "b.log": lost + again + end})) == set()


def test_lost_packets_are_told_from_slow_disks_and_from_dead_members(tmp_path: Path) -> None:
    diagnosis = diagnosed(tmp_path, logs_of("peers_not_reached/packets_lost"))
    assert roots(diagnosis) == ["etcd.peers-not-reached"]
    (cause,) = diagnosis.root_causes
    assert "6 of the links between them time out" in cause.finding.title


def test_peers_that_time_out_beside_a_slow_disk_leave_the_network_open(tmp_path: Path) -> None:
    logs = logs_of("peers_not_reached/packets_lost")
    slow = '{"level":"warn","ts":"2026-11-22T05:54:59.929670Z","caller":"wal/wal.go:845","msg":"slow fdatasync",'
    logs["etcd-1.log"] += (slow + '"took":"1.053178688s","expected-duration":"1s"}\n') * 3
    diagnosis = diagnosed(tmp_path, logs)
    assert roots(diagnosis) == ["etcd.disk-slow"]


def test_members_that_are_refused_are_down_and_two_of_three_leave_no_leader(tmp_path: Path) -> None:
    diagnosis = diagnosed(tmp_path, logs_of("member_down/quorum_lost"))
    assert roots(diagnosis) == ["etcd.member-down"] * 2
    assert "etcd.no-leader" in codes(diagnosis)
    assert {cause.finding.subject.name for cause in diagnosis.root_causes} == {"10.77.0.1", "10.77.0.2"}
    assert any("(79c4fb063b06262a)" in cause.finding.title for cause in diagnosis.root_causes)


def test_the_quota_is_named_and_a_disarmed_alarm_is_over(tmp_path: Path) -> None:
    logs = logs_of("space_exceeded/quota_reached")
    (cause,) = diagnosed(tmp_path / "armed", _made(tmp_path / "armed", logs)).root_causes
    assert "its quota of 16 MiB" in cause.finding.title
    # quoted from server/etcdserver/apply.go (v3.5.21), Alarm
    end = '{"level":"warn","ts":"2026-11-22T05:59:00.9Z","caller":"etcdserver/apply.go:783","msg":"alarm disarmed"}\n'
    ended = {name: text + end for name, text in logs.items()}
    assert roots(diagnosed(tmp_path / "over", _made(tmp_path / "over", ended))) == []


def _made(folder: Path, logs: dict[str, str]) -> dict[str, str]:
    folder.mkdir()
    return logs


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("Error from server: etcdserver: mvcc: database space exceeded\n", "etcd.space-exceeded"),
        ("Error from server: etcdserver: leader changed\n", None),
    ],
)
def test_kubectls_words_alone_prove_what_they_say_and_no_more(tmp_path: Path, text: str, detail: str | None) -> None:
    diagnosis = diagnosed(tmp_path, {"kubectl.txt": text})
    assert roots(diagnosis) == ([detail] if detail else [])
    if detail is None:
        commands = " ".join(step.command for step in diagnosis.next_steps)
        assert "etcd" in commands


@pytest.mark.parametrize(
    ("written", "seconds"), [("1.40298339s", 1.40298339), ("341.845546ms", 0.341845546), ("1m2.5s", 62.5), ("", None)]
)
def test_durations_are_read_as_go_prints_them(written: str, seconds: float | None) -> None:
    assert seconds_of(written) == pytest.approx(seconds)


def test_the_api_servers_traces_alone_show_that_etcd_is_slow_and_blame_nobody(tmp_path: Path) -> None:
    logs = logs_of("disk_slow/seen_in_the_api_servers_traces")
    diagnosis = diagnosed(tmp_path, {"kube-apiserver.log": logs["kube-apiserver.log"]})
    assert roots(diagnosis) == []
    (finding,) = diagnosis.findings
    assert finding.title == "etcd is slow: requests took up to 4.5 s"


REFUSED = "The connection to the server 10.77.0.1:6443 was refused - did you specify the right host or port?\n"
STARTING = (CASES.parents[1] / "ingest" / "parsers" / "data" / "static_pods" / "without-etcd.log").read_text()


def linked(diagnosis: Diagnosis) -> set[tuple[str, str, str]]:
    of = {finding.id: finding for finding in diagnosis.findings}
    return {
        (of[link.cause].condition.code, of[link.cause].subject.name, of[link.effect].condition.code)
        for link in diagnosis.links
    }


def test_an_api_server_that_its_member_refuses_lacks_that_member(tmp_path: Path) -> None:
    server = STARTING.replace("127.0.0.1:29999", "10.77.0.1:2379")
    logs = {**logs_of("member_down/quorum_lost"), "kube-apiserver.log": server, "kubectl.txt": REFUSED}
    diagnosis = diagnosed(tmp_path, logs)
    assert roots(diagnosis) == ["etcd.member-down"] * 2
    assert {
        ("etcd.member-down", "10.77.0.1", "controlplane.api-server-without-etcd"),
        ("etcd.no-leader", "etcd", "controlplane.api-server-without-etcd"),
        ("controlplane.api-server-without-etcd", "kube-apiserver", "api.kubectl-fails"),
    } <= linked(diagnosis)


def test_a_member_that_is_down_elsewhere_refuses_no_api_server_that_does_not_call_it(tmp_path: Path) -> None:
    logs = {**logs_of("member_down/quorum_lost"), "kube-apiserver.log": STARTING, "kubectl.txt": REFUSED}
    links = linked(diagnosed(tmp_path, logs))
    assert not any(cause == "etcd.member-down" and "api-server" in effect for cause, _, effect in links)
