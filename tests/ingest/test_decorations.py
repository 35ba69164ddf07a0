"""What editors, chats and web pages put around the lines of a text does not change what is read from it."""

from __future__ import annotations

import html
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.objects import Event, Observation
from kwhy.ingest.decorations import undecorated, without_margin
from kwhy.ingest.reading import Evidence, read_document
from kwhy.model.document import Document

RECORDED = Path(__file__).parent / "kubectl" / "data" / "recorded.tar.xz"


def recorded(name: str) -> str:
    with tarfile.open(RECORDED) as members:
        file = members.extractfile(name)
        assert file is not None
        return file.read().decode().partition("\n")[2]


TABLE = recorded("crashloop-bad-command/get-all-billing.txt")
POD = recorded("crashloop-bad-command/pods-billing.txt")
EVENTS = recorded("crashloop-bad-command/events-billing.txt")
#: `ip rule` and `ip -o link` of iproute2 6.1: numbers that belong to the text.
RULES = "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"
LINKS = (
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000"
    "\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
    "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT group default qlen 1000"
    "\\    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff\n"
    "3: cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000"
    "\\    link/ether 7a:11:3c:aa:00:01 brd ff:ff:ff:ff:ff:ff\n"
)


def lines(text: str, edit: Callable[[int, str], str]) -> str:
    return "\n".join(edit(number, line) for number, line in enumerate(text.split("\n"), 1))


DECORATIONS: dict[str, Callable[[str], str]] = {
    "a quoted mail": lambda text: lines(text, lambda _, line: f"> {line}"),
    "a quote of a quote": lambda text: lines(text, lambda _, line: f">> {line}"),
    "cat -n": lambda text: lines(text, lambda number, line: f"{number:6d}\t{line}"),
    "less -N": lambda text: lines(text, lambda number, line: f"{number:7d} {line}"),
    "bat": lambda text: lines(text, lambda number, line: f"{number:4d}   │ {line}"),
    "grep -n of some lines": lambda text: lines(text, lambda number, line: f"{number * 5}:{line}"),
    "a pane of tmux": lambda text: lines(text, lambda _, line: f"│{line:<400}│"),
    "a frame with edges": lambda text: f"┌──────┐\n{lines(text, lambda _, line: f'│ {line:<400} │')}\n└──────┘",
    "an indented block": lambda text: lines(text, lambda _, line: f"    {line}"),
    "an indented block with numbers": lambda text: lines(text, lambda number, line: f"    {number:3d}  {line}"),
    "the source of a web page": html.escape,
    "a word processor": lambda text: text.replace(' "', " “").replace('"', "”"),
}


def shown(evidence: Evidence) -> tuple[list[object], list[object], list[str]]:
    """What was read: objects, events, and what was not understood."""
    objects: list[object] = [observation.object for observation in evidence.of(Observation)]
    events: list[object] = [(event.about, event.reason, event.message, event.age) for event in evidence.of(Event)]
    return objects, events, [item.why for item in evidence.unparsed]


def read(text: str) -> Evidence:
    return read_document(Document("paste.txt", text.encode()))


@pytest.mark.parametrize("decoration", DECORATIONS)
@pytest.mark.parametrize("text", [TABLE, POD, EVENTS], ids=["table", "describe", "events"])
def test_a_decorated_text_says_what_the_plain_one_says(text: str, decoration: str) -> None:
    plain = lines(text.rstrip("\n"), lambda _, line: line.rstrip())  # a frame's padding hides blanks at line ends
    assert shown(read(DECORATIONS[decoration](plain))) == shown(read(plain))


def test_lines_keep_their_numbers_under_a_frame() -> None:
    framed = read(DECORATIONS["a frame with edges"](POD.rstrip("\n")))
    plain = read(POD)
    first = [evidence.of(Observation)[0].line for evidence in (framed, plain)]
    assert first[0] is not None
    assert first[1] is not None
    assert first[0] == first[1] + 1


@pytest.mark.parametrize("text", [RULES, LINKS], ids=["ip rule", "ip -o link"])
def test_numbers_that_belong_to_the_text_stay(text: str) -> None:
    document = Document("ip.txt", text.encode())
    assert read_document(document).unrecognised == ()
    assert document.data == text.encode()


def test_a_text_that_shows_empty_values_unescaped_holds_its_entities_itself() -> None:
    text = b"Annotations:  <none>\nMessage:  &lt;none&gt;\n"
    assert undecorated(text) == text


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=30), max_size=20))
def test_no_line_is_added_or_removed(content: list[str]) -> None:
    data = "\n".join(content).encode()
    for result in (undecorated(data), without_margin(data)):
        assert result is None or bytes(result).count(b"\n") == data.count(b"\n")


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(data: bytes) -> None:
    assert bytes(undecorated(data)).count(b"\n") == data.count(b"\n")
    without_margin(data)
