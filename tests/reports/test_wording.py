from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.reports.wording import counted, fill, fill_command, one_line, printable, since, size

POD = Subject("Pod", "web-1", "shop")


def test_a_template_takes_the_subject_s_names_and_the_finding_s_values() -> None:
    assert fill("{kind} {namespace}/{name}: {count} restarts", {"count": "7"}, POD) == "Pod shop/web-1: 7 restarts"


def test_an_unknown_name_stays_visible_in_capitals() -> None:
    assert fill("{name} on {node}: {reason}", {}, POD) == "web-1 on NODE: REASON"


def test_a_node_is_on_itself() -> None:
    assert fill("{node}", {}, Subject("Node", "n1")) == "n1"


def test_braces_in_values_are_not_templates() -> None:
    assert fill("{reason}", {"reason": "{name} {0} {x.y}"}, POD) == "{name} {0} {x.y}"


@pytest.mark.parametrize("value", ["web-1", "kube-system", "app=web,tier=db", "10.0.0.1/24", "19246 19247", "a@b%c+d"])
def test_plain_values_enter_a_command(value: str) -> None:
    assert fill_command("x {value}", {"value": value}, POD) == f"x {value}"


@pytest.mark.parametrize(
    "value", ["$(reboot)", "a;b", "a b;c", "--all", "-A", "a --all", "`x`", "a'b", 'a"b', "a\nb", "*", "~"]
)
def test_values_that_a_shell_would_act_on_do_not(value: str) -> None:
    assert fill_command("x {value}", {"value": value}, POD) == "x VALUE"


@given(st.text(max_size=30))
def test_no_value_ever_changes_the_words_of_a_quoted_command(value: str) -> None:
    command = fill_command('kubectl get --raw "/api/v1/nodes/{value}/proxy"', {"value": value}, POD)
    assert len(shlex.split(command)) == 4


@given(st.text(max_size=60))
def test_printable_text_can_always_be_encoded_and_holds_no_controls(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert all(character.isprintable() or not ord(character) < 32 or character in "\n\t" for character in shown)
    assert "\n" not in one_line(text)


def test_escape_sequences_go_whole() -> None:
    assert printable("\x1b[1;31mError\x1b[0m \x1b]0;title\x07done") == "Error done"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (Moment(), None),
        (Moment(0, 0), "1970-01-01T00:00:00Z"),
        (Moment(None, 60), "1970-01-01T00:01:00Z or earlier"),
        (Moment(60, None), "after 1970-01-01T00:01:00Z"),
        (Moment(0, 60), "between 1970-01-01T00:00:00Z and 1970-01-01T00:01:00Z"),
    ],
)
def test_since_says_no_more_than_is_known(moment: Moment, words: str | None) -> None:
    assert since(moment) == words


def test_sizes_and_counts_read_like_sentences() -> None:
    assert [size(n) for n in (0, 999, 1000, 41_000_000, 9_940_000, 10**15)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "41 MB",
        "9.9 MB",
        "1000 TB",
    ]
    assert counted(1, "file") == "1 file"
    assert counted(41000, "line") == "41 000 lines"
