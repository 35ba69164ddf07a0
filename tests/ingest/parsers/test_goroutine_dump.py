"""Goroutine dumps of real programs are read whole, in scraps, prefixed, glued, escaped, cut and damaged."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.goroutines import GoroutineDump, GoroutineGroup
from kwhy.ingest.parsers.goroutine_dump import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.fact import Fact
from kwhy.model.parsing import Head, Parsed

DUMPS = Path(__file__).parents[2] / "fixtures" / "goroutines"
NETFABRICD = "pleg-cni-hang/netfabricd-goroutines.txt"
CONTAINERD = "pleg-cni-hang/containerd-goroutines.txt"


def content(name: str) -> bytes:
    packed = DUMPS / f"{name}.gz"
    return gzip.decompress(packed.read_bytes()) if packed.exists() else (DUMPS / name).read_bytes()


def parse(data: bytes, first_line: int = 1) -> list[Parsed]:
    """Everything a document yields, nested documents included."""
    found: list[Parsed] = []
    waiting = [Document("dump.txt", data, first_line)]
    while waiting:
        for item in FORMAT.parse(waiting.pop()):
            if isinstance(item, Document):
                waiting.append(item)
            else:
                found.append(item)
    return found


def dumps(items: list[Parsed]) -> list[GoroutineDump]:
    return [item for item in items if isinstance(item, GoroutineDump)]


def groups(items: list[Parsed]) -> list[GoroutineGroup]:
    return [item for item in items if isinstance(item, GoroutineGroup)]


def problems(items: list[Parsed]) -> list[Unparsed]:
    return [item for item in items if isinstance(item, Unparsed)]


def score(data: bytes) -> float:
    return FORMAT.recognise(Head(data[: 64 << 10].decode("utf-8", "replace"), len(data), None))


WHOLE = {
    "pleg-cni-hang/netfabricd-goroutines.txt": (18, "netfabricd", "pprof", 24),
    "pleg-cni-hang/crishim-goroutines.txt": (31, "crishim", "pprof", 24),
    "pleg-cni-hang/kubelet-goroutines.txt": (200, "kubelet", "pprof", 21),
    "pleg-cni-hang/containerd-goroutines.txt": (141, "containerd", "SIGUSR1", 18),
    "pleg-cni-hang/containerd-goroutines.raw": (141, "containerd", "SIGUSR1", 18),
    "cni-hang-containerd-direct/netfabricd-goroutines.txt": (58, "netfabricd", "pprof", 24),
    "cni-hang-containerd-direct/kubelet-goroutines.txt": (188, "kubelet", "pprof", 21),
    "cni-hang-containerd-direct/containerd-goroutines.txt": (94, "containerd", "SIGUSR1", 18),
    "stuckd/debug2.txt": (74, "stuckd", None, 24),
}


@pytest.mark.parametrize("name", WHOLE)
def test_every_goroutine_of_a_whole_dump_is_counted_and_its_program_named(name: str) -> None:
    data = content(name)
    items = parse(data)
    [dump] = dumps(items)
    count, program, trigger, go = WHOLE[name]
    assert (dump.goroutines, dump.program, dump.go_at_least) == (count, program, go)
    assert dump.trigger == trigger or trigger is None
    assert dump.whole
    assert sum(group.count for group in groups(items)) == count
    assert count == len(re.findall(rb"(?:^|\\n|\n)goroutine \d+ \[", data))
    assert not problems(items)


@pytest.mark.parametrize("name", [*WHOLE, "stuckd/debug1.txt", "stuckd/sigquit.txt"])
def test_dumps_are_recognised_by_content(name: str) -> None:
    assert score(content(name)) >= 0.9


@pytest.mark.parametrize("name", sorted(path.name for path in (DUMPS / "node-notready").glob("[234]*")))
def test_scraps_of_the_field_report_are_recognised(name: str) -> None:
    assert score(content(f"node-notready/{name}")) >= 0.9


@pytest.mark.parametrize("name", sorted(path.name for path in (DUMPS / "quoted").glob("*.txt")))
def test_quoted_stacks_of_old_programs_are_recognised_and_read(name: str) -> None:
    data = content(f"quoted/{name}")
    assert score(data) >= 0.8
    assert groups(parse(data))


def test_other_texts_are_not_taken_for_dumps() -> None:
    assert score(content("node-notready/1-kubelet.log")) == 0.0
    assert score(b"") == 0.0
    assert score(b"at com.example.Main.run(Main.java:12)\n\tat java.lang.Thread.run(Thread.java:750)\n" * 20) == 0.0
    assert score(b"#0 [ffff880826267a40] __schedule at ffffffff816a8f65\n" * 10) == 0.0


def test_the_same_dump_read_as_logged_and_as_extracted_has_one_fingerprint() -> None:
    [logged] = dumps(parse(content("pleg-cni-hang/containerd-goroutines.raw")))
    [extracted] = dumps(parse(content(CONTAINERD)))
    assert logged.fingerprint == extracted.fingerprint


def test_a_dump_inside_one_log_message_is_located_at_the_line_of_the_message() -> None:
    log = b'time="2026-11-21T21:32:19Z" level=info msg="StopPodSandbox"\n' + content(
        "pleg-cni-hang/containerd-goroutines.raw"
    )
    assert {group.at.line for group in groups(parse(log))} == {2}


def test_every_locator_points_to_the_line_that_it_cites() -> None:
    data = content(NETFABRICD)
    lines = data.decode().split("\n")
    for group in groups(parse(data)):
        assert group.at.line is not None
        assert lines[group.at.line - 1] == group.at.excerpt
        assert all(lines[example.line - 1].startswith(f"goroutine {example.id} ") for example in group.examples)


def test_a_nested_dump_counts_lines_from_where_it_begins_in_its_source() -> None:
    plain = groups(parse(content(NETFABRICD)))
    shifted = groups(parse(content(NETFABRICD), first_line=1001))
    assert [group.at.line for group in shifted] == [(group.at.line or 0) + 1000 for group in plain]


def test_the_waiters_of_a_lock_are_counted_by_its_address() -> None:
    waits = [wait for group in groups(parse(content(NETFABRICD))) for wait in group.locks]
    assert {wait.lock for wait in waits} == {0xBF4535A2640}
    assert sum(wait.count for wait in waits) == 6
    assert waits[0].owner == 0xBF4535A2640


def test_the_words_of_a_system_call_are_kept_for_the_kernels_side() -> None:
    [waiting] = [group for group in groups(parse(content(NETFABRICD))) if group.state == "syscall"]
    assert waiting.examples[0].syscall[:4] == (45, 3, 0xBF453700000, 0x10000)


def test_minutes_are_bounds_and_absent_ones_are_counted_apart() -> None:
    found = groups(parse(content(CONTAINERD)))
    [readers] = [group for group in found if group.frames[-1].function.endswith("ttrpc.(*Client).run")]
    assert (readers.longest_minutes, readers.shortest_minutes, readers.count) == (5, 3, 10)
    assert readers.longest is not None and readers.longest.minutes == 5
    assert all(group.longest_minutes is None for group in groups(parse(content(NETFABRICD))))


def test_the_field_reports_exec_stack_is_one_stack_in_spite_of_glued_frames() -> None:
    [group] = groups(parse(content("node-notready/2-kubelet-sigabrt-cni-exec.txt")))
    assert [str(frame) for frame in group.frames[:6]] == [
        "syscall.Syscall6",
        "os.(*Process).blockUntilWaitable",
        "os.(*Process).wait",
        "os.(*Process).Wait",
        "os/exec.(*Cmd).Wait",
        "os/exec.(*Cmd).Run",
    ]
    assert group.frames[9].package == "github.com/containernetworking/cni/libcni"
    assert (group.state, group.state_inferred) == ("syscall", True)
    assert (group.dump.program, group.dump.whole) == ("kubelet", False)


def test_a_stack_cut_off_its_header_gets_its_state_from_the_innermost_frame() -> None:
    states = {
        name: groups(parse(content(f"node-notready/{name}")))[0].state
        for name in ("2-kubelet-sigabrt-relist.txt", "2-kubelet-sigabrt-sandbox-status.txt", "3-terway-sigabrt.txt")
    }
    assert list(states.values()) == ["select", "sync.Mutex.Lock", "chan receive"]


def test_a_plugins_trace_in_the_kubelets_journal_is_not_named_kubelet() -> None:
    [dump] = dumps(parse(content("node-notready/3-terway-sigabrt.txt")))
    assert (dump.program, dump.program_from, dump.logged_by) == ("terway", "project", "kubelet")


def test_the_daemons_stack_keeps_its_header() -> None:
    [group] = groups(parse(content("node-notready/4-terwayd-goroutine.txt")))
    assert (group.longest_minutes, group.longest_id, group.locked_to_thread) == (1595, 67570, True)
    assert [frame.name for frame in group.frames][-4:-2] == ["SetupVethPair", "setupContainerVeth.func1"]


def test_three_headerless_stacks_in_one_document_are_three_stacks() -> None:
    parts = ("cni-exec", "sandbox-status", "relist")
    data = b"\n".join(content(f"node-notready/2-kubelet-sigabrt-{part}.txt").strip() for part in parts[:2])
    assert len(groups(parse(data))) == 2
    blank = b"\n\n".join(content(f"node-notready/2-kubelet-sigabrt-{part}.txt").strip() for part in parts)
    assert len(groups(parse(blank))) == 3


PREFIXES = [
    "Jul 29 17:00:00 n1 kubelet[4552]: ",
    "Jul 29 17:00:00.123456 n1 kubelet[4552]: ",
    "2019-07-29T17:00:00+0800 n1 kubelet[4552]: ",
    "2019-07-29T17:00:00.123456+08:00 n1 kubelet[4552]: ",
    "Mon 2019-07-29 17:00:00 CST n1 kubelet[4552]: ",
    "1564390800.123456 n1 kubelet[4552]: ",
    "[ 1234.567890] n1 kubelet[4552]: ",
]


def as_sent(group: GoroutineGroup) -> tuple[object, ...]:
    return group.shape, group.count, group.longest_minutes, group.locked_to_thread, group.locks and group.locks[0].lock


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("name", [NETFABRICD, "pleg-cni-hang/kubelet-goroutines.txt"])
def test_a_prefix_on_every_line_changes_nothing_but_host_and_pid(name: str, prefix: str) -> None:
    plain = content(name).decode()
    journal = "\n".join(prefix + line for line in plain.split("\n"))
    items = parse(journal.encode())
    assert sorted(map(as_sent, groups(items)), key=str) == sorted(map(as_sent, groups(parse(plain.encode()))), key=str)
    [dump] = dumps(items)
    assert (dump.host, dump.pid, dump.logged_by) == ("n1", 4552, "kubelet")
    assert not problems(items)


def test_a_journal_that_drops_blank_lines_and_tabs_changes_nothing() -> None:
    plain = content(NETFABRICD).decode()
    journal = "\n".join(f"kubelet[7]: {line.strip()}" for line in plain.split("\n") if line.strip())
    assert sorted(map(as_sent, groups(parse(journal.encode())))) == sorted(map(as_sent, groups(parse(plain.encode()))))


def test_lines_of_two_processes_that_alternate_in_a_journal_are_two_dumps() -> None:
    one, other = (
        content(f"pleg-cni-hang/{name}-goroutines.txt").decode().split("\n") for name in ("netfabricd", "crishim")
    )
    mixed = []
    for index in range(max(len(one), len(other))):
        mixed += [f"a[1]: {one[index]}"] if index < len(one) else []
        mixed += [f"b[2]: {other[index]}"] if index < len(other) else []
    found = dumps(parse("\n".join(mixed).encode()))
    assert sorted((dump.program, dump.goroutines) for dump in found) == [("crishim", 31), ("netfabricd", 18)]


def test_two_dumps_in_one_document_are_kept_apart() -> None:
    items = parse(content(NETFABRICD) + b"\n\n" + content("pleg-cni-hang/crishim-goroutines.txt"))
    assert [(dump.program, dump.goroutines) for dump in dumps(items)] == [("netfabricd", 18), ("crishim", 31)]


def test_the_dump_of_a_dying_process_has_the_shapes_of_its_pprof_dump() -> None:
    dying = {group.shape: group.count for group in groups(parse(content("stuckd/sigquit.txt"))) if group.locks}
    living = {group.shape: group.count for group in groups(parse(content("stuckd/debug2.txt"))) if group.locks}
    assert dying == living
    [dump] = dumps(parse(content("stuckd/sigquit.txt")))
    assert (dump.trigger, dump.program) == ("SIGQUIT", "stuckd")


def test_a_counted_profile_gives_the_same_numbers_without_ids() -> None:
    items = parse(content("stuckd/debug1.txt"))
    [dump] = dumps(items)
    assert dump.goroutines == 74
    [detach] = [group for group in groups(items) if any(frame.name == "(*Fabric).Detach" for frame in group.frames)]
    assert (detach.count, detach.state, detach.state_inferred, detach.locks[0].count) == (5, "sync.Mutex.Lock", True, 5)


def test_cleaned_arguments_and_missing_positions_leave_groups_intact() -> None:
    plain = content(NETFABRICD).decode()
    bare = "\n".join(
        re.sub(r"\((?:0x|\{|\.\.\.).*\)$", "()", line) for line in plain.split("\n") if not line.startswith("\t")
    )
    found = groups(parse(bare.encode()))
    assert sum(group.count for group in found) == 18
    assert {wait.lock for group in found for wait in group.locks} == {None}


def test_a_header_of_a_fatal_error_is_understood() -> None:
    header = b"goroutine 1 gp=0xc000002380 m=nil [chan receive (nil chan), 12 minutes, locked to thread]:\n"
    data = header + b"main.main()\n\t/m.go:3 +0x1\n"
    [group] = groups(parse(data))
    assert (group.state, group.longest_minutes, group.locked_to_thread) == ("chan receive (nil chan)", 12, True)


def test_markers_and_labels_are_not_part_of_the_state() -> None:
    data = (
        b"goroutine 7 [chan receive (leaked), 3 minutes]:\nmain.f()\n\t/m.go:3 +0x1\n\n"
        b'goroutine 8 [select (durable), 2 minutes, synctest bubble 1 labels:{"a": "b, c"}]:\n'
        b"main.g()\n\t/m.go:9 +0x1\n"
    )
    assert [(group.state, group.markers, group.longest_minutes) for group in groups(parse(data))] == [
        ("chan receive", ("leaked",), 3),
        ("select", ("durable",), 2),
    ]


@pytest.mark.parametrize("note", ["...additional frames elided...", "...23 frames elided..."])
def test_elided_frames_are_counted_and_do_not_split_the_stack(note: str) -> None:
    inner, outer = "main.f()\n\t/m.go:3 +0x1\n", "main.g()\n\t/m.go:9 +0x1\n"
    data = f"goroutine 7 [select]:\n{inner}{note}\n{outer}created by main.main\n\t/m.go:1\n"
    [group] = groups(parse(data.encode()))
    assert len(group.frames) == 2
    assert group.elided in {1, 23}
    assert group.created_by is not None and group.created_by.function == "main.main"


def test_frames_of_an_ancestor_do_not_count_as_the_goroutines_own() -> None:
    data = (
        b"goroutine 7 [select]:\nmain.f()\n\t/m.go:3 +0x1\ncreated by main.g in goroutine 4\n\t/m.go:5 +0x9\n"
        b"[originating from goroutine 4]:\nmain.h(...)\n\t/m.go:7 +0x2\ncreated by main.main\n\t/m.go:8 +0x2\n"
    )
    [group] = groups(parse(data))
    assert [frame.name for frame in group.frames] == ["f"]
    assert group.created_by is not None and group.created_by.name == "g"
    assert group.examples[0].created_in == 4


def test_a_log_that_merely_holds_other_lines_is_reported_once() -> None:
    [problem] = problems(parse(b"hello\nworld\n\n" + content(NETFABRICD)))
    assert "2 lines are not part" in problem.why
    assert problem.at.line == 1


def test_a_document_without_any_stack_says_what_was_expected() -> None:
    [problem] = problems(parse(b""))
    assert "expected" in problem.why


@pytest.mark.parametrize("cut", [0.13, 0.5, 0.77, 0.999])
def test_a_truncated_dump_still_gives_its_whole_stacks(cut: float) -> None:
    data = content(CONTAINERD)
    part = data[: int(len(data) * cut)]
    items = parse(part)
    assert sum(group.count for group in groups(items)) == len(
        re.findall(rb"^goroutine \d+ \[[^]\n]*\]:$", part, re.MULTILINE)
    )


def test_windows_of_any_size_give_the_same_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [as_sent(group) for group in groups(parse(content(CONTAINERD)))]
    monkeypatch.setattr("kwhy.ingest.goroutines.plain.BLOCK", 4096)
    assert [as_sent(group) for group in groups(parse(content(CONTAINERD)))] == whole


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    assert all(isinstance(item, Fact | Unparsed) for item in parse(data))


LINES = content(NETFABRICD).decode().split("\n")[:120] + content(
    "node-notready/2-kubelet-sigabrt-cni-exec.txt"
).decode().split("\n")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=60)), max_size=60), st.integers(0, 200))
def test_shuffled_and_mutated_dumps_never_raise(lines: list[str], cut: int) -> None:
    text = "\n".join(lines)
    items = parse(text[cut:].encode("utf-8", "replace"))
    assert all(item.at.document.source == "dump.txt" for item in items if not isinstance(item, Document))


@pytest.mark.parametrize(
    "line",
    ["goroutine 1 [" + "a" * 200_000, "(" * 100_000, "a.b(" * 50_000, "x" * 3_000_000, "#\t0x1\t" + "\t" * 50_000],
)
def test_hostile_lines_are_read_in_linear_time(line: str) -> None:
    assert problems(parse((line + "\n").encode()))
