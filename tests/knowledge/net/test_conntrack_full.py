"""A full table of tracked connections, and counters that look like it."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, recorded, roots

HERE = ("net.conntrack-full", "Node/node-a")


def _recorded() -> Files:
    return recorded("net/conntrack_full/table_full")


def _changed(files: Files, old: str, new: str) -> Files:
    text = files["node-a.txt"].decode()
    assert old in text
    files["node-a.txt"] = text.replace(old, new).encode()
    return files


def _without(files: Files, *words: str) -> Files:
    lines = files["node-a.txt"].splitlines(keepends=True)
    files["node-a.txt"] = b"".join(line for line in lines if not any(word.encode() in line for word in words))
    return files


def test_the_kernels_word_alone_is_enough(tmp_path: Path) -> None:
    assert roots(diagnosed(_without(_recorded(), "nf_conntrack_count", "nf_conntrack_max", "cpu="), tmp_path)) == [HERE]


def test_the_count_alone_is_enough(tmp_path: Path) -> None:
    assert roots(diagnosed(_without(_recorded(), "table full", "cpu="), tmp_path)) == [HERE]


def test_a_table_with_room_is_not_full_whatever_was_dropped_once(tmp_path: Path) -> None:
    files = _changed(_recorded(), "nf_conntrack_count = 262144", "nf_conntrack_count = 90000")
    diagnosis = diagnosed(files, tmp_path)
    assert HERE not in roots(diagnosis)
    assert "net.conntrack-full" in {each.condition.code for each in diagnosis.ruled_out}


def test_entries_that_raced_each_other_are_no_full_table(tmp_path: Path) -> None:
    files = _without(_changed(_recorded(), "count = 262144", "count = 90000"), "table full")
    _changed(files, "insert_failed=0 drop=2", "insert_failed=12 drop=0")
    diagnosis = diagnosed(files, tmp_path)
    cleared = next(each for each in diagnosis.ruled_out if each.condition.code == "net.conntrack-full")
    assert any("equal packets raced" in evidence.says for evidence in cleared.because)


def test_counters_since_boot_alone_leave_it_open_and_ask_for_the_count(tmp_path: Path) -> None:
    files = _without(_recorded(), "nf_conntrack_count", "nf_conntrack_max", "table full")
    diagnosis = diagnosed(files, tmp_path)
    assert HERE not in roots(diagnosis)
    assert any("conntrack -S" in step.command for step in diagnosis.next_steps)


def test_what_the_kernel_stopped_saying_an_hour_ago_is_over(tmp_path: Path) -> None:
    files = _without(_recorded(), "nf_conntrack_count", "nf_conntrack_max")
    later = "[Sun Nov 22 06:58:00 2026] eth1: renamed from veth9\n[root@node-a ~]# nsenter"
    diagnosis = diagnosed(_changed(files, "[root@node-a ~]# nsenter", later), tmp_path)
    assert HERE not in roots(diagnosis)
