"""Memory that looks used up and is page cache; and memory that is used up.

page_cache.txt: a control group of version 1 (Linux 6.18), limited to 64 MiB, in which 100 MiB were written;
anonymous.txt: one in which a program holds 45 MiB of its own.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.harness.changed import Files, objects_and_logs, recorded
from tests.harness.evidence import read_files

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose_evidence

HERE = Path(__file__).parent
CODE = "memory.cache-counted"


def group_of_web(text: str) -> Files:
    """The healthy cluster, and the figures as those of a pod of Deployment web."""
    files = objects_and_logs(recorded("healthy/nothing_wrong"))
    pods = json.loads(files["objects/pods.json"])["items"]
    pod = next(item for item in pods if item["metadata"]["name"].startswith("web-"))
    group = f"/sys/fs/cgroup/memory/kubepods/burstable/pod{pod['metadata']['uid']}"
    files["memory.txt"] = (
        text.replace("/sys/fs/cgroup/memory/kres_cache", group)
        .replace("/sys/fs/cgroup/memory/kres_leak", group)
        .encode()
    )
    return files


def asked(files: Files, folder: Path, symptom: str | None) -> Diagnosis:
    return diagnose_evidence(read_files(files, folder), symptom=symptom)


def test_usage_near_the_limit_that_is_cache_is_no_trouble(tmp_path: Path) -> None:
    files = group_of_web((HERE / "page_cache.txt").read_text())
    assert asked(files, tmp_path, None).outcome == "healthy"


def test_asked_about_memory_the_cache_is_the_answer(tmp_path: Path) -> None:
    files = group_of_web((HERE / "page_cache.txt").read_text())
    diagnosis = asked(files, tmp_path, "memory of web is nearly full in the console")
    (cause,) = diagnosis.root_causes
    assert cause.finding.condition.code == CODE
    assert "uses 63.71Mi of 64Mi, of which 48Mi is page cache" in cause.finding.title
    assert "15.71Mi counts" in cause.finding.title


def test_the_same_asked_in_chinese(tmp_path: Path) -> None:
    files = group_of_web((HERE / "page_cache.txt").read_text())
    diagnosis = asked(files, tmp_path, "web 内存快满了")
    assert [cause.finding.condition.code for cause in diagnosis.root_causes] == [CODE]


def test_anonymous_memory_near_the_limit_is_no_cache(tmp_path: Path) -> None:
    files = group_of_web((HERE / "anonymous.txt").read_text())
    diagnosis = asked(files, tmp_path, "memory of web is nearly full in the console")
    assert CODE not in {cause.finding.condition.code for cause in diagnosis.root_causes}


def test_version_2_names_the_figures_otherwise(tmp_path: Path) -> None:
    # Linux v6.6 Documentation/admin-guide/cgroup-v2.rst, with the values of page_cache.txt
    files = objects_and_logs(recorded("healthy/nothing_wrong"))
    pods = json.loads(files["objects/pods.json"])["items"]
    name = next(item["metadata"]["name"] for item in pods if item["metadata"]["name"].startswith("web-"))
    exec_in = f"$ kubectl exec -n shop {name} -- "
    files["memory.txt"] = (
        f"{exec_in}cat /sys/fs/cgroup/memory.current\n66805760\n"
        f"{exec_in}cat /sys/fs/cgroup/memory.max\n67108864\n"
        f"{exec_in}cat /sys/fs/cgroup/memory.stat\n"
        "anon 14540800\nfile 50335744\ninactive_anon 14536704\nactive_anon 4096\n"
        "inactive_file 50331648\nactive_file 0\n"
    ).encode()
    diagnosis = asked(files, tmp_path, "memory of web is nearly full")
    assert [cause.finding.condition.code for cause in diagnosis.root_causes] == [CODE]
