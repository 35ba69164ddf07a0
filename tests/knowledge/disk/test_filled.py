"""What fills a node's disk: a pod, the node itself, or a file without a name; and what only looks like it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

CASE = "disk/filled_by_pod/writable_layer"
SPOOLER = [("disk.filled-by-pod", "Deployment/uploads/spooler")]
#: Of the field report: Kubernetes 1.1x.
OLD_MESSAGE = (
    "The node was low on resource: ephemeral-storage. "
    "Container spooler was using 10619440Ki, which exceeds its request of 0. "
)
OLD_EVENTS = """$ kubectl get events -A
NAMESPACE  LAST SEEN  TYPE     REASON               OBJECT       MESSAGE
default    3m         Warning  ImageGCFailed        node/node-a  failed to garbage collect required amount of images. Wanted to free 5182058496 bytes, but freed 0 bytes
"""  # noqa: E501 - the line of the report


def with_message(text: str, events: str = "") -> Files:
    """The recorded cluster, its writer evicted with another message, the pod beside it with none."""
    files = {n: d for n, d in objects_and_logs(recorded(CASE)).items() if n != "objects/events.json"}

    def say(items: list[Any]) -> None:
        for item in items:
            if item["status"].get("reason") == "Evicted":
                mine = item["metadata"]["namespace"] == "uploads"
                item["status"]["message"] = text if mine else "The node had condition: [DiskPressure]. "
                item["status"]["conditions"] = [
                    c for c in item["status"]["conditions"] if c["type"] != "DisruptionTarget"
                ]

    change(files, "objects/pods.json", say)
    if events:
        files["events.txt"] = events.encode()
    return files


def on_node(text: str) -> Files:
    """The recorded node without the pods' messages, and a command's output of the node."""
    files = with_message("The node had condition: [DiskPressure]. ", OLD_EVENTS)
    files["node/disk.txt"] = text.encode()
    return files


def test_the_writer_is_named_though_another_pod_was_evicted_first(tmp_path: Path) -> None:
    diagnosis = diagnosed(recorded(CASE), tmp_path)
    assert roots(diagnosis) == SPOOLER
    assert "fills the disk of node-a with 2.272Gi" in diagnosis.root_causes[0].finding.title


def test_old_messages_and_what_image_collection_wanted_say_the_same(tmp_path: Path) -> None:
    diagnosis = diagnosed(with_message(OLD_MESSAGE, OLD_EVENTS), tmp_path)
    assert roots(diagnosis) == SPOOLER
    evidence = [e.says for e in diagnosis.root_causes[0].finding.evidence]
    assert any("it wants 4.826Gi more than images can give" in says for says in evidence)
    assert any("10.13Gi above its request; pods above their request go first" in says for says in evidence)


def test_a_victim_with_little_on_the_disk_is_no_writer(tmp_path: Path) -> None:
    message = OLD_MESSAGE.replace("10619440Ki", "32Ki")
    diagnosis = diagnosed(with_message(message, OLD_EVENTS), tmp_path)
    assert not roots(diagnosis)
    assert "node.disk-pressure" in {c.finding.condition.code for c in diagnosis.root_causes}
    assert any("du -xh" in step.command for step in diagnosis.next_steps)


def test_what_was_evicted_yesterday_fills_nothing_today(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(CASE))
    files = {name: data for name, data in files.items() if name != "objects/events.json"}

    def yesterday(items: list[Any]) -> None:
        for item in items:
            for condition in item["status"].get("conditions", []):
                if condition["type"] == "DisruptionTarget":
                    condition["lastTransitionTime"] = "2026-11-21T06:00:00Z"

    change(files, "objects/pods.json", yesterday)
    assert SPOOLER[0] not in roots(diagnosed(files, tmp_path))


def test_without_what_is_lacking_the_kubelet_is_asked(tmp_path: Path) -> None:
    diagnosis = diagnosed(with_message(OLD_MESSAGE), tmp_path)
    assert SPOOLER[0] not in roots(diagnosis)
    asked = [probe.command for u in diagnosis.undetermined for gap in u.gaps for probe in gap.probes]
    assert any("stats/summary" in command for command in asked)


def test_what_was_requested_is_not_held_against_a_pod(tmp_path: Path) -> None:
    message = OLD_MESSAGE.replace("request of 0.", "request of 10Gi.")
    assert SPOOLER[0] not in roots(diagnosed(with_message(message, OLD_EVENTS), tmp_path))


def test_du_names_the_pod_by_its_directory(tmp_path: Path) -> None:
    files = on_node("")
    uid = next(
        item["metadata"]["uid"]
        for item in json.loads(files["objects/pods.json"])["items"]
        if item["metadata"]["name"].startswith("spooler") and item["status"]["phase"] == "Failed"
    )
    files["node/disk.txt"] = (
        f"$ du -sh /var/lib/kubelet/pods/*\n9.8G\t/var/lib/kubelet/pods/{uid}\n4.0K\t/var/lib/kubelet/pods/other\n"
    ).encode()
    assert roots(diagnosed(files, tmp_path)) == SPOOLER


def test_the_node_s_own_directory_is_named_as_far_down_as_one_holds_most(tmp_path: Path) -> None:
    sizes = {"/var/log/journal": 12, "/var/log": 13, "/var": 22, "/var/lib": 9, "/var/lib/containerd": 8, "/": 23}
    text = "$ du -xh --max-depth=3 /\n" + "".join(f"{size}G\t{path}\n" for path, size in sizes.items())
    diagnosis = diagnosed(on_node(text), tmp_path)
    assert roots(diagnosis) == [("disk.filled-by-host", "Node/node-a")]
    assert diagnosis.root_causes[0].finding.title.startswith("/var/log/journal on node node-a holds 12Gi")


def test_layers_of_containers_are_not_the_node_s_own(tmp_path: Path) -> None:
    text = "$ du -xh --max-depth=3 /\n12G\t/var/lib/containerd\n13G\t/var/lib\n1G\t/var/log\n14G\t/var\n15G\t/\n"
    assert not roots(diagnosed(on_node(text), tmp_path))


@pytest.mark.parametrize(("size", "named"), [(6442450944, True), (52428800, False)])
def test_a_deleted_file_that_is_open_counts_if_it_is_large(size: int, named: bool, tmp_path: Path) -> None:
    text = (
        "$ lsof -nP +L1\nCOMMAND     PID USER   FD   TYPE DEVICE SIZE/OFF NLINK    NODE NAME\n"
        f"mariadbd  25814 root    7u   REG  254,0 {size}     0 9979903 /var/log/mysql/slow.log (deleted)\n"
    )
    diagnosis = diagnosed(on_node(text), tmp_path)
    expected = [("disk.deleted-file-open", "Process/node-a/mariadbd")] if named else []
    assert roots(diagnosis) == expected


def test_a_node_without_pressure_asks_for_nobody(tmp_path: Path) -> None:
    files = objects_and_logs(recorded("node/cordoned/only_node"))
    assert not {code for code in found(diagnosed(files, tmp_path)) if code.startswith("disk.")}


DESCRIBED_NODE = """$ kubectl describe node node-a
Name:               node-a
Conditions:
  Type             Status  LastHeartbeatTime                 LastTransitionTime                Reason                  Message
  ----             ------  -----------------                 ------------------                ------                  -------
  DiskPressure     True    Tue, 30 Jul 2019 17:05:22 +0800   Tue, 30 Jul 2019 16:55:22 +0800   KubeletHasDiskPressure  kubelet has disk pressure
Events:
  Type     Reason                 Age                   From             Message
  ----     ------                 ----                  ----             -------
  Warning  FreeDiskSpaceFailed    23m                   kubelet, node-a  failed to garbage collect required amount of images. Wanted to free 5182058496 bytes, but freed 0 bytes
  Warning  EvictionThresholdMet   8m29s (x19 over 42m)  kubelet, node-a  Attempting to reclaim ephemeral-storage
  Warning  ImageGCFailed          3m4s                  kubelet, node-a  failed to garbage collect required amount of images. Wanted to free 4920913920 bytes, but freed 0 bytes
"""  # noqa: E501 - the lines of the report
DESCRIBED_POD = """$ kubectl describe pod codis-proxy-6d8f7c9b5-x2k4p -n cache
Name:               codis-proxy-6d8f7c9b5-x2k4p
Namespace:          cache
Node:               node-a/
Status:             Failed
Reason:             Evicted
Message:            The node was low on resource: ephemeral-storage. Container codis-proxy was using 10619440Ki, which exceeds its request of 0.
"""  # noqa: E501 - the line of the report


def test_the_field_report_told_by_two_describes_comes_out_whole(tmp_path: Path) -> None:
    diagnosis = diagnosed({"node.txt": DESCRIBED_NODE.encode(), "pod.txt": DESCRIBED_POD.encode()}, tmp_path)
    assert roots(diagnosis) == [("disk.filled-by-pod", "Deployment/cache/codis-proxy")]
    assert diagnosis.outcome == "explained"
    assert {"node.reclaim-fails", "node.disk-pressure", "pod.evicted"} <= found(diagnosis)
