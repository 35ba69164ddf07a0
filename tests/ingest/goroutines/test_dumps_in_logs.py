"""Dumps in the midst of real logs are found where they stand."""

from __future__ import annotations

import gzip
import mmap
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.goroutines import GoroutineDump, GoroutineGroup
from kwhy.ingest.goroutines.embedded import holds_dump
from kwhy.ingest.parsers.goroutine_dump import FORMAT, dumps_in_log, embedded_dump
from kwhy.model.document import Document
from kwhy.model.parsing import Parsed

DUMPS = Path(__file__).parents[2] / "fixtures" / "goroutines" / "pleg-cni-hang"


def content(name: str) -> bytes:
    return gzip.decompress((DUMPS / f"{name}.gz").read_bytes())


def found_in(data: bytes) -> list[Parsed]:
    found: list[Parsed] = []
    for item in dumps_in_log(Document("some.log", data)):
        found += FORMAT.parse(item) if isinstance(item, Document) else [item]
    return found


def test_the_dump_in_containerds_log_is_found_at_its_line() -> None:
    log = content("containerd.log")
    [line] = [number for number, text in enumerate(log.split(b"\n"), 1) if b"=== BEGIN goroutine stack dump" in text]
    found = [item for item in found_in(log) if not isinstance(item, Document)]
    [dump] = [item for item in found if isinstance(item, GoroutineDump)]
    assert (dump.goroutines, dump.program, dump.trigger) == (141, "containerd", "SIGUSR1")
    assert {item.at.line for item in found} == {line}
    assert {item.at.source for item in found} == {"some.log"}


def test_the_stacks_of_a_process_that_died_are_found_between_its_log_lines() -> None:
    stacks = content("netfabricd-goroutines.txt").decode()
    chatter = [
        f"Jul 29 17:00:0{index % 10} n1 kubelet[9]: I0729 17:00:00.1 kubelet.go:1] line {index}"
        for index in range(5000)
    ]
    death = ["SIGABRT: abort", "PC=0x45f7d1 m=0 sigcode=0", "", *stacks.split("\n"), "rax    0x0", "rip    0x45f7d1"]
    log = [*chatter, *(f"Jul 29 17:00:09 n1 netfabricd[7]: {line}" for line in death), *chatter]
    found = found_in("\n".join(log).encode())
    [dump] = [item for item in found if isinstance(item, GoroutineDump)]
    assert (dump.goroutines, dump.pid, dump.trigger, dump.host) == (18, 7, "SIGABRT", "n1")
    for group in (item for item in found if isinstance(item, GoroutineGroup)):
        assert group.at.line is not None
        assert log[group.at.line - 1].endswith(group.at.excerpt)


def test_two_deaths_far_apart_are_two_dumps() -> None:
    stacks = content("netfabricd-goroutines.txt").decode().split("\n")
    lines = [f"Jul 29 17:00:09 n1 netfabricd[7]: {line}" for line in stacks]
    later = [f"Jul 30 17:00:09 n1 netfabricd[8]: {line}" for line in stacks]
    quiet = ["Jul 29 18:00:00 n1 kubelet[9]: nothing of interest"] * 5000
    found = found_in("\n".join([*lines, *quiet, *later]).encode())
    assert [item.pid for item in found if isinstance(item, GoroutineDump)] == [7, 8]


def test_a_log_without_a_dump_gives_nothing() -> None:
    assert found_in(b"Jul 29 17:00:00 n1 kubelet[9]: all is well\n" * 100) == []


def test_a_message_decoded_by_the_logs_parser_is_the_same_dump() -> None:
    stacks = content("netfabricd-goroutines.txt").decode()
    assert holds_dump(stacks)
    document = embedded_dump(Document("daemon.json", b"{}"), 17, stacks)
    items = list(FORMAT.parse(document))
    assert {item.at.line for item in items if not isinstance(item, Document)} == {17}
    assert {item.at.source for item in items if not isinstance(item, Document)} == {"daemon.json"}


def test_a_mapped_file_is_read_like_its_bytes(tmp_path: Path) -> None:
    data = content("kubelet-goroutines.txt")
    path = tmp_path / "dump.txt"
    path.write_bytes(data)
    plain = [item for item in FORMAT.parse(Document("dump.txt", data)) if isinstance(item, GoroutineGroup)]
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        found = [item for item in FORMAT.parse(Document("dump.txt", mapped)) if isinstance(item, GoroutineGroup)]
    assert [(group.shape, group.count) for group in found] == [(group.shape, group.count) for group in plain]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(content("containerd.log")[:4000].split(b"\n")), st.binary(max_size=80))),
    st.integers(0, 300),
)
def test_arbitrary_logs_never_raise(lines: list[bytes], cut: int) -> None:
    header = b"goroutine 7 [select]:\\nmain.f()\\n\\t/m.go:3 +0x1\\n"
    found = found_in(b"\n".join([*lines, header, *lines])[cut:])
    assert all(item.at.source == "some.log" for item in found if not isinstance(item, Document))
