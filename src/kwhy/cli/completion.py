"""``kwhy completion``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping

from kwhy.cli.arguments import commands_of, parser
from kwhy.cli.output import write_report

#: Arguments that name files.
_FILES = frozenset({"sources", "files", "output", "expect"})


def run(options: Namespace) -> int:
    import shtab

    top = parser("kwhy")
    for _, command in commands_of(top):
        _complete_files(command, shtab.FILE)
    write_report(shtab.complete(top, options.shell) + "\n", None)
    return 0


def _complete_files(command: ArgumentParser, how: Mapping[str, object]) -> None:
    for action in command._actions:
        if action.dest in _FILES:
            action.complete = how  # type: ignore[attr-defined]  # shtab reads this attribute of argparse actions
