"""A process at its limit of open files, and the two limits that sound like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.harness.changed import diagnosed, objects_and_logs, recorded, roots

CASE = "container/open_files_exhausted/own_limit"
EXHAUSTED = [("container.open-files-exhausted", "Deployment/segments/segments")]


def says(line: str) -> dict[str, bytes]:
    files = objects_and_logs(recorded(CASE))
    for name in files:
        if name.startswith("logs/"):
            files[name] = f"2026-11-22T02:31:48.124000996Z {line}\n".encode()
    return files


@pytest.mark.parametrize(
    "line",
    [
        "ERROR accept tcp [::]:8080: accept4: too many open files",  # Go
        "OSError: [Errno 24] Too many open files: '/data/segment-1021'",  # CPython
        "Error: EMFILE: too many open files, open '/data/segment-1021'",  # Node.js
        "2026/11/22 02:31:48 [crit] 7#7: accept4() failed (24: Too many open files)",  # nginx
    ],
)
def test_each_program_says_in_its_own_words_that_it_is_at_its_limit(line: str, tmp_path: Path) -> None:
    assert roots(diagnosed(says(line), tmp_path)) == EXHAUSTED


def test_a_full_table_of_the_node_is_another_limit(tmp_path: Path) -> None:
    assert EXHAUSTED[0] not in roots(diagnosed(says("FATAL open /data/x: too many open files in system"), tmp_path))


def test_watchers_have_a_limit_of_their_own(tmp_path: Path) -> None:
    diagnosis = diagnosed(says("FATAL failed to create fsnotify watcher: too many open files"), tmp_path)
    assert EXHAUSTED[0] not in roots(diagnosis)
    asked = [probe.command for u in diagnosis.undetermined for gap in u.gaps for probe in gap.probes]
    assert any("fs.inotify.max_user_instances" in command for command in asked)


def test_without_the_log_the_log_is_asked_for(tmp_path: Path) -> None:
    files = {n: d for n, d in objects_and_logs(recorded(CASE)).items() if not n.startswith("logs/")}
    assert not roots(diagnosed(files, tmp_path))
