"""Which processes a `ps`, `top`, `pgrep` or `pidof` command shows: all, all that match a word, or an unknown part."""

from __future__ import annotations

import msgspec

from kwhy.ingest.host.ps_columns import Column, option_columns
from kwhy.ingest.invocation import Invocation, invocation, runs
from kwhy.model.expressions import expression

#: Options of procps ps whose separate operand follows (ps(1), simple and list selection).
_WITH_OPERAND = frozenset("CGUgopqstukO")
#: The same as long options.
_LONG_WITH_OPERAND = frozenset(
    {"--pid", "--ppid", "--sid", "--user", "--User", "--group", "--Group", "--tty", "--format", "--sort", "--columns"}
)
_LITERAL = expression(r"[\w./:@-]+")


class Scope(msgspec.Struct, frozen=True):
    """``columns`` are set where the command names them and suppresses or may lack the header."""

    all_processes: bool
    whole_output: bool
    columns: tuple[Column, ...] | None = None


def scope_of(command: str | None) -> Scope | None:
    """What the command shows; None where it is no process list."""
    line = runs(command, "ps")
    if line is None:
        return None
    letters, formats, deselected = _options(line)
    every = (not deselected) and (bool({"-e", "-A"} & letters) or {"a", "x"} <= letters) and "r" not in letters
    columns = option_columns(",".join(formats)) if formats else None
    return Scope(every, not line.filtered, columns)


def _options(line: Invocation) -> tuple[set[str], list[str], bool]:
    """Option letters ("-e" in Unix style, "a" in BSD style), arguments of -o, and whether the selection is negated."""
    letters: set[str] = set()
    formats: list[str] = []
    deselected = False
    words = list(line.arguments)
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, _, value = word.partition("=")
            deselected = deselected or name == "--deselect"
            operand = value or (words.pop(0) if name in _LONG_WITH_OPERAND and words else "")
            if name == "--format":
                formats.append(operand)
            continue
        # procps reads `-aux` as `aux` where no user is called "x" (ps/parser.c, "bad user name" fallback).
        dash = "-" if word.startswith("-") and not word.startswith("-aux") else ""
        group = word.removeprefix("-")
        if not dash and group[:1].isdigit():
            continue  # `ps 4545`
        for position, letter in enumerate(group):
            letters.add(dash + letter)
            deselected = deselected or (dash == "-" and letter == "N")
            if letter in _WITH_OPERAND and (dash or letter in "opOkqtU"):
                operand = group[position + 1 :] or (words.pop(0) if words else "")
                if letter == "o":
                    formats.append(operand)
                break
    return letters, formats, deselected


def searched_word(command: str | None) -> str | None:
    """The literal word that `ps -ef | grep word` or `pgrep -f word` looked for among all processes."""
    line = invocation(command)
    if line is None:
        return None
    if line.program == "ps":
        scope = scope_of(command)
        greps = [stage for stage in line.filters if stage[1:2] != ("-v",) and stage[1:3] != ("grep", "-v")]
        if scope is None or not scope.all_processes or len(greps) != 1:
            return None
        return _grep_word(greps[0])
    if line.program in ("pgrep", "pidof") and not line.filtered and len(line.operands) == 1:
        return line.operands[0] if _LITERAL.fullmatch(line.operands[0]) else None
    return None


def _grep_word(stage: tuple[str, ...]) -> str | None:
    if stage[0].rpartition("/")[2] not in ("grep", "egrep", "fgrep"):
        return None
    options = [word for word in stage[1:] if word.startswith("-")]
    operands = [word for word in stage[1:] if not word.startswith("-")]
    if len(operands) != 1 or any(set(option[1:]) - set("iwEF") for option in options):
        return None
    word = operands[0]
    if len(word) > 3 and word[0] == "[" and word[2] == "]":
        word = word[1] + word[3:]  # `grep [k]ubelet`, so that grep does not find itself
    return word if _LITERAL.fullmatch(word) else None
