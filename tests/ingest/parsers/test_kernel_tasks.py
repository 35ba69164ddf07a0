"""Stacks of tasks in kernel logs. hung-task-6.18.txt is recorded; the old forms are shortened and renumbered after

hung-task-3.10.txt: moby/moby#22289; sysrq-w-4.13.txt: moby/moby#5618; hung-task-6.8-journal.txt:
mkubecek/vmware-host-modules#243 (its header and registers completed from the form in kernel/sched/core.c).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.kernel import Resource, ThreadStack, blocked_in
from kwhy.facts.syscalls import syscall_name
from kwhy.ingest.parsers.kernel_tasks import FORMAT
from kwhy.model.document import Document
from kwhy.model.parsing import Head

DATA = Path(__file__).parent / "data" / "kernel"
FILES = [
    "hung-task-6.18.txt",
    "old-forms/hung-task-3.10.txt",
    "old-forms/sysrq-w-4.13.txt",
    "old-forms/hung-task-6.8-journal.txt",
]


def stacks(name: str) -> list[ThreadStack]:
    document = Document(name, (DATA / name).read_bytes())
    return [fact for fact in FORMAT.parse(document) if isinstance(fact, ThreadStack)]


@pytest.mark.parametrize("name", FILES)
def test_dumps_of_tasks_are_recognised_by_content(name: str) -> None:
    text = (DATA / name).read_text()
    assert FORMAT.recognise(Head(text, len(text), None)) >= 0.7


def test_a_hung_task_without_its_stack_is_still_told() -> None:
    line = "[ 2780.232602] INFO: task sh:21793 blocked for more than 241 seconds.\n"
    assert FORMAT.recognise(Head(line, len(line), None)) >= 0.7
    (stack,) = FORMAT.parse(Document("dmesg", line.encode()))
    assert isinstance(stack, ThreadStack)
    assert (stack.tid, stack.blocked_seconds, stack.frames) == (21793, 241, ())


def test_other_kernel_messages_are_no_dump() -> None:
    text = "[    1.286643] random: crng reseeded due to virtual machine fork\n"
    assert FORMAT.recognise(Head(text, len(text), "dmesg")) == 0.0


def test_a_hung_task_is_one_stack_with_the_time_it_was_blocked() -> None:
    (docker,) = stacks("old-forms/hung-task-3.10.txt")
    assert (docker.tid, docker.program, docker.state, docker.blocked_seconds) == (2958, "docker", "D", 120)
    assert blocked_in(docker).resource is Resource.NET_NAMESPACE
    assert (docker.at.line, docker.frame_at("copy_net_ns").line) == (1, 10)


def test_the_recorded_writer_on_a_frozen_file_system_hangs() -> None:
    writer = stacks("hung-task-6.18.txt")[0]
    assert (writer.program, writer.state, blocked_in(writer).resource) == ("sh", "D", Resource.FROZEN_FILES)
    assert writer.pid == writer.tid


def test_one_task_waits_for_the_name_space_that_another_one_takes_down() -> None:
    cleaner, runc = stacks("old-forms/sysrq-w-4.13.txt")
    assert (cleaner.pid, cleaner.workqueue) == (193, "netns cleanup_net")
    assert blocked_in(cleaner).resource is Resource.DEVICE_RELEASE
    assert (runc.tid, runc.pid, runc.program) == (1609, None, "runc:[1:CHILD]")
    assert blocked_in(runc).resource is Resource.NET_NAMESPACE


def test_a_block_in_a_journal_names_thread_process_and_system_call() -> None:
    (task,) = stacks("old-forms/hung-task-6.8-journal.txt")
    assert (task.pid, task.tid, task.blocked_seconds) == (3098, 3948, 122)
    assert blocked_in(task).resource is Resource.RTNL
    assert (task.syscall, syscall_name(task), task.arguments[0]) == (44, "sendto", 3)


@given(st.sampled_from(FILES), st.data())
def test_mutated_logs_are_survived(name: str, data: st.DataObject) -> None:
    original = (DATA / name).read_bytes()
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 300)))
    mutated = original[:start] + data.draw(st.binary(max_size=60)) + original[end:]
    FORMAT.recognise(Head(mutated.decode("utf-8", "replace"), len(mutated), None))
    list(FORMAT.parse(Document("x", mutated)))


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    FORMAT.recognise(Head(text, len(text), None))
    list(FORMAT.parse(Document("x", text.encode("utf-8", "replace"))))
