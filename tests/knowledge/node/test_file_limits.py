"""Three limits of open files that sound alike: the program's, the node's, and inotify's."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.harness.changed import Files, diagnosed, objects_and_logs, recorded, roots

CASE = "container/open_files_exhausted/own_limit"
OWN = [("container.open-files-exhausted", "Deployment/segments/segments")]
TABLE = [("node.file-table-full", "Node/node-a")]
INOTIFY = [("node.inotify-limit-reached", "Node/node-a")]
WATCHER = "FATAL failed to create fsnotify watcher: too many open files"


def says(line: str, sysctl: str = "") -> Files:
    files = objects_and_logs(recorded(CASE))
    for name in files:
        if name.startswith("logs/"):
            files[name] = f"2026-11-22T02:31:48.124000996Z {line}\n".encode()
    if sysctl:
        files["node/sysctl.txt"] = f"$ sysctl fs\n{sysctl}\n".encode()
    return files


@pytest.mark.parametrize("line", ["FATAL open /data/x: too many open files in system", "ENFILE: file table overflow"])
def test_the_error_of_the_system_s_table_is_the_node_s(line: str, tmp_path: Path) -> None:
    assert roots(diagnosed(says(line), tmp_path)) == TABLE


def test_the_node_s_own_figures_stand_beside_it(tmp_path: Path) -> None:
    files = says("FATAL open /data/x: too many open files in system", "fs.file-nr = 808640\t0\t808640")
    evidence = [e.says for e in diagnosed(files, tmp_path).root_causes[0].finding.evidence]
    assert "808640 files are open of 808640 that may be" in evidence


@pytest.mark.parametrize(
    "line",
    [
        "Error: ENOSPC: System limit for number of file watchers reached, watch '/app/src'",
        "Failed to watch /data; upper limit on inotify watches reached!",
    ],
)
def test_no_space_for_a_watch_is_no_full_disk(line: str, tmp_path: Path) -> None:
    diagnosis = diagnosed(says(line), tmp_path)
    assert roots(diagnosis) == INOTIFY
    assert "fs.inotify.max_user_watches" in diagnosis.root_causes[0].finding.title


def test_no_instance_where_the_default_holds_is_inotify_s_limit(tmp_path: Path) -> None:
    assert roots(diagnosed(says(WATCHER, "fs.inotify.max_user_instances = 128"), tmp_path)) == INOTIFY


def test_no_instance_where_thousands_are_allowed_is_something_else(tmp_path: Path) -> None:
    assert not roots(diagnosed(says(WATCHER, "fs.inotify.max_user_instances = 8192"), tmp_path))


def test_without_the_node_s_limits_they_are_asked_for(tmp_path: Path) -> None:
    diagnosis = diagnosed(says(WATCHER), tmp_path)
    assert not roots(diagnosis)
    asked = [probe.command for u in diagnosis.undetermined for gap in u.gaps for probe in gap.probes]
    assert any("fs.inotify.max_user_instances" in command for command in asked)


def test_a_program_s_own_limit_stays_its_own(tmp_path: Path) -> None:
    line = "ERROR accept tcp [::]:8080: accept4: too many open files"
    assert roots(diagnosed(says(line, "fs.inotify.max_user_instances = 128"), tmp_path)) == OWN
