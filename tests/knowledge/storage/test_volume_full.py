"""A full volume, as recorded, in the words of other programs, and what looks like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import change, diagnosed, objects_and_logs, recorded, roots

CASE = "storage/volume_full/empty_dir_in_memory"
FULL = [("storage.volume-full", "Deployment/spool/spool")]

WORDS = [
    ("CPython logging", "ERROR:root:[Errno 28] No space left on device: '/spool/queue'"),
    ("coreutils", "dd: error writing '/spool/queue': No space left on device"),
    ("nginx", '2026/11/22 02:50:39 [crit] 1#1: *1 pwrite() "/spool/queue" failed (28: No space left on device)'),
]


def says(line: str) -> dict[str, bytes]:
    files = objects_and_logs(recorded(CASE))
    for name in files:
        if name.startswith("logs/"):
            files[name] = f"2026-11-22T02:50:39.006665908Z {line}\n".encode()
    return files


def with_volume(files: dict[str, bytes], **source: Any) -> dict[str, bytes]:
    def edit(items: list[Any]) -> None:
        for item in items:
            for volume in item["spec"]["volumes"]:
                if "emptyDir" in volume:
                    del volume["emptyDir"]
                    volume.update(source)

    change(files, "objects/pods.json", edit)
    return files


@pytest.mark.parametrize("line", [line for _, line in WORDS], ids=[origin for origin, _ in WORDS])
def test_each_program_says_in_its_own_words_what_is_full(line: str, tmp_path: Path) -> None:
    assert roots(diagnosed(says(line), tmp_path)) == FULL


def test_a_claims_volume_is_mended_at_the_claim(tmp_path: Path) -> None:
    files = with_volume(says(WORDS[0][1]), persistentVolumeClaim={"claimName": "queue"})
    assert roots(diagnosed(files, tmp_path)) == [("storage.volume-full", "PersistentVolumeClaim/spool/queue")]


@pytest.mark.parametrize("source", [{"emptyDir": {}}, {"hostPath": {"path": "/var/spool"}}])
def test_a_volume_on_the_nodes_disk_is_not_full_by_itself(source: dict[str, Any], tmp_path: Path) -> None:
    diagnosis = diagnosed(with_volume(says(WORDS[0][1]), **source), tmp_path)
    assert not roots(diagnosis)


def test_without_a_path_nobody_knows_what_is_full(tmp_path: Path) -> None:
    diagnosis = diagnosed(says("ERROR Error while writing: java.io.IOException: No space left on device"), tmp_path)
    assert not roots(diagnosis)
    asked = [probe.command for u in diagnosis.undetermined for gap in u.gaps for probe in gap.probes]
    assert any("df -h; df -i" in command for command in asked)
