"""What a shell command line says about the output below it: which program ran, with which arguments, filtered how.

Only commands that read are understood; wrappers that leave the output alone (sudo, timeout, nsenter, chroot,
`kubectl exec … --`) are looked through.
"""

from __future__ import annotations

import shlex

import msgspec

#: Programs behind a pipe that drop no line.
_HARMLESS_FILTERS = frozenset({"cat", "less", "more", "sort", "tee", "column", "nl", "jq"})
#: Wrappers, with the number of their own operands that precede the program (options are skipped by their dash).
_WRAPPERS = {"sudo": 0, "time": 0, "nohup": 0, "timeout": 1, "chroot": 1, "env": 0, "command": 0, "watch": 0, "nice": 0}
#: Options of the wrappers that take a separate operand.
_OPERAND_OPTIONS = {
    "sudo": {"-u", "-g"},
    "nsenter": {"-t", "--target"},
    "timeout": {"-s", "-k"},
    "watch": {"-n"},
    "nice": {"-n"},
}


class CommandLine(msgspec.Struct, frozen=True):
    """``program`` is a base name; ``filters`` are the programs it was piped into that may have dropped lines."""

    program: str
    arguments: tuple[str, ...]
    filters: tuple[tuple[str, ...], ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all lines of the program's output can be here."""
        return not self.filters

    @property
    def operands(self) -> tuple[str, ...]:
        """Arguments that are no options."""
        return tuple(argument for argument in self.arguments if not argument.startswith("-"))


def read_command(command: str | None) -> CommandLine | None:
    """The first simple command of a pipeline; None where there is none."""
    if not command:
        return None
    stages = _stages(command)
    if not stages:
        return None
    words = _unwrapped(stages[0])
    if not words:
        return None
    filters = tuple(tuple(stage) for stage in stages[1:] if stage and _base(stage[0]) not in _HARMLESS_FILTERS)
    return CommandLine(_base(words[0]), tuple(words[1:]), filters)


def runs(command: str | None, *programs: str) -> CommandLine | None:
    """The command line if it runs one of ``programs``."""
    if not command or not any(program in command for program in programs):
        return None
    line = read_command(command)
    return line if line is not None and line.program in programs else None


def _base(word: str) -> str:
    return word.rpartition("/")[2]


def _stages(command: str) -> list[list[str]]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|;&<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:  # an open quote: the line was cut
        words = command.replace("|", " | ").split()
    stages: list[list[str]] = [[]]
    skip_target = False
    for word in words:
        if skip_target:
            skip_target = False
        elif word in (";", "&&", "||", "&"):
            if stages[-1]:
                break
        elif word in ("|", "|&"):
            stages.append([])
        elif word and set(word) <= set("<>&"):
            skip_target = True
            if stages[-1] and stages[-1][-1].isdigit():
                stages[-1].pop()  # the file descriptor of `2>`
        else:
            stages[-1].append(word)
    return [stage for stage in stages if stage]


def _unwrapped(words: list[str]) -> list[str]:
    while words:
        program = _base(words[0])
        if program in ("kubectl", "oc", "crictl", "docker", "k", "nerdctl") and "exec" in words[1:4]:
            words = _after_exec(words)
        elif program == "nsenter":
            words = _after_options(words[1:], _OPERAND_OPTIONS["nsenter"])
        elif program in _WRAPPERS:
            rest = _after_options(words[1:], _OPERAND_OPTIONS.get(program, set()))
            words = rest[_WRAPPERS[program] :]
        elif "=" in words[0] and words[0].partition("=")[0].isidentifier():
            words = words[1:]
        else:
            return words
    return words


def _after_options(words: list[str], with_operand: set[str]) -> list[str]:
    position = 0
    while position < len(words) and words[position].startswith("-"):
        if words[position] == "--":
            return words[position + 1 :]
        position += 2 if words[position] in with_operand else 1
    return words[position:]


def _after_exec(words: list[str]) -> list[str]:
    if "--" in words:
        return words[words.index("--") + 1 :]
    rest = _after_options(words[words.index("exec") + 1 :], {"-n", "-c", "--namespace", "--container", "-u", "-w"})
    return rest[1:]
