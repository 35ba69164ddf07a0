"""Directories, files, archives, pipes: every file once, in a stable order, named as reports print it."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from kwhy.ingest.raw import RawFile, Unreadable
from kwhy.ingest.sources import files_of


def read(*sources: str | Path, stdin: bytes = b"") -> tuple[list[str], dict[str, str]]:
    items = list(files_of([str(source) for source in sources], stdin=io.BytesIO(stdin)))
    files = [item.source for item in items if isinstance(item, RawFile)]
    return files, {item.source: item.why for item in items if isinstance(item, Unreadable)}


@pytest.fixture
def incident(tmp_path: Path) -> Path:
    root = tmp_path / "incident"
    (root / "node").mkdir(parents=True)
    (root / "node" / "kubelet.log").write_bytes(b"E1121 a\n")
    (root / "b.txt").write_bytes(b"")
    (root / "a.txt").write_bytes(b"x\n")
    return root


def test_a_directory_is_read_recursively_in_sorted_order(incident: Path) -> None:
    assert read(incident) == (["a.txt", "b.txt", "node/kubelet.log"], {})


def test_names_begin_with_their_source_where_there_are_several(incident: Path, tmp_path: Path) -> None:
    (tmp_path / "c.log").write_bytes(b"c\n")
    files, _ = read(incident, tmp_path / "c.log")
    assert files == ["incident/a.txt", "incident/b.txt", "incident/node/kubelet.log", "c.log"]


def test_an_archive_given_as_source_names_its_members_by_their_path_inside(incident: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bundle.anything", "w:gz") as archive:
        archive.add(incident, "incident")
    files, _ = read(tmp_path / "bundle.anything")
    assert sorted(files) == ["incident/a.txt", "incident/b.txt", "incident/node/kubelet.log"]


def test_an_archive_inside_a_directory_is_part_of_the_names(incident: Path) -> None:
    with tarfile.open(incident / "z.tgz", "w:gz") as archive:
        archive.add(incident / "a.txt", "inside.txt")
    assert read(incident)[0][-1] == "z.tgz/inside.txt"


def test_standard_input_is_a_source() -> None:
    items = list(files_of(["-"], stdin=io.BytesIO(b"Name: web\n")))
    assert items == [RawFile("standard input", b"Name: web\n")]


def test_a_link_out_of_the_tree_is_not_followed_and_told(incident: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret\n")
    (incident / "out").symlink_to(tmp_path / "secret")
    (incident / "up").symlink_to(tmp_path)
    (incident / "in").symlink_to(incident / "a.txt")
    (incident / "gone").symlink_to(incident / "nothing")
    (incident / "loop").symlink_to(incident / "loop")
    files, refused = read(incident)
    assert files == ["a.txt", "b.txt", "node/kubelet.log"]
    outside, missing = "a link that leads out of the directory; not followed", "a link to a file that is not there"
    assert refused == {"out": outside, "up": outside, "gone": missing, "loop": missing}


def test_a_pipe_in_a_directory_is_told_and_not_waited_for(incident: Path) -> None:
    os.mkfifo(incident / "pipe")
    files, refused = read(incident)
    assert "pipe" not in files
    assert refused == {"pipe": "no regular file (a pipe, socket or device); not read"}


def test_a_source_that_is_not_there_does_not_stop_the_others(incident: Path) -> None:
    files, refused = read(incident / "nowhere", incident)
    assert len(files) == 3
    assert refused == {str(incident / "nowhere"): "No such file or directory"}


def test_a_large_file_is_mapped(tmp_path: Path) -> None:
    (tmp_path / "large.log").write_bytes(b"line\n" * (2 << 20))
    (file,) = files_of([str(tmp_path / "large.log")])
    assert isinstance(file, RawFile)
    assert not isinstance(file.data, bytes)
    assert len(file.data) == 10 << 20
