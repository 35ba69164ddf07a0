from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from kwhy.demo_incidents import PLEG_CNI_HANG
from kwhy.ingest.reading import read
from kwhy.model.inspection import Part
from kwhy.pipeline import inspect_evidence

TESTS = Path(__file__).resolve().parent.parent
PENDING = TESTS.parent / "examples" / "pending-pod.txt"


def inspected(path: Path, most: int | None = None) -> dict[str, Part]:
    return {part.title: part for part in inspect_evidence(read([str(path)]), most)}


@pytest.fixture(scope="module")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("incident")
    with tarfile.open(PLEG_CNI_HANG.archive) as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_a_capture_shows_its_flows_with_outcome_round_trip_and_segments_sent_again() -> None:
    parts = inspected(TESTS / "fixtures" / "captures" / "loss.pcap")
    flows = parts["Conversations of loss.pcap"]
    (row,) = flows.rows
    cells = dict(zip(flows.header, row.cells, strict=True))
    assert cells["to"] == "10.77.2.2:7002"
    assert cells["outcome"] == "closed"
    assert cells["sent again"] == "8"
    assert cells["RTT"].endswith(" ms")
    assert ("packets", "315: 315 tcp") in [each.cells for each in parts["Capture of loss.pcap"].rows]


def test_two_captures_have_tables_of_their_own() -> None:
    parts = inspected(TESTS / "cases" / "net" / "policy_table_empty" / "table_lost" / "evidence")
    assert {"Capture of eth0.pcap", "Capture of eth1.pcap"} <= set(parts)


def test_a_log_shows_writer_span_and_its_condensed_hits(incident: Path) -> None:
    parts = inspected(incident / "node" / "kubelet.log")
    logs = parts["Logs"]
    cells = dict(zip(logs.header, logs.rows[0].cells, strict=True))
    assert (cells["written by"], cells["lines"]) == ("kubelet", "382")
    assert cells["from"] == "2026-11-21T21:28:23Z"
    unhealthy = next(row for row in parts["Found in logs"].rows if "kubelet.pleg-not-healthy" in row.cells)
    assert unhealthy.cells[:4] == ("13", "2026-11-21T21:31:41Z", "2026-11-21T21:32:17Z", "19.8")
    assert unhealthy.place == "kubelet.log:368"
    assert "PLEG is not healthy" in unhealthy.below[0]


def test_a_log_without_year_counts_from_its_first_line(incident: Path) -> None:
    hits = inspected(incident / "node" / "kube-scheduler.log")["Found in logs"]
    assert all(row.cells[1].endswith(" s") for row in hits.rows)


def test_objects_show_their_kind_their_fields_and_no_values_but_states(incident: Path) -> None:
    parts = inspected(incident / "objects")
    kinds = {row.cells[0]: row.cells[1] for row in parts["Kinds of objects"].rows}
    assert kinds["Node"] == "1"
    pod = next(row for row in parts["Objects"].rows if row.cells[0].startswith("Pod shop/web-"))
    assert "status.phase=" in pod.cells[0]
    assert "status.conditions" in pod.below[0]


def test_text_of_kubectl_shows_what_it_left_out_by_what_it_shows() -> None:
    parts = inspected(PENDING)
    pods = [row.cells[0] for row in parts["Objects"].rows]
    assert pods[1] == "Pod media/transcoder-f8fd86f5b-jwj24, in part: spec.nodeName= status.phase=Pending"


def test_a_session_shows_its_commands_with_their_lines() -> None:
    commands = inspected(PENDING)["Commands"]
    assert [(row.cells[0], row.place) for row in commands.rows] == [
        ("kubectl describe pods -n media", "pending-pod.txt:2")
    ]


def test_only_so_many_objects_are_shown_and_the_rest_is_counted(incident: Path) -> None:
    objects = inspected(incident / "objects", 3)["Objects"]
    assert len(objects.rows) == 3
    assert objects.left_out == len(inspected(incident / "objects")["Objects"].rows) - 3
