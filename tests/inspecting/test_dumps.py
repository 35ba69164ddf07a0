from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from kwhy.demo_incidents import NODE_NOTREADY, PLEG_CNI_HANG
from kwhy.ingest.reading import Evidence, read
from kwhy.model.inspection import Part
from kwhy.pipeline import inspect_evidence


@pytest.fixture(scope="module")
def hang(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hang")
    with tarfile.open(PLEG_CNI_HANG.archive) as archive:
        archive.extractall(folder, filter="data")
    return folder / "node"


def titled(parts: list[Part], beginning: str) -> Part:
    return next(part for part in parts if part.title.startswith(beginning))


def inspected(*paths: Path) -> list[Part]:
    return inspect_evidence(read([str(path) for path in paths]))


def test_a_dump_tells_program_goroutines_go_and_trigger(hang: Path) -> None:
    header = titled(inspected(hang / "netfabricd-goroutines.txt"), "Dump netfabricd-goroutines.txt:1")
    said = {row.cells[0]: row.cells[1] for row in header.rows}
    assert said["program"] == "netfabricd (by its main file)"
    assert said["goroutines"] == "18"
    assert said["trigger"] == "pprof"
    assert said["Go"].startswith("1.")


def test_groups_at_rest_come_last_and_each_tells_what_it_waits_for(hang: Path) -> None:
    groups = titled(inspected(hang / "netfabricd-goroutines.txt"), "Goroutine groups")
    assert groups.rows[0].cells == ("4 goroutines [sync.Mutex.Lock], waiting for a lock",)
    assert "main.(*Fabric).Attach" in groups.rows[0].below
    rests = [row.cells[0].endswith("its normal rest") for row in groups.rows]
    assert rests == sorted(rests)


def test_a_lock_queue_names_its_waiters_its_probable_holder_and_the_proof(hang: Path) -> None:
    queue = titled(inspected(hang / "netfabricd-goroutines.txt"), "Lock queues").rows[0]
    assert queue.cells[0].startswith("netfabricd: 6 goroutines wait for a lock at 0x")
    assert queue.cells[0].endswith("in main.(*Fabric).Attach")
    assert queue.below[0].startswith("probably held by goroutine 41 of netfabricd-goroutines.txt:391")
    assert queue.below[1].endswith("on the object that owns the lock (equal pointers)")


def test_chains_lead_across_processes_to_what_no_goroutine_does(hang: Path) -> None:
    chains = titled(inspected(hang), "Who waits for whom")
    counts = [int(row.cells[0].partition(" ")[0]) for row in chains.rows]
    assert counts == sorted(counts, reverse=True)
    to_the_kernel = next(row for row in chains.rows if "blocking system call (Recvfrom)" in row.cells[0])
    assert any("netfabricd" in line for line in to_the_kernel.below)
    assert any("crishim" in line for line in to_the_kernel.below)


def test_a_lone_stack_of_an_incident_shows_its_wait() -> None:
    parts = inspected(NODE_NOTREADY.archive)
    groups = titled(parts, "Goroutine groups")
    assert groups.rows[0].cells[0].startswith("1 goroutine [syscall, longest 1595 min, locked to thread]")
    assert groups.rows[0].place == "4-terwayd-goroutine.txt:1"


def test_only_so_many_rows_are_shown_and_the_rest_is_counted(hang: Path) -> None:
    evidence: Evidence = read([str(hang / "kubelet-goroutines.txt")])
    few, every = inspect_evidence(evidence, 3), inspect_evidence(evidence)
    shown, all_of_them = titled(few, "Goroutine groups"), titled(every, "Goroutine groups")
    assert len(shown.rows) == 3
    assert shown.left_out == len(all_of_them.rows) - 3
