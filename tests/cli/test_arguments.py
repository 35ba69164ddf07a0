from __future__ import annotations

import pytest

from kwhy.cli.arguments import commands_of, moment, parser, program, subject
from kwhy.model.subject import Subject


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("node/n1", Subject("Node", "n1")),
        ("no/n1", Subject("Node", "n1")),
        ("pod/shop/web-1", Subject("Pod", "web-1", "shop")),
        ("Pod/web-1", Subject("Pod", "web-1")),
        ("SVC/shop/web", Subject("Service", "web", "shop")),
        ("process/n1/terwayd", Subject("Process", "terwayd", node="n1")),
        ("Certificate/abc", Subject("Certificate", "abc")),
    ],
)
def test_an_object_is_named_as_kubectl_names_it(text: str, expected: Subject) -> None:
    assert subject(text) == expected


@pytest.mark.parametrize("text", ["pod", "pod/", "/web", "pod/a/b/c", "pod//b", ""])
def test_what_names_no_object_is_refused_with_an_example(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_status:
        parser().parse_args(["diagnose", "x", f"--about={text}"])
    assert exit_status.value.code == 2
    assert "such as pod/shop/web-1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["2019-07-29T17:11:43Z", "2019-07-29T19:11:43+02:00", "2019-07-29T17:11:43", "2019-07-29 17:11:43"]
)
def test_a_time_without_zone_is_utc(text: str) -> None:
    assert moment(text) == 1564420303.0


def test_a_time_that_is_none_is_refused_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_status:
        parser().parse_args(["diagnose", "x", "--as-of", "yesterday"])
    assert exit_status.value.code == 2
    assert "2019-07-29T17:11:43Z" in capsys.readouterr().err


def test_a_command_that_does_not_exist_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_status:
        parser().parse_args(["serve"])
    assert exit_status.value.code == 2
    assert "Try: kwhy --help" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("invoked", "name"),
    [("/usr/bin/kwhy", "kwhy"), ("/usr/bin/kubectl-why", "kubectl why"), ("__main__.py", "kwhy")],
)
def test_usage_is_worded_as_it_was_called(invoked: str, name: str) -> None:
    assert program(invoked) == name
    assert f"usage: {name} " in parser(invoked).format_help()


def test_only_commands_that_work_are_offered() -> None:
    assert [name for name, _ in commands_of(parser())] == [
        "diagnose",
        "collect",
        "explain",
        "inspect",
        "trace",
        "demo",
        "completion",
    ]
