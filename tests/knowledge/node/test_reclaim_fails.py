"""Garbage collection that frees nothing, and garbage collection that cannot even ask. Texts of published reports."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import diagnosed, found

from kwhy.model.diagnosis import Diagnosis

HEAD = """$ kubectl describe node node-a
Name:               node-a
Events:
  Type     Reason         Age   From             Message
  ----     ------         ----  ----             -------
"""
NOTHING_TO_FREE = (
    "  Warning  ImageGCFailed  3m4s  kubelet, node-a  failed to garbage collect required amount of images. "
    "Wanted to free 4920913920 bytes, but freed 0 bytes\n"
)
NOT_TOLD = (
    "  Warning  ImageGCFailed  3m    kubelet, node-a  failed to get image stats: rpc error: code = DeadlineExceeded "
    "desc = context deadline exceeded\n"
)


def deepest(diagnosis: Diagnosis) -> set[str]:
    return {cause.finding.condition.code for cause in diagnosis.root_causes}


def test_images_that_are_in_use_free_nothing_and_who_fills_the_disk_is_asked(tmp_path: Path) -> None:
    diagnosis = diagnosed({"node.txt": (HEAD + NOTHING_TO_FREE).encode()}, tmp_path)
    assert deepest(diagnosis) == {"node.reclaim-fails"}
    assert any("du -xh" in step.command or "stats/summary" in step.command for step in diagnosis.next_steps)


def test_a_runtime_that_does_not_answer_is_not_a_full_disk(tmp_path: Path) -> None:
    diagnosis = diagnosed({"node.txt": (HEAD + NOT_TOLD).encode()}, tmp_path)
    assert deepest(diagnosis) == {"runtime.hangs"}
    assert "node.reclaim-fails" in found(diagnosis)


def test_a_later_round_that_asked_and_freed_nothing_speaks_of_the_disk(tmp_path: Path) -> None:
    text = HEAD + NOTHING_TO_FREE.replace("3m4s", "1m  ") + NOT_TOLD
    assert "node.reclaim-fails" in deepest(diagnosed({"node.txt": text.encode()}, tmp_path))
