"""Kernel log excerpts that are dumps of tasks: hung-task messages and sysrq-w / sysrq-t output."""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.ingest.host.task_blocks import is_task_header, message_of, task_stacks
from kwhy.model.document import Document
from kwhy.model.parsing import Format, Head, Parsed


def _recognise(head: Head) -> float:
    if "task" not in head.text and "0x" not in head.text:
        return 0.0
    lines = head.lines[:2000]
    headers = [position for position, line in enumerate(lines) if is_task_header(line)]
    if not headers:
        return 0.0
    traced = any(message_of(line).strip() in ("Call Trace:", "Call trace:") for line in lines)
    if headers[0] < 8 and (traced or len(lines) < 8):
        return 0.75
    return 0.4  # a kernel log with other messages, which its own parser reads better


def parse(document: Document) -> Iterator[Parsed]:
    """One ThreadStack per task; other messages of the kernel log are passed over."""
    yield from task_stacks(document.lines(), document)


FORMAT = Format("kernel-tasks", _recognise, parse)
