"""A container whose CPU limit makes its probes time out.

The counters are those of the recorded container in an earlier run, as its node printed them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.harness.changed import change, diagnosed, objects_and_logs, recorded, roots

CASE = "container/cpu_throttled/not_measured"
THROTTLED = [("container.cpu-throttled", "Deployment/render/render")]
STAT = """$ cat /sys/fs/cgroup/cpu/node-a/kubepods/burstable/pod{uid}/{container}/cpu.stat
nr_periods 61
nr_throttled {throttled}
throttled_time 3981544499
nr_bursts 0
burst_time 0
"""


def with_stat(throttled: int = 57, uid: str | None = None) -> dict[str, bytes]:
    files = objects_and_logs(recorded(CASE))
    items = json.loads(files["objects/pods.json"])["items"]
    pod = next(item for item in items if item["metadata"]["namespace"] == "render")
    container = "1a85cbee7f487afcc349f8ca1882ea3babe249d5cac4b4bc53b08812582725fb"
    text = STAT.format(uid=uid or pod["metadata"]["uid"], container=container, throttled=throttled)
    files["cpu.stat.txt"] = text.encode()
    return files


def test_a_container_that_waits_in_most_periods_is_throttled(tmp_path: Path) -> None:
    diagnosis = diagnosed(with_stat(), tmp_path)
    assert roots(diagnosis) == THROTTLED
    assert "waits in 93 % of its periods because of its CPU limit of 20m" in diagnosis.root_causes[0].finding.title


def test_a_container_that_hardly_waits_is_slow_for_another_reason(tmp_path: Path) -> None:
    diagnosis = diagnosed(with_stat(throttled=3), tmp_path)
    assert not roots(diagnosis)
    assert "container.cpu-throttled" in {r.condition.code for r in diagnosis.ruled_out}


def test_the_counters_of_another_pod_say_nothing(tmp_path: Path) -> None:
    diagnosis = diagnosed(with_stat(uid="7264dc21-f6da-4a96-b21d-c5306cffdf5a"), tmp_path)
    assert not roots(diagnosis)
    assert "container.cpu-throttled" in {u.condition.code for u in diagnosis.undetermined}


def test_a_container_without_a_limit_is_not_throttled(tmp_path: Path) -> None:
    files = with_stat()

    def unlimited(items: list[Any]) -> None:
        for item in items:
            item["spec"]["containers"][0]["resources"].pop("limits", None)

    change(files, "objects/pods.json", unlimited)
    assert not roots(diagnosed(files, tmp_path))
