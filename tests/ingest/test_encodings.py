"""Whatever a terminal, an editor or another system did to a text: UTF-8 with LF comes out, line for line."""

from __future__ import annotations

import codecs
import mmap
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.ingest.encodings import is_binary, normalised

TEXT = "第一行: 节点 n1 未就绪\nE1121 kubelet: PLEG is not healthy\n普通的type: ClusterIP service\n"


def test_clean_utf_8_is_the_same_object() -> None:
    data = TEXT.encode()
    assert normalised(data) is data


def test_a_clean_mapped_file_stays_mapped() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(TEXT.encode() * 10)
        file.flush()
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        assert normalised(data) is data


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("gbk", b""),
        ("gb18030", b""),
    ],
)
def test_every_encoding_gives_the_same_text(encoding: str, mark: bytes) -> None:
    data = mark + (TEXT * 3).encode(encoding)
    assert not is_binary(data)
    assert bytes(normalised(data)).decode() == TEXT * 3


def test_a_file_glued_from_utf_8_and_gbk_lines_is_read_line_by_line() -> None:
    data = "节点一\n".encode() + "节点二\n".encode("gbk") + b"node three\n"
    assert bytes(normalised(data)).decode() == "节点一\n节点二\nnode three\n"


def test_utf_8_that_was_cut_inside_a_character_stays_utf_8() -> None:
    data = "节点未就绪节点未就绪节点未就绪".encode()[:-1]
    assert bytes(normalised(data)).decode() == "节点未就绪节点未就绪节点未就\ufffd"


def test_windows_line_ends_become_line_feeds() -> None:
    assert normalised(b"a\r\nb\r\r\nc\r\n") == b"a\nb\nc\n"


def test_a_return_inside_a_line_adds_no_line() -> None:
    assert bytes(normalised(b"10%\r20%\rdone\nnext\n")).count(b"\n") == 2


def test_a_file_with_returns_only_has_lines() -> None:
    assert normalised(b"a\rb\rc") == b"a\nb\nc"


@pytest.mark.parametrize(
    ("shown", "plain"),
    [
        (b"\x1b[31mError\x1b[0m from server\n", b"Error from server\n"),
        (b"\x1b[01;32mroot@n1\x1b[00m:\x1b[01;34m~\x1b[00m# ls\n", b"root@n1:~# ls\n"),
        (b"\x1b]0;root@n1: ~\x07root@n1:~# ls\n", b"root@n1:~# ls\n"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n", b"link\n"),
        (b"\x1b(B\x1b[mplain\x1b[K\n", b"plain\n"),
        (b"\x1b[?2004hkubectl\x1b[?2004l\n", b"kubectl\n"),
    ],
)
def test_terminal_codes_disappear(shown: bytes, plain: bytes) -> None:
    assert normalised(shown) == plain


def test_what_was_erased_while_typing_disappears() -> None:
    assert normalised(b"$ kubectl gte\x08\x08et po\n") == b"$ kubectl get po\n"


def test_an_unfinished_window_title_does_not_swallow_the_next_line() -> None:
    assert bytes(normalised(b"\x1b]0;title\nkubelet: panic\x07\n")).endswith(b"kubelet: panic\x07\n")


def test_binary_data_is_told_from_text() -> None:
    assert is_binary(bytes(range(256)) * 20)
    assert not is_binary(b"")
    assert not is_binary(b"text with one \0 after a power cut\n" * 20)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=4000))
def test_any_bytes_come_out_as_utf_8(data: bytes) -> None:
    bytes(normalised(data)).decode("utf-8")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\x1b\b\ufeff\0")))
def test_clean_text_is_never_changed(text: str) -> None:
    data = text.encode()
    if not is_binary(data):
        assert normalised(data) == data


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet="ab节点 \t\x1b[31m\r0;", max_size=30), max_size=10))
def test_the_number_of_lines_never_changes(lines: list[str]) -> None:
    data = "\n".join([*lines, ""]).encode()
    assert bytes(normalised(data)).count(b"\n") == data.count(b"\n")
