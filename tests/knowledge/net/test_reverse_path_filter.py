"""The strict reverse path filter, and martians that have another reason."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, recorded, roots

HERE = ("net.reverse-path-filter", "Node/node-a")


def _recorded() -> Files:
    return recorded("net/reverse_path_filter/strict")


def _changed(files: Files, old: str, new: str) -> Files:
    text = files["node-a.txt"].decode()
    assert old in text
    files["node-a.txt"] = text.replace(old, new).encode()
    return files


def _states(files: Files, folder: Path) -> tuple[bool, str]:
    """Whether it is the root, and else where it stands."""
    diagnosis = diagnosed(files, folder)
    if HERE in roots(diagnosis):
        return True, "root"
    cleared = any(each.condition.code == HERE[0] for each in diagnosis.ruled_out)
    return False, "ruled out" if cleared else "open"


def test_both_ways_are_named_with_the_setting(tmp_path: Path) -> None:
    title = diagnosed(_recorded(), tmp_path).root_causes[0].finding.title
    assert "from 192.168.50.12 that come in by eth1, because it would answer by eth0" in title


def test_loose_for_the_device_wins_over_strict_for_all(tmp_path: Path) -> None:
    files = _changed(_recorded(), "eth1.rp_filter = 1", "eth1.rp_filter = 2")
    _changed(files, "eth0.rp_filter = 1", "eth0.rp_filter = 2")
    assert _states(files, tmp_path) == (False, "ruled out")


def test_strict_for_all_counts_although_the_device_says_none(tmp_path: Path) -> None:
    files = _changed(_recorded(), "eth1.rp_filter = 1", "eth1.rp_filter = 0")
    assert _states(files, tmp_path) == (True, "root")


def test_a_martian_by_the_device_that_leads_back_has_another_reason(tmp_path: Path) -> None:
    assert _states(_changed(_recorded(), "on dev eth1", "on dev eth0"), tmp_path) == (False, "open")


def test_a_martian_of_the_nodes_own_address_has_another_reason(tmp_path: Path) -> None:
    files = _changed(_recorded(), "192.168.50.11 from 192.168.50.12, on", "192.168.50.12 from 192.168.60.11, on")
    assert _states(files, tmp_path)[0] is False


def test_the_counter_alone_leaves_it_open(tmp_path: Path) -> None:
    files = _recorded()
    lines = files["node-a.txt"].splitlines(keepends=True)
    files["node-a.txt"] = b"".join(line for line in lines if b"martian" not in line)
    assert _states(files, tmp_path) == (False, "open")


def test_without_any_drop_it_is_cleared(tmp_path: Path) -> None:
    files = _recorded()
    lines = files["node-a.txt"].splitlines(keepends=True)
    files["node-a.txt"] = b"".join(line for line in lines if b"martian" not in line)
    _changed(files, "IPReversePathFilter       3", "IPReversePathFilter       0")
    assert _states(files, tmp_path) == (False, "ruled out")


def test_the_file_that_asks_for_it_is_named(tmp_path: Path) -> None:
    files = _recorded()
    files["node-a/grep.txt"] = b"/etc/sysctl.d/60-hardening.conf:net.ipv4.conf.all.rp_filter = 1\n"
    assert "as /etc/sysctl.d/60-hardening.conf asks" in diagnosed(files, tmp_path).root_causes[0].finding.title


def test_a_martian_that_the_program_does_not_call_explains_nothing_of_it(tmp_path: Path) -> None:
    files = _changed(_recorded(), "nc -vz -w 2 192.168.50.12 6443", "nc -vz -w 2 192.168.50.77 6443")
    _changed(files, "connect to 192.168.50.12", "connect to 192.168.50.77")
    assert _states(files, tmp_path)[0] is False
