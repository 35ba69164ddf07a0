"""What tells a typed command from prose.

A line such as "# kubectl get pods shows …" in a file is a comment; behind an ambiguous prompt only a line that reads as
a command in every word counts.
"""

from __future__ import annotations

import re
from typing import Final

from kwhy.ingest.session.programs import (
    ALIASES,
    FREE,
    PROSE,
    PROSE_IF_SEVERAL,
    SUBCOMMANDS,
    WITHOUT_ARGUMENTS,
    WRAPPERS,
)
from kwhy.model.expressions import expression

#: An argument that no prose has: an option, a path, an assignment, a number, a name with punctuation, a quoted word.
_TECHNICAL: Final = expression(r"^-{1,2}[\w?]|[/=@{}$*|<>\"'\[\]\\]|\d|^[\w-]+[._:][\w-]|^[|;&>]")

#: "40", "2m", "0.5s": the first operand of timeout(1).
_DURATION: Final = expression(r"\d{1,6}(?:\.\d{1,3})?[smhd]?")


def normalised_command(command: str) -> str:
    """The command with a kubectl alias written out: "kg svc" → "kubectl get svc". Everything else stays as typed."""
    words = command.split(" ")
    for position, word in enumerate(words):
        if "=" in word:  # an assignment for the command behind it
            continue
        bare = word.rpartition("/")[2].removesuffix(".exe")
        if bare in ALIASES or bare == "kubectl":
            return " ".join([*words[:position], ALIASES.get(bare, "kubectl"), *words[position + 1 :]])
        if bare not in WRAPPERS:
            break
    return command


def program_of(text: str) -> str:
    """The program that ``text`` calls, aliases of kubectl written out."""
    program, _ = _program(text)
    return ALIASES.get(program, program).partition(" ")[0]


def is_command(text: str) -> bool:
    """Whether ``text`` begins with a program known here (after a certain prompt this is enough to call it typed)."""
    program, _ = _program(text)
    return program in FREE or program in SUBCOMMANDS or program in ALIASES


def reads_as_command(text: str) -> bool:
    """Whether every sign says that ``text`` was typed: known program, its sub-command, arguments that are no prose."""
    program, arguments = _program(text)
    if program in ALIASES:
        program, extra = "kubectl", ALIASES[program].split()[1:]
        arguments = [*extra, *arguments]
    if not arguments:
        return program in WITHOUT_ARGUMENTS
    if not any(word[:1] in "\"'-|" for word in arguments) and _is_prose(arguments):
        return False
    if text.rstrip().endswith((".", ":", "：", "。", ",")) and not text.rstrip().endswith((" .", "/.", "/..")):
        return False
    subcommands = SUBCOMMANDS.get(program)
    if subcommands:
        first = next((word for word in arguments if not word.startswith("-")), arguments[0])
        return arguments[0] in subcommands or first in subcommands or arguments[0].startswith(("--", "-"))
    if program not in FREE and program not in SUBCOMMANDS:
        return False
    return any(_TECHNICAL.search(word) for word in arguments) or len(arguments) == 1


def _is_prose(words: list[str]) -> bool:
    lowered = [word.lower() for word in words]
    return any(word in PROSE for word in lowered) or sum(word in PROSE_IF_SEVERAL for word in lowered) >= 2


def _program(text: str) -> tuple[str, list[str]]:
    """The program's base name and its arguments, wrappers and assignments skipped."""
    words = text.split()
    while len(words) > 1 and (words[0] in WRAPPERS or re.fullmatch(r"[A-Za-z_]\w*=\S*", words[0])):
        words = words[1:]
        while len(words) > 1 and (words[0].startswith("-") or _DURATION.fullmatch(words[0]) is not None):
            words = words[1:]
    if not words:
        return "", []
    return words[0].rpartition("/")[2].removesuffix(".exe"), words[1:]
