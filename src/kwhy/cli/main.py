"""Entry point of ``kwhy`` and ``kubectl why``. Answers ``--version`` before importing anything."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

#: What a shell reports for a program that Ctrl-C ended: 128 + SIGINT.
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is the contract's."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given in (["--version"], ["-V"]):
        from kwhy import __version__

        sys.stdout.write(f"kwhy {__version__}\n")
        return 0
    try:
        return _run(given)
    except KeyboardInterrupt:
        sys.stderr.write("kwhy: interrupted\n")
        return INTERRUPTED


def _run(given: list[str]) -> int:
    from kwhy.cli.arguments import parser

    return _command(parser(sys.argv[0]).parse_args(given))


def _command(options: Namespace) -> int:
    """Each command imports what it needs and nothing of the others."""
    # Facts live until the end: looking through them for garbage after every 700 new ones is in vain.
    gc.set_threshold(100_000, 50, 100)
    match options.command:
        case "diagnose":
            from kwhy.cli import diagnose

            return diagnose.run(options)
        case "explain":
            from kwhy.cli import explain

            return explain.run(options)
        case "inspect":
            from kwhy.cli import inspect

            return inspect.run(options)
        case "trace":
            from kwhy.cli import trace

            return trace.run(options)
        case "collect":
            from kwhy.cli import collect

            return collect.run(options)
        case "demo":
            from kwhy.cli import demo

            return demo.run(options)
        case _:
            from kwhy.cli import completion

            return completion.run(options)
