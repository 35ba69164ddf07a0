"""How crictl, ctr, docker and nerdctl say that the runtime did not answer.

Sources: cri-tools v1.30.0 cmd/crictl/main.go (logrus, fatal), docker/cli v27 (errors on standard error),
google.golang.org/grpc status.Error ("rpc error: code = %s desc = %s").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from kwhy.facts.processes import masked
from kwhy.facts.runtime import Outcome, RuntimeAnswer
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.time import UNKNOWN_MOMENT, Moment
from kwhy.model.time import at as moment_at

CLIENTS = frozenset({"crictl", "docker", "ctr", "nerdctl", "podman"})

#: `rpc error: code = DeadlineExceeded desc = context deadline exceeded`
_RPC = expression(r"rpc error: code = (?P<code>\w{1,40}) desc = ")
#: `time="2026-11-21T23:58:47Z" level=fatal msg="validate service connection: …"` (logrus, no terminal)
_LOGRUS = expression(
    r'time="(?P<time>[^"]{1,40})" level=(?P<level>fatal|error|panic) msg="(?P<text>(?:[^"\\]|\\.){1,4000})"'
)
#: `FATA[0010] failed to connect: context deadline exceeded`, `ERRO[0002] …` (logrus on a terminal)
_TERMINAL = expression(r"(?:FATA|ERRO|PANI)\[[\dT:.Z+-]{1,40}\] (?P<text>.{1,4000})")
#: `E1121 23:58:40.004162     339 remote_runtime.go:432] "ContainerStatus from runtime service failed" err="…"` (klog)
_KLOG = expression(r"E\d{4} \d\d:\d\d:\d\d\.\d{6}\s{1,8}\d{1,10} remote_\w{1,20}\.go:\d{1,6}\] (?P<text>.{1,4000})")
#: `Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?`,
#: `Error response from daemon: …`, `Error: No such object: x`, `ctr: failed to dial "/run/x.sock": …`
_PLAIN = expression(
    r"(?P<text>(?:Cannot connect to the Docker daemon|Error response from daemon:|Error: No such|error during connect:"
    r"|Got permission denied|permission denied while|ctr: |Error: (?:failed|rpc)|failed to connect|crictl: ).{0,4000})"
)
_ENDPOINT = expression(r"(?:unix://)?(?P<path>/[\w./-]{1,200}\.sock(?:et)?)")
#: `^C` typed at a command that does not end; what a shell says of `timeout`
_INTERRUPTED = expression(r"\s*(?:\^C\s*)+\s*$")
_KILLED = expression(r"\s*(?:Terminated|Killed|timeout: .{1,200})\s*")
#: One of these stands in every line that an expression above matches.
_SIGNS = (
    *("^C", "Terminated", "Killed", "timeout: ", "rpc error: ", 'time="', "FATA[", "ERRO[", "PANI[", "remote_"),
    *("Cannot connect to the Docker", "Error response from", "Error: ", "error during connect:", "ermission denied"),
    *("ctr: ", "failed to connect", "crictl: "),
)
_TIMED_OUT = ("DeadlineExceeded", "context deadline exceeded", "i/o timeout", "Client.Timeout exceeded", "timed out")

#: Calls that print at least a header when they are answered.
_ALWAYS_PRINT = frozenset({"ps", "pods", "info", "images", "version", "stats", "statsp", "container", "image"})


def asked_of(document_command: str | None) -> tuple[str, str, str]:
    """Program, subcommand and the id or name asked about; empty where the command is none of the clients'."""
    line = invocation(document_command)
    if line is None or line.program not in CLIENTS:
        return "", "", ""
    words = _after_global_options(line)
    call = words[0] if words else ""
    if call in ("container", "image", "tasks", "t", "containers", "c", "images", "i") and len(words) > 1:
        call = {"ls": "ps", "list": "ps"}.get(words[1], words[1])
        words = words[1:]
    operands = [word for word in words[1:] if not word.startswith("-")]
    return (
        line.program,
        call,
        operands[0] if operands and call.startswith(("inspect", "logs", "exec", "stop", "rm")) else "",
    )


#: Options before the subcommand that take an operand (crictl, ctr, docker).
_GLOBAL_WITH_OPERAND = frozenset(
    {"-r", "-i", "-t", "-c", "-n", "-a", "-H", "--runtime-endpoint", "--image-endpoint", "--timeout", "--config"}
    | {"--namespace", "--address", "--host"}
)


def _after_global_options(line: Invocation) -> list[str]:
    words = list(line.arguments)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in _GLOBAL_WITH_OPERAND and words:
            words.pop(0)
    return words


def failure_in(number: int, line: str, document: Document) -> RuntimeAnswer | None:
    """The failed call that a line of output tells of; None for any other line."""
    if not any(sign in line for sign in _SIGNS):
        return None
    program, call, asked = asked_of(document.command)
    if _INTERRUPTED.fullmatch(line):
        return _answer("interrupted", number, line, document, (program, call, asked), text="^C")
    if _KILLED.fullmatch(line) and program:
        return _answer("timed out", number, line, document, (program, call, asked), text=line.strip())
    for pattern in (_LOGRUS, _TERMINAL, _KLOG, _PLAIN):
        match = pattern.search(line) if pattern is _PLAIN else pattern.match(line.strip())
        if match is None:
            continue
        text = match["text"].replace('\\"', '"')
        timed_out = any(sign in text for sign in _TIMED_OUT)
        guess = program or ("docker" if "ocker daemon" in text or "from daemon" in text else "")
        guess = guess or ("ctr" if text.startswith("ctr: ") else "")
        answer = _answer("timed out" if timed_out else "error", number, line, document, (guess, call, asked), text=text)
        return _timed(answer, match)
    if rpc := _RPC.search(line):
        timed_out = rpc["code"] == "DeadlineExceeded"
        outcome: Outcome = "timed out" if timed_out else "error"
        return _answer(outcome, number, line, document, (program, call, asked), text=line.strip())
    return None


def _answer(
    outcome: Outcome, number: int, line: str, document: Document, asked: tuple[str, str, str], *, text: str
) -> RuntimeAnswer:
    code, endpoint = _RPC.search(text), _ENDPOINT.search(text)
    return RuntimeAnswer(
        program=asked[0],
        call=asked[1],
        outcome=outcome,
        at=document.at(number, excerpt=masked(line.strip())),
        text=masked(text),
        code=code["code"] if code else "",
        endpoint=endpoint["path"] if endpoint else "",
        asked=asked[2],
        observed=document.captured,
    )


def _timed(answer: RuntimeAnswer, match: re.Match[str]) -> RuntimeAnswer:
    moment = moment_of(match.groupdict().get("time") or "")
    if not moment.known:
        return answer
    return msgspec.structs.replace(answer, observed=moment)


def moment_of(text: str) -> Moment:
    """RFC 3339, with a zone; unknown otherwise (also for Go's zero time)."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return UNKNOWN_MOMENT
    if parsed.tzinfo is None or parsed.year < 1971:
        return UNKNOWN_MOMENT
    return moment_at(parsed.timestamp(), within=1.0)


def silence(document: Document) -> Iterator[RuntimeAnswer]:
    """A call that printed nothing at all, though its answer has a header and its errors a message: it never ended."""
    program, call, asked = asked_of(document.command)
    command = document.command or ""
    quiet = any(word in ("-q", "--quiet", "-aq", "-qa") for word in command.split())
    line = invocation(command)
    heard_all = line is not None and not line.filtered and ">" not in command and not quiet
    if program and call in _ALWAYS_PRINT and heard_all and not bytes(document.data[:4096]).strip():
        yield RuntimeAnswer(
            program, call, "timed out", document.at(document.first_line, excerpt=masked(command)), asked=asked
        )


def success(document: Document, line: int | None, call: str = "", program: str = "") -> RuntimeAnswer:
    """The call was answered."""
    named, named_call, asked = asked_of(document.command)
    place = document.at(line or document.first_line)
    return RuntimeAnswer(named or program, named_call or call, "ok", place, asked=asked, observed=document.captured)
