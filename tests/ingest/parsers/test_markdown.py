"""An issue thread gives one document per fenced block, at its own lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.goroutines import GoroutineGroup
from kwhy.facts.objects import Observation
from kwhy.ingest.parsers.markdown import FORMAT
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document

DUMP = """goroutine 67570 [syscall, 1595 minutes, locked to thread]:
syscall.Syscall6()
github.com/AliyunContainerService/terway/vendor/golang.org/x/sys/unix.recvfrom()
"""
TABLE = """NAME     STATUS     ROLES    AGE   VERSION
node-a   NotReady   <none>   13m   v1.34.4
"""
THREAD = f"""**What happened**: the node is NotReady since this morning.

```
{TABLE}```

<details><summary>dump</summary>

~~~text
{DUMP}~~~
</details>
"""


def test_each_fenced_block_is_read_by_itself_and_keeps_its_line() -> None:
    evidence = read_document(Document("thread.md", THREAD.encode()))
    (node,) = evidence.of(Observation)
    (group,) = evidence.of(GoroutineGroup)
    lines = THREAD.splitlines()
    assert lines[(node.at.line or 0) - 1].startswith("node-a")
    assert lines[(group.at.line or 0) - 1].startswith("goroutine 67570")


def test_a_fence_of_another_kind_inside_a_block_does_not_end_it() -> None:
    text = "```\none\n~~~\ntwo\n```\n"
    (block,) = FORMAT.parse(Document("x", text.encode()))
    assert isinstance(block, Document)
    assert block.data == b"one\n~~~\ntwo\n"


def test_a_block_without_its_end_is_read_to_the_end() -> None:
    (block,) = FORMAT.parse(Document("x", b"```\none\n"))
    assert isinstance(block, Document)
    assert (block.data, block.first_line) == (b"one\n", 2)


@given(st.text(alphabet="`~ \nab", max_size=200))
def test_every_line_that_is_no_fence_is_in_some_block(text: str) -> None:
    blocks = [part for part in FORMAT.parse(Document("x", text.encode())) if isinstance(part, Document)]
    words = sum(line.strip() not in ("",) and not line.lstrip().startswith(("```", "~~~")) for line in text.split("\n"))
    kept = sum(
        line.strip() not in ("",) and not line.lstrip().startswith(("```", "~~~"))
        for block in blocks
        for line in block.text.split("\n")
    )
    assert kept == words
