"""Backtraces of crash: one of a published field report, and a `foreach bt` after lxc/lxcfs#471, renumbered."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.kernel import Resource, ThreadStack, blocked_in
from kwhy.facts.syscalls import syscall_name
from kwhy.ingest.parsers.crash_bt import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

DATA = Path(__file__).parent / "data" / "kernel"
TERWAYD = (DATA / "crash-bt-terwayd.txt").read_bytes()
FOREACH = (DATA / "old-forms/crash-foreach-bt.txt").read_bytes()


def stacks(data: bytes) -> list[ThreadStack]:
    facts = list(FORMAT.parse(Document("bt.txt", data, first_line=100)))
    assert not [fact for fact in facts if isinstance(fact, Unparsed)]
    return [fact for fact in facts if isinstance(fact, ThreadStack)]


def test_a_thread_that_waits_for_a_netlink_answer_is_found_in_a_backtrace() -> None:
    (stack,) = stacks(TERWAYD)
    wait = blocked_in(stack)
    assert (stack.tid, stack.program, wait.resource, wait.function) == (
        19246,
        "terwayd",
        Resource.NETLINK,
        "netlink_recvmsg",
    )
    assert syscall_name(stack) == "recvfrom"
    assert (stack.at.line, stack.frame_at("netlink_recvmsg").line) == (100, 107)


def test_backtraces_of_all_tasks_are_kept_apart_with_their_registers() -> None:
    (df,) = stacks(FOREACH)
    assert (df.tid, df.program, blocked_in(df).resource) == (77107, "df", Resource.FUSE)
    assert (df.syscall, df.arguments[0]) == (4, 0x55D5C2B0E2A0)


def test_backtraces_are_recognised_by_content() -> None:
    for data in (TERWAYD, FOREACH, TERWAYD.split(b"\n", 1)[1]):
        assert FORMAT.recognise(Head(data.decode(), len(data), None)) >= 0.9
    assert FORMAT.recognise(Head("PID: 4 (kubelet)\n", 17, None)) == 0.0


@given(st.binary(max_size=200), st.integers(0, len(FOREACH)), st.integers(0, len(FOREACH)))
def test_mutated_backtraces_are_survived(noise: bytes, start: int, end: int) -> None:
    data = FOREACH[:start] + noise + FOREACH[end:]
    FORMAT.recognise(Head(data.decode("utf-8", "replace"), len(data), None))
    list(FORMAT.parse(Document("x", data)))
