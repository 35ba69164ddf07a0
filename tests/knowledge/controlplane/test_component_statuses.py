"""What the API server hears of the scheduler: recorded, as it is and with one thing changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.harness.changed import Files, diagnosed, recorded, roots

STATUSES = "text/component-statuses.txt"
SCHEDULER = ("controlplane.scheduler-down", "Process/node-a/kube-scheduler")
REFUSED = b"dial tcp 127.0.0.1:10259: connect: connection refused"


def _files(old: bytes = b"", new: bytes = b"") -> Files:
    files = recorded("controlplane/scheduler_down/nothing_listens")
    assert old in files[STATUSES]
    files[STATUSES] = files[STATUSES].replace(old, new) if old else files[STATUSES]
    return files


def test_pods_without_a_look_and_a_closed_port_name_the_scheduler(tmp_path: Path) -> None:
    assert roots(diagnosed(_files(), tmp_path)) == [SCHEDULER]


@pytest.mark.parametrize(
    ("old", "new"), [(b"Unhealthy", b"Healthy  "), (REFUSED, b"net/http: TLS handshake timeout".ljust(len(REFUSED)))]
)
def test_a_scheduler_that_answers_or_is_only_slow_is_not_down(old: bytes, new: bytes, tmp_path: Path) -> None:
    assert SCHEDULER not in roots(diagnosed(_files(old, new), tmp_path))


def test_without_the_statuses_it_is_left_open(tmp_path: Path) -> None:
    files = {name: data for name, data in _files().items() if name != STATUSES}
    assert roots(diagnosed(files, tmp_path)) == []
