"""Programs that may not use a file: as recorded, in the words of other programs, and what looks like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import change, diagnosed, objects_and_logs, recorded, roots

HOST_PATH = "container/file_access_denied/host_path"
DENIED = [("container.file-access-denied", "Deployment/archive/archive")]

#: What other programs print: origin, line.
WORDS = [
    ("CPython 3.11", "PermissionError: [Errno 13] Permission denied: '/data/records.lock'"),
    ("Node.js", "Error: EACCES: permission denied, open '/data/records.lock'"),
    ("coreutils 9.1", "mkdir: cannot create directory '/data/records': Permission denied"),
    ("BusyBox", "sh: can't create /data/records.lock: Permission denied"),
    ("OpenJDK", "java.io.FileNotFoundException: /data/records.lock (Permission denied)"),
    ("OpenJDK nio", "Caused by: java.nio.file.AccessDeniedException: /data/records.lock"),
    ("nginx", '2026/11/22 02:32:32 [emerg] 1#1: mkdir() "/data/client_temp" failed (13: Permission denied)'),
    ("postgres image", "chown: changing ownership of '/data': Operation not permitted"),
]


def says(line: str, case: str = HOST_PATH) -> dict[str, bytes]:
    files = objects_and_logs(recorded(case))
    for name in files:
        if name.startswith("logs/"):
            files[name] = f"2026-11-22T02:32:32.111741989Z {line}\n".encode()
    return files


def pod_of(files: dict[str, bytes], edit: Any) -> dict[str, bytes]:
    change(
        files, "objects/pods.json", lambda items: [edit(item["spec"]) for item in items if "volumes" in item["spec"]]
    )
    return files


@pytest.mark.parametrize("line", [line for _, line in WORDS], ids=[origin for origin, _ in WORDS])
def test_each_program_says_in_its_own_words_which_file_is_denied(line: str, tmp_path: Path) -> None:
    assert roots(diagnosed(says(line), tmp_path)) == DENIED


def test_root_that_may_not_write_points_beyond_owner_and_mode(tmp_path: Path) -> None:
    def as_root(spec: Any) -> None:
        spec["securityContext"] = {"runAsUser": 0}

    diagnosis = diagnosed(pod_of(says(WORDS[0][1]), as_root), tmp_path)
    assert "root squash" in diagnosis.root_causes[0].finding.title


def test_a_command_that_may_not_be_executed_is_no_denied_file(tmp_path: Path) -> None:
    assert DENIED[0] not in roots(diagnosed(says("exec /entrypoint.sh: permission denied"), tmp_path))


def test_a_port_that_may_not_be_bound_is_no_denied_file(tmp_path: Path) -> None:
    assert not roots(diagnosed(says("FATAL listen tcp :80: bind: permission denied"), tmp_path))


def test_an_account_that_a_server_denies_is_no_denied_file(tmp_path: Path) -> None:
    found = roots(diagnosed(says('FATAL pq: permission denied for relation "orders"'), tmp_path))
    assert DENIED[0] not in found


def test_a_path_that_no_volume_holds_lies_in_the_image(tmp_path: Path) -> None:
    diagnosis = diagnosed(says("open /var/records.lock: permission denied"), tmp_path)
    assert "in its image" in diagnosis.root_causes[0].finding.title


READ_ONLY = "open {}/records.lock: read-only file system"
WRITES = [("container.writes-to-read-only", "Deployment/archive/archive")]


def container_of(files: dict[str, bytes], **fields: Any) -> dict[str, bytes]:
    return pod_of(files, lambda spec: spec["containers"][0].update(fields))


def test_a_root_file_system_that_is_asked_to_be_read_only_is_the_cause(tmp_path: Path) -> None:
    files = container_of(says(READ_ONLY.format("/tmp")), securityContext={"readOnlyRootFilesystem": True})
    assert roots(diagnosed(files, tmp_path)) == WRITES


def test_a_root_file_system_that_nobody_asked_to_be_read_only_points_to_the_disk(tmp_path: Path) -> None:
    assert not roots(diagnosed(says(READ_ONLY.format("/tmp")), tmp_path))


def test_a_volume_mounted_read_only_is_the_cause(tmp_path: Path) -> None:
    mounts = [{"name": "data", "mountPath": "/data", "readOnly": True}]
    diagnosis = diagnosed(container_of(says(READ_ONLY.format("/data")), volumeMounts=mounts), tmp_path)
    assert roots(diagnosis) == WRITES
    assert "hostPath volume data is mounted read-only at /data" in diagnosis.root_causes[0].finding.title


def test_a_volume_mounted_to_be_written_was_made_read_only_by_something_else(tmp_path: Path) -> None:
    assert WRITES[0] not in roots(diagnosed(says(READ_ONLY.format("/data")), tmp_path))


def test_what_a_configmap_mounts_cannot_be_written(tmp_path: Path) -> None:
    def from_configmap(spec: Any) -> None:
        spec["volumes"][0] = {"name": "data", "configMap": {"name": "settings"}}

    diagnosis = diagnosed(pod_of(says(READ_ONLY.format("/data")), from_configmap), tmp_path)
    assert WRITES[0] in roots(diagnosis)
