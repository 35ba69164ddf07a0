"""Conditions of node-problem-detector about programs of a node, in a recorded description (Kubernetes 1.34).

The failed unit is as systemctl list-units prints it (systemd 252).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.harness.changed import diagnosed, found, roots

RECORDED = (
    Path(__file__).parents[2] / "cases/kernel/file_system_read_only/detector_says_so/evidence/describe-nodes.txt"
).read_text()
FAILED = """node-a# systemctl list-units --failed
  UNIT               LOAD   ACTIVE SUB    DESCRIPTION
* containerd.service loaded failed failed containerd container runtime

LOAD   = Reflects whether the unit definition was properly loaded.
ACTIVE = The high-level unit activation state, i.e. generalization of SUB.
SUB    = The low-level unit activation state, values depend on unit type.
1 loaded units listed.
"""


#: Where the column of types ends.
WIDTH = 23


def described(kind: str, status: str = "True") -> str:
    lines = RECORDED.splitlines()
    begin = lines.index("Conditions:") + 1
    end = lines.index("Addresses:")
    rows = [line[:WIDTH].ljust(WIDTH + 8) + line[WIDTH:] for line in lines[begin:end] if "ReadonlyFile" not in line]
    times = "Sat, 21 Nov 2026 21:40:09 +0000   Sat, 21 Nov 2026 21:38:02 +0000"
    said = "Found 5 matching logs, which meets the threshold of 5"
    rows.append(f"  {kind:<{WIDTH + 6}}{status:<8}{times}   {kind:<29}{said}")
    return "\n".join([*lines[:begin], *rows, *lines[end:]])


@pytest.mark.parametrize("kind", ["KubeletUnhealthy", "FrequentContainerdRestart"])
def test_what_is_reported_is_a_symptom_whose_cause_stays_open(kind: str, tmp_path: Path) -> None:
    diagnosis = diagnosed({"describe.txt": described(kind).encode()}, tmp_path)
    assert "node.detector-complains" in found(diagnosis)
    assert roots(diagnosis) == []


def test_a_condition_that_is_false_is_no_symptom(tmp_path: Path) -> None:
    diagnosis = diagnosed({"describe.txt": described("KubeletUnhealthy", "False").encode()}, tmp_path)
    assert "node.detector-complains" not in found(diagnosis)


def test_a_runtime_that_is_restarted_and_failed_is_the_cause(tmp_path: Path) -> None:
    files = {
        "node-a/describe.txt": described("FrequentContainerdRestart").encode(),
        "node-a/units.txt": FAILED.encode(),
    }
    assert roots(diagnosed(files, tmp_path)) == [("runtime.not-running", "Node/node-a")]
