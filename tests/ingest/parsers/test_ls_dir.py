"""Listings recorded with GNU coreutils 9.1 and busybox 1.35 over one small /etc/cni/net.d and /opt/cni/bin."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.files import DirectoryListing, PathProblem
from kwhy.ingest.parsers.ls_dir import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

DATA = Path(__file__).parent / "data" / "ls"
FILES = sorted(path.name for path in DATA.glob("*.txt"))
PLUGINS = ("br", "bridge", "host-local", "loopback", "sub dir")


def parsed(data: bytes, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("x", data, command=command)))


def listings(name: str, command: str | None = None) -> list[DirectoryListing]:
    facts = parsed((DATA / name).read_bytes(), command)
    assert not [fact for fact in facts if isinstance(fact, Unparsed)]
    return [fact for fact in facts if isinstance(fact, DirectoryListing)]


def score(text: str, command: str | None = None) -> float:
    return FORMAT.recognise(Head(text, len(text), command))


@pytest.mark.parametrize("name", ["la-bin.txt", "full-iso.txt", "lh.txt", "li.txt", "laZ.txt", "busybox-la.txt"])
def test_every_long_form_is_recognised_by_content_and_gives_the_same_names(name: str) -> None:
    assert score((DATA / name).read_text()) >= 0.9
    (listing,) = listings(name)
    assert (listing.names, listing.complete) == (PLUGINS, True)


def test_a_command_names_the_directory_of_a_short_listing() -> None:
    (listing,) = listings("plain.txt", "sudo ls /etc/cni/net.d/")
    assert (listing.path, listing.names, listing.complete) == ("/etc/cni/net.d", ("10-netfabric.conflist",), True)
    (listing,) = listings("columns.txt", "ls -C /opt/cni/bin")
    assert listing.names == PLUGINS


def test_hidden_files_are_known_only_where_they_are_shown() -> None:
    (plain,) = listings("plain.txt", "ls /etc/cni/net.d")
    (everything,) = listings("1a.txt", "ls -1a /etc/cni/net.d")
    assert (plain.hidden, everything.hidden) == (False, True)
    assert everything.names == (".kubernetes-cni-keep", "10-netfabric.conflist")


@pytest.mark.parametrize(("data", "command"), [(b"", "ls /etc/cni/net.d"), (b"total 0\n", "ls -l /etc/cni/net.d")])
def test_an_empty_directory_is_complete_without_names(data: bytes, command: str) -> None:
    (listing,) = parsed(data, command)
    assert isinstance(listing, DirectoryListing)
    assert (listing.path, listing.names, listing.complete) == ("/etc/cni/net.d", (), True)


def test_an_empty_long_listing_is_complete_by_itself() -> None:
    for name in ("la-empty.txt", "l-empty.txt"):
        (listing,) = listings(name)
        assert (listing.names, listing.complete) == ((), True)


def test_an_empty_answer_to_a_filtered_listing_proves_nothing() -> None:
    (listing,) = parsed(b"", "ls /etc/cni/net.d | grep calico")
    assert isinstance(listing, DirectoryListing)
    assert not listing.complete


def test_several_directories_are_kept_apart() -> None:
    first, second = listings("two.txt")
    assert (first.path, second.path) == ("/etc/cni/net.d", "/opt/cni/bin")
    assert first.sizes == (1, 2)
    assert [listing.path for listing in listings("R.txt", "ls -R /etc/cni")] == ["/etc/cni", "/etc/cni/net.d"]


@pytest.mark.parametrize("name", ["missing.txt", "busybox-missing.txt"])
def test_a_directory_that_does_not_exist_is_no_empty_directory(name: str) -> None:
    (problem,) = parsed((DATA / name).read_bytes(), "ls /etc/cni/nope")
    assert isinstance(problem, PathProblem)
    assert (problem.path, problem.missing) == ("/etc/cni/nope", True)


def test_one_path_can_be_missing_and_another_one_there() -> None:
    problem, listing = parsed((DATA / "missing-and-there.txt").read_bytes())
    assert isinstance(problem, PathProblem)
    assert isinstance(listing, DirectoryListing)
    assert listing.path == "/opt/cni/bin"


def test_files_named_on_the_command_line_list_their_directory_in_part() -> None:
    (listing,) = listings("one-file.txt", "ls -l /opt/cni/bin/bridge")
    assert (listing.path, listing.names, listing.complete) == ("/opt/cni/bin", ("bridge",), False)


def test_a_dead_mount_is_told_from_a_missing_path() -> None:
    (problem,) = parsed(b"ls: reading directory '/mnt/nfs': Stale file handle\n")
    assert isinstance(problem, PathProblem)
    assert (problem.path, problem.dead_mount, problem.missing) == ("/mnt/nfs", True, False)


def test_the_chinese_message_means_the_same() -> None:
    (problem,) = parsed("ls: 无法访问'/etc/cni/net.d': 没有那个文件或目录\n".encode())
    assert isinstance(problem, PathProblem)
    assert (problem.path, problem.missing) == ("/etc/cni/net.d", True)


def test_other_text_is_not_taken_for_a_listing() -> None:
    assert score("NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0          5m\n") == 0.0
    assert score("total time 12\n") == 0.0


@given(st.text(), st.sampled_from([None, "ls", "ls -la /etc", "ls /a /b", "ls /etc/*.conf | head -1"]))
def test_any_text_is_survived(text: str, command: str | None) -> None:
    score(text, command)
    parsed(text.encode("utf-8", "replace"), command)


@given(st.sampled_from(FILES), st.data())
def test_mutated_output_is_survived(name: str, data: st.DataObject) -> None:
    original = (DATA / name).read_bytes()
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 200)))
    mutated = original[:start] + data.draw(st.binary(max_size=40)) + original[end:]
    parsed(mutated, data.draw(st.sampled_from([None, "ls /opt/cni/bin"])))
