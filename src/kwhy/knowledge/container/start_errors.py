"""What the runtime says when it cannot start a container's first process.

Sources: opencontainers/runc v1.1 libcontainer (init_linux.go, standard_init_linux.go; "unable to start container
process", before v1.1 "starting container process caused"), Go os/exec (ErrNotFound); containers/crun 1.x
src/libcrun/linux.c and utils.c ("executable file `x` not found in $PATH"); containerd v1.6 runtime/v2/shim.
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

import re
from enum import Enum

import msgspec

from kwhy.facts.logs import LogFile
from kwhy.knowledge.container.runs import ContainerRun, Statement, event_messages, runs_of, state_messages
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene


class StartError(Enum):
    """Why the first process could not be started."""

    NOT_FOUND = "the command does not exist in the image"
    NOT_EXECUTABLE = "the command may not be executed"
    WRONG_FORMAT = "the command is built for another platform, or is a script without an interpreter line"


_QUOTE = r"\\{0,7}[\"`]"
_ERRORS: tuple[tuple[StartError, re.Pattern[str]], ...] = (
    # exec: "/usr/local/bin/invoicer": stat /usr/local/bin/invoicer: no such file or directory (runc 1.1)
    # exec: \"foo\": executable file not found in $PATH (runc before 1.0 nests the quotes)
    (
        StartError.NOT_FOUND,
        expression(
            rf"exec: {_QUOTE}(?P<command>[^\"\\]{{0,500}}){_QUOTE}:"
            r" (?:(?:stat|lstat) \S{1,500}: )?(?:no such file or directory|not a directory|executable file not found in \$PATH)"
        ),
    ),
    # executable file `foo` not found in $PATH: No such file or directory (crun)
    (StartError.NOT_FOUND, expression(rf"executable file {_QUOTE}(?P<command>[^`\"\\]{{1,500}}){_QUOTE} not found")),
    # exec /entrypoint.sh: no such file or directory (runc 1.1, printed into the container's log and the shim's error)
    (StartError.NOT_FOUND, expression(r"\bexec (?P<command>/\S{1,500}): no such file or directory")),
    # standard_init_linux.go:211: exec user process caused "no such file or directory" (runc before 1.1)
    (StartError.NOT_FOUND, expression(r"exec user process caused:? \"?(?P<command>)no such file or directory")),
    # standard_init_linux.go:190: exec user process caused "permission denied" (runc before 1.1)
    (StartError.NOT_EXECUTABLE, expression(r"exec user process caused:? \"?(?P<command>)permission denied")),
    # exec: "/entrypoint.sh": permission denied; exec: "/data": is a directory (runc)
    (
        StartError.NOT_EXECUTABLE,
        expression(rf"exec: {_QUOTE}(?P<command>[^\"\\]{{1,500}}){_QUOTE}: (?:permission denied|is a directory)"),
    ),
    # open executable `/entrypoint.sh`: Permission denied (crun); exec /entrypoint.sh: permission denied (runc 1.1)
    (
        StartError.NOT_EXECUTABLE,
        expression(r"(?:open executable `|\bexec )(?P<command>/[^\s`:]{1,500})`?: [Pp]ermission denied"),
    ),
    # exec /app: exec format error; standard_init_linux.go:228: exec user process caused: exec format error
    (
        StartError.WRONG_FORMAT,
        expression(r"(?:\bexec (?P<command>/[^\s:]{1,500}): )?\bexec format error", re.IGNORECASE),
    ),
)


class FailedStart(msgspec.Struct, frozen=True):
    """One start that failed: the command as the runtime names it ("" where it does not), and why."""

    error: StartError
    command: str
    said: Statement


def read_start_error(said: Statement) -> FailedStart | None:
    """The start error in a message; None where it speaks of something else."""
    for error, pattern in _ERRORS:
        match = pattern.search(said.text)
        if match:
            return FailedStart(error, match["command"] or "", said)
    return None


def failed_starts(scene: Scene, pod: Subject) -> list[FailedStart]:
    """Errors of starting the containers that are not up: of their states first, then of events, newest first"""
    runs = runs_of(scene, pod)
    down = [run for run in runs if not _is_up(run)]
    if runs and not down:
        return []
    said = [*state_messages(down), *event_messages(scene, pod, "Failed"), *_logged(scene, pod, down)]
    return [start for statement in said if (start := read_start_error(statement)) is not None]


def _is_up(run: ContainerRun) -> bool:
    return run.status.ready is True or (run.running and not run.restarts)


#: runc's init prints its last error into the container's log, and nothing else is there: this much of a log is read.
_LOGGED = 4096
# standard_init_linux.go:228: exec user process caused: exec format error
# 2024-05-01T10:00:00.1Z exec /docker-entrypoint.sh: no such file or directory
_INIT_LINE = expression(
    r"^(?:\d{4}-\S{10,40} )?(?:standard_init_linux\.go:\d{1,4}: exec user process caused|exec /\S{1,500}: (?:no such|exec f|perm)).{0,200}$",
    re.MULTILINE,
)


def _logged(scene: Scene, pod: Subject, runs: list[ContainerRun]) -> list[Statement]:
    """What the runtime's init process wrote into the container's own log before it gave up."""
    found = []
    names = {run.name for run in runs}
    for log in scene.facts(LogFile):
        hint = log.pod
        if hint is None or (hint.pod, hint.namespace) != (pod.name, pod.namespace):
            continue
        if hint.container is not None and names and hint.container not in names:
            continue
        text = bytes(log.document.data[:_LOGGED]).decode("utf-8", "replace")
        match = _INIT_LINE.search(text)
        if match:
            line = log.document.first_line + text.count("\n", 0, match.start())
            found.append(Statement(match[0], log.document.at(line=line, excerpt=match[0]), hint.container))
    return found
