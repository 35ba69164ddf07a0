from __future__ import annotations

import msgspec
import pytest

from kwhy.model.diagnosis import Diagnosis
from kwhy.model.subject import Subject
from kwhy.reports import text


def test_the_root_cause_comes_first_with_its_confidence_and_code(explained: Diagnosis) -> None:
    first, second, third, *_ = text.render(explained).splitlines()
    assert first.startswith("ROOT CAUSE  96 %  terwayd on node n1 waits for a netlink answer")
    assert "cni.daemon-stuck-in-netlink" in first + second + third


def test_every_proof_line_ends_with_its_place_and_shows_what_is_written_there(explained: Diagnosis) -> None:
    lines = text.render(explained).splitlines()
    proof = next(number for number, line in enumerate(lines) if line.startswith("  proof"))
    shown = "\n".join(lines[proof : proof + 6])
    assert "4-terwayd-goroutine.txt:1" in shown
    assert "│ goroutine 67570 [syscall, 1595 minutes, locked to thread]:" in shown
    assert "5-crash-bt.txt:8" in shown


def test_the_chain_follows_in_order_up_to_the_symptom(explained: Diagnosis) -> None:
    report = text.render(explained)
    plugins, pleg = report.index("the CNI plugin terway waits"), report.index("→ one PLEG relist had not returned")
    assert report.index("leads to") < plugins < pleg


def test_a_remedy_shows_risk_steps_verification_and_undo_with_names_filled_in(explained: Diagnosis) -> None:
    report = text.render(explained)
    assert "  fix now   Restart terwayd on n1  (risk: medium)" in report
    assert "$ kubectl -n kube-system delete pod DAEMON_POD" in report
    assert "verify: The node stays Ready for more than ten minutes." in report
    assert "$ kubectl get node n1 -w" in report
    assert "undo: Nothing to undo" in report
    assert "  for good  Give netlink sockets a receive timeout  (risk: low)" in report


def test_what_was_ruled_out_is_named_and_why_not_proves_it(explained: Diagnosis) -> None:
    assert "RULED OUT   runtime.hung of node n1" in text.render(explained)
    assert "RunPodSandbox runs a plugin" not in text.render(explained)
    assert "RunPodSandbox runs a plugin" in text.render(explained, why_not=True)
    assert "2-kubelet-sigabrt-cni-exec.txt:11" in text.render(explained, why_not=True)


def test_conditions_ruled_out_for_the_same_subject_stand_together(explained: Diagnosis) -> None:
    one = explained.ruled_out[0]
    disk = msgspec.structs.replace(one, condition=explained.undetermined[0].condition)
    report = text.render(msgspec.structs.replace(explained, ruled_out=(one, disk)))
    assert "RULED OUT   runtime.hung, node.disk-slow of node n1" in report


def test_of_many_things_that_were_ruled_out_the_first_are_named_and_the_rest_counted(explained: Diagnosis) -> None:
    one = explained.ruled_out[0]
    many = tuple(
        msgspec.structs.replace(
            one,
            condition=msgspec.structs.replace(one.condition, code=f"runtime.hung-{number}"),
            subject=Subject("Node", f"n{number}"),
        )
        for number in range(text.GROUPS_SHOWN + 3)
    )
    report = " ".join(text.render(msgspec.structs.replace(explained, ruled_out=many)).split())
    assert f"runtime.hung-{text.GROUPS_SHOWN - 1} of" in report
    assert f"runtime.hung-{text.GROUPS_SHOWN} of" not in report
    assert "and 3 more groups (--why-not shows the proof)" in report


def test_what_is_not_known_comes_with_the_next_command(explained: Diagnosis) -> None:
    report = text.render(explained)
    assert "NOT KNOWN   node.disk-slow of node n1: how long writes to the disk take" in report
    assert "NEXT        on node n1: why the kernel did not answer · separates node.disk-slow" in report
    assert "$ dmesg -T | tail" in report


def test_what_was_read_and_what_was_not_understood_is_listed(explained: Diagnosis) -> None:
    report = text.render(explained, width=100)
    assert "READ        3 files, 7.3 kB · 2 recognised · 12 facts · as of 2019-07-29T17:11:43Z" in report
    assert "picture.png: binary data of no known format" in report
    assert "line 9 holds two frames" in report


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal_but_commands(explained: Diagnosis, width: int) -> None:
    lines = text.render(explained, width=width).splitlines()
    assert [line for line in lines if len(line) > width and "$ " not in line] == []


def test_a_place_longer_than_the_line_is_printed_whole(explained: Diagnosis) -> None:
    cause = explained.root_causes[0]
    long = "a/very/long/path/" * 8 + "kubelet.log"
    evidence = msgspec.structs.replace(
        cause.finding.evidence[0], at=type(cause.finding.evidence[0].at.document)(long, b"").at(line=7)
    )
    finding = msgspec.structs.replace(cause.finding, evidence=(evidence,))
    changed = msgspec.structs.replace(explained, root_causes=(msgspec.structs.replace(cause, finding=finding),))
    assert f"{long}:7" in text.render(changed, width=80)


def test_colour_appears_only_when_asked_for(explained: Diagnosis) -> None:
    assert "\x1b" not in text.render(explained)
    assert "\x1b[1;31mROOT CAUSE" in text.render(explained, colour=True)


def test_healthy_says_what_was_shown(healthy: Diagnosis) -> None:
    assert text.render(healthy).startswith(
        "HEALTHY     Nothing fails: pods, nodes, workloads and Services were all shown"
    )


def test_too_little_evidence_is_never_called_healthy(insufficient: Diagnosis) -> None:
    report = text.render(insufficient)
    assert report.startswith("NOT ENOUGH EVIDENCE")
    assert "HEALTHY" not in report
    assert "$ kubectl get nodes,pods -A -o json" in report


def test_an_unexplained_symptom_stands_first_with_its_place_and_the_open_question_has_a_command(
    unexplained: Diagnosis,
) -> None:
    report = text.render(unexplained)
    assert report.startswith("UNEXPLAINED Something fails, and the evidence proves no root cause of it.")
    assert "one PLEG relist had not returned after 3m26s" in report
    assert "1-kubelet.log:11" in report
    assert "MAY BE      node.disk-slow of node n1 would account for: one PLEG relist" in report
    assert "$ iostat -x 1 5" in report


def test_the_end_of_what_is_proven_is_not_called_a_root_cause(explained: Diagnosis) -> None:
    cause = msgspec.structs.replace(explained.root_causes[0], role="deepest-known")
    report = text.render(msgspec.structs.replace(explained, root_causes=(cause,)))
    assert report.startswith("PROVEN DOWN TO 96 %")
    assert "ROOT CAUSE" not in report


def test_a_symptom_already_told_as_the_end_of_what_is_proven_is_not_repeated(
    explained: Diagnosis, unexplained: Diagnosis
) -> None:
    cause = explained.root_causes[0]
    finding = next(finding for finding in explained.findings if finding.id == "f1")
    deepest = msgspec.structs.replace(cause, role="deepest-known", finding=finding, chain=("f1",), explains=("f1",))
    report = text.render(msgspec.structs.replace(unexplained, root_causes=(deepest,)))
    assert report.count("one PLEG relist had not returned") == 1
    assert "UNEXPLAINED Something fails" in report


def test_top_limits_the_causes_and_says_how_many_are_left(explained: Diagnosis) -> None:
    two = msgspec.structs.replace(explained, root_causes=explained.root_causes * 2)
    assert "1 more cause" in text.render(two, top=1)
    assert text.render(two, top=0).count("ROOT CAUSE 1") == 2


def test_a_rule_that_failed_inside_kwhy_is_reported(explained: Diagnosis) -> None:
    coverage = msgspec.structs.replace(explained.coverage, failed_rules=("kwhy.knowledge.x: KeyError",))
    report = text.render(msgspec.structs.replace(explained, coverage=coverage))
    assert "FAILED      inside kwhy: kwhy.knowledge.x: KeyError" in report


def test_hostile_evidence_neither_acts_on_the_terminal_nor_forges_lines(hostile: Diagnosis) -> None:
    report = text.render(hostile, why_not=True)
    assert not set(report) & {"\x1b", "\u202e", "\ud800", "\r"}
    assert "[bold]b[/bold]" in report
    assert [line for line in report.splitlines() if line.startswith(("second", "red"))] == []
    commands = [line for line in report.splitlines() if "$ kubectl" in line]
    assert [command.split("$ ")[1] for command in commands] == [
        "kubectl -n kube-system delete pod DAEMON_POD",
        "kubectl get node NODE -w",
    ]


def test_wide_characters_keep_the_columns(explained: Diagnosis) -> None:
    from rich.cells import cell_len

    cause = explained.root_causes[0]
    finding = msgspec.structs.replace(cause.finding, title="节点上的网络守护进程在等待内核的应答" * 4)
    report = text.render(
        msgspec.structs.replace(explained, root_causes=(msgspec.structs.replace(cause, finding=finding),)), width=60
    )
    assert max(cell_len(line) for line in report.splitlines() if "$ " not in line) <= 60
