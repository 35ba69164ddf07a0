"""Kernel stacks of /proc, in every way they are printed. Recorded on Linux 6.18; see data/kernel/origins.md.

old-forms/fuse-stack.txt follows hanwen/go-fuse#261, old-forms/futex-stack-4.4.txt moby/moby#29838, renumbered.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.kernel import Resource, ThreadStack, blocked_in
from kwhy.facts.syscalls import receive_buffer, syscall_name
from kwhy.ingest.parsers.kernel_stack import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

DATA = Path(__file__).parent / "data" / "kernel"
THREADS = {
    2: Resource.EVENTS,
    5: Resource.NETLINK,
    6: Resource.CHILD,
    7: Resource.FUTEX,
    8: Resource.UNIX_SOCKET,
    9: Resource.PIPE,
    11: Resource.NETWORK_PEER,
    12: Resource.NETWORK_PEER,
    13: Resource.EVENTS,
}
FILES = sorted(
    path.name for path in DATA.glob("*.txt") if path.name.startswith(("cat", "grep", "head", "number", "status"))
)


def stacks(name: str, command: str | None = None) -> list[ThreadStack]:
    document = Document(name, (DATA / name).read_bytes(), command=command)
    facts = list(FORMAT.parse(document))
    assert not [fact for fact in facts if isinstance(fact, Unparsed)]
    return [fact for fact in facts if isinstance(fact, ThreadStack)]


def score(text: str, command: str | None = None) -> float:
    return FORMAT.recognise(Head(text, len(text), command))


@pytest.mark.parametrize("name", [*FILES, "netfabricd-4545.txt", "old-forms/fuse-stack.txt", "frozen-files.txt"])
def test_every_way_of_printing_is_recognised_by_content(name: str) -> None:
    assert score((DATA / name).read_text()) >= 0.7


@pytest.mark.parametrize(
    "name", ["grep-task-stacks.txt", "grep-all-files.txt", "head-task-stacks.txt", "status-and-stack.txt"]
)
def test_each_thread_has_its_own_stack_whatever_separates_them(name: str) -> None:
    waits = {stack.tid: blocked_in(stack).resource for stack in stacks(name)}
    assert waits == THREADS
    assert {stack.pid for stack in stacks(name)} == {2}


def test_stacks_without_headers_are_told_apart_and_given_the_process_of_the_command() -> None:
    found = stacks("cat-task-stacks.txt", "cat /proc/2/task/*/stack")
    assert sorted(blocked_in(stack).resource.name for stack in found) == sorted(r.name for r in THREADS.values())
    assert {(stack.pid, stack.tid) for stack in found} == {(2, None)}


def test_several_files_of_one_command_are_named_in_its_order() -> None:
    found = stacks("cat-two.txt", "cat /proc/2/stack /proc/4/stack")
    assert [(stack.pid, stack.tid) for stack in found] == [(2, 2), (4, 4)]


def test_a_number_above_a_stack_names_its_thread() -> None:
    assert [stack.tid for stack in stacks("number-and-stack.txt")] == [2, 4]


def test_a_wait_channel_alone_is_worth_a_fact() -> None:
    waits = {stack.tid: blocked_in(stack).resource for stack in stacks("grep-wchan.txt")}
    assert (waits[6], waits[9]) == (Resource.CHILD, Resource.PIPE)
    assert waits[5] is Resource.SOCKET


def test_the_daemon_that_waits_for_a_netlink_answer_shows_into_which_buffer() -> None:
    (stack,) = [stack for stack in stacks("netfabricd-4545.txt") if blocked_in(stack).resource is Resource.NETLINK]
    assert (stack.pid, stack.tid, stack.program, stack.state) == (4545, 4547, "netfabricd", "S")
    assert (syscall_name(stack), receive_buffer(stack)) == ("recvfrom", 0xBF453700000)
    assert stack.frame_at("netlink_recvmsg").line == 22


def test_system_call_and_name_are_joined_to_the_stack_of_the_same_thread() -> None:
    (stack,) = [stack for stack in stacks("grep-all-files.txt") if stack.tid == 5]
    assert (stack.program, syscall_name(stack), stack.wchan) == ("python3", "recvfrom", "__skb_wait_for_more_packets")


def test_a_writer_on_a_frozen_file_system_is_seen_as_such() -> None:
    (stack,) = stacks("frozen-files.txt", "cat /proc/21793/stack")
    assert (stack.pid, blocked_in(stack).resource) == (21793, Resource.FROZEN_FILES)


def test_modules_and_old_addresses_are_understood() -> None:
    (fuse,) = stacks("old-forms/fuse-stack.txt")
    (futex,) = stacks("old-forms/futex-stack-4.4.txt")
    assert (blocked_in(fuse).resource, blocked_in(futex).resource) == (Resource.FUSE, Resource.FUTEX)
    assert (len(fuse.frames), len(futex.frames)) == (8, 5)


def test_what_could_not_be_read_is_said() -> None:
    document = Document("x", b"cat: /proc/1/stack: Permission denied\n[<0>] do_wait+0x1/0x2\nwhat is this\n")
    problems = [fact for fact in FORMAT.parse(document) if isinstance(fact, Unparsed)]
    assert [(problem.at.line, "not readable" in problem.why) for problem in problems] == [(1, True), (3, False)]


def test_the_kernel_log_is_left_to_others() -> None:
    assert score((DATA / "old-forms/hung-task-3.10.txt").read_text()) == 0.0


@given(st.text(), st.sampled_from([None, "cat /proc/1/stack", "grep . /proc/*/task/*/stack"]))
def test_any_text_is_survived(text: str, command: str | None) -> None:
    score(text, command)
    list(FORMAT.parse(Document("x", text.encode("utf-8", "replace"), command=command)))


@given(st.sampled_from(FILES), st.data())
def test_mutated_stacks_are_survived(name: str, data: st.DataObject) -> None:
    original = (DATA / name).read_bytes()
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 300)))
    mutated = original[:start] + data.draw(st.binary(max_size=40)) + original[end:]
    list(FORMAT.parse(Document("x", mutated, command="cat /proc/2/task/*/stack")))
