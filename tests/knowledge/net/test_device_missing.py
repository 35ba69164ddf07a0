"""A device that is missing, one that has another name, and one that is back."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, recorded, roots

RENAMED = ("net.device-renamed", "Node/node-a")
MISSING = ("net.device-missing", "Node/node-a")


def _recorded() -> Files:
    return recorded("net/device_renamed/by_udev")


def _without(files: Files, *words: bytes) -> Files:
    lines = files["node-a.txt"].splitlines(keepends=True)
    files["node-a.txt"] = b"".join(line for line in lines if not any(word in line for word in words))
    return files


def test_both_names_are_told(tmp_path: Path) -> None:
    diagnosis = diagnosed(_recorded(), tmp_path)
    assert roots(diagnosis) == [RENAMED]
    assert "eth1 is called ens6 now" in diagnosis.root_causes[0].finding.title


def test_without_the_kernels_word_it_is_missing(tmp_path: Path) -> None:
    assert roots(diagnosed(_without(_recorded(), b"renamed from"), tmp_path)) == [MISSING]


def test_a_former_renaming_of_a_device_that_is_gone_is_no_other_name(tmp_path: Path) -> None:
    assert roots(diagnosed(_without(_recorded(), b"7: ens6", b"0a:96:28:52:7e:23"), tmp_path)) == [MISSING]


def test_a_device_that_comes_back_in_the_same_session_is_not_missing(tmp_path: Path) -> None:
    files = _without(_recorded(), b"renamed from")
    files["node-a.txt"] = files["node-a.txt"].replace(b"7: ens6@if7", b"7: eth1@if7")
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert not diagnosis.findings
