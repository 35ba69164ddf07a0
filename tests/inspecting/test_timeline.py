from __future__ import annotations

import tarfile
from pathlib import Path

from kwhy.demo_incidents import PLEG_CNI_HANG
from kwhy.ingest.reading import read
from kwhy.model.inspection import Part
from kwhy.pipeline import inspect_evidence


def timeline(path: Path) -> Part | None:
    return next((part for part in inspect_evidence(read([str(path)]), None) if part.title == "Timeline"), None)


def test_all_sources_stand_in_one_order(tmp_path: Path) -> None:
    with tarfile.open(PLEG_CNI_HANG.archive) as archive:
        archive.extractall(tmp_path, filter="data")
    part = timeline(tmp_path)
    assert part is not None
    places = {row.place.partition(":")[0].rpartition("/")[2] for row in part.rows}
    assert "kubelet.log" in places and len(places) > 2
    whole = [row.cells[0] for row in part.rows if len(row.cells[0]) == len("2026-11-21T21:28:23Z")]
    assert len(whole) > 10
    assert whole == sorted(whole)
    told = [row.cells[1] for row in part.rows]
    first = next(n for n, what in enumerate(told) if what.startswith("kubelet.pleg-not-healthy"))
    assert "for the last of" in next(what for what in told[first + 1 :] if what.startswith("kubelet.pleg-not-healthy"))


def test_one_source_has_no_order_to_show(tmp_path: Path) -> None:
    log = tmp_path / "dmesg.txt"
    log.write_text("[Sun Nov 22 06:59:21 2026] EXT4-fs (vda1): Remounting filesystem read-only\n")
    assert timeline(log) is None
