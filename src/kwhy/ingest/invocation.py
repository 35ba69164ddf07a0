"""What a recorded command line ran, in which network namespace, and what its output went through.

Wrappers that leave the output alone (sudo, timeout, nsenter, chroot, ssh, `sh -c`, `kubectl exec … --`) are looked
through.
"""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import Final

import msgspec

from kwhy.facts.network import NetworkNamespace
from kwhy.model.expressions import expression

#: Wrappers that run their remaining arguments as a command; the value says which of their options take an argument.
_PLAIN_WRAPPERS: Final = {
    "sudo": {"-u", "-g", "-h", "-p", "-C", "-T", "-U", "--user", "--group"},
    "doas": {"-u"},
    "time": {"-f", "-o"},
    "nice": {"-n"},
    "ionice": {"-c", "-n"},
    "env": {"-u"},
    "watch": {"-n"},
    "nohup": set[str](),
    "stdbuf": {"-i", "-o", "-e"},
    "busybox": set[str](),
    "command": set[str](),
    "exec": set[str](),
    "strace": {"-e", "-o", "-p"},
    "unbuffer": set[str](),
}
_KUBECTL: Final = ("kubectl", "oc", "k", "kubecolor", "k3s", "microk8s.kubectl", "microk8s")
#: Options of `kubectl exec` and `kubectl debug` that take the following word (kubectl v1.34, pkg/cmd/exec/exec.go).
_KUBECTL_VALUE_OPTIONS: Final = {
    "-n", "--namespace", "-c", "--container", "--context", "--cluster", "--kubeconfig", "--user", "-f", "--filename",
    "-s", "--server", "--pod-running-timeout", "--request-timeout", "--token", "--as", "-v", "--image", "--target",
}  # fmt: skip
_CONTAINER_TOOLS: Final = ("docker", "podman", "nerdctl", "crictl", "lxc")
_CONTAINER_VALUE_OPTIONS: Final = {
    "-u", "--user", "-w", "--workdir", "-e", "--env", "--env-file", "-n", "--namespace", "-r", "--runtime-endpoint",
    "--detach-keys", "--timeout", "-a", "--address", "-H", "--host", "-c", "--config",
}  # fmt: skip
_NSENTER_VALUE_OPTIONS: Final = {"-t", "--target", "-S", "--setuid", "-G", "--setgid"}
#: Programs behind a pipe that drop no line.
_KEEPING: Final = frozenset({"cat", "tee", "less", "more", "column", "sort", "nl", "jq"})
_REDIRECTION: Final = expression(r"^\d*(?:>>?|<)(?:&\d+)?")
#: 2>&1 and &>file, which the lexer would take for a background "&"
_DUPLICATION: Final = expression(r"\d*>&\d?|&>")
_ASSIGNMENT: Final = expression(r"^[A-Za-z_]\w*=")


class Invocation(msgspec.Struct, frozen=True):
    """A program and its arguments, wrappers removed.

    ``netns`` is the namespace that the wrappers name. ``contained``: it ran inside a container, whose programs are
    often busybox. ``filters`` are the programs, with their arguments, that the output went through and that may have
    dropped lines (`| grep`).
    """

    program: str
    arguments: tuple[str, ...]
    netns: NetworkNamespace | None = None
    contained: bool = False
    filters: tuple[tuple[str, ...], ...] = ()
    busybox: bool = False

    @property
    def filtered(self) -> bool:
        """Whether lines of the output may be missing."""
        return bool(self.filters)

    @property
    def operands(self) -> tuple[str, ...]:
        """Arguments that are no options."""
        return tuple(argument for argument in self.arguments if not argument.startswith("-"))


@lru_cache(maxsize=64)  # each recogniser asks for that of the same document
def invocation(command: str | None) -> Invocation | None:
    """The invocation behind a command line; None where there is none or it cannot be told (several commands)."""
    if not command:
        return None
    words = _words(command)
    if words is None:
        return None
    stages = _stages(words)
    found = _unwrap(stages[0], None, contained=False, busybox=False, depth=0)
    return None if found is None else _behind(found, stages[1:])


def runs(command: str | None, *programs: str) -> Invocation | None:
    """The invocation if it is one of ``programs``."""
    if not command or not any(program in command for program in programs):
        return None
    found = invocation(command)
    return found if found is not None and found.program in programs else None


def _behind(found: Invocation, stages: list[list[str]]) -> Invocation:
    """``found`` with the stages of its pipeline that may drop lines."""
    dropping = tuple(tuple(stage) for stage in map(_without_redirections, stages) if not _keeps_all_lines(stage))
    return msgspec.structs.replace(found, filters=(*found.filters, *dropping)) if dropping else found


def _words(command: str) -> list[str] | None:
    lexer = shlex.shlex(_DUPLICATION.sub(" ", command), posix=True, punctuation_chars="|;&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        words = command.split()
    if any(word in ("&&", "||", ";") for word in words):
        return _last_of_sequence(words)
    return words


def _last_of_sequence(words: list[str]) -> list[str] | None:
    """`cd x && ip route` prints only what its last command prints; with two printing commands nothing can be told."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word in ("&&", "||", ";"):
            parts.append([])
        else:
            parts[-1].append(word)
    printing = [part for part in parts if part and part[0] not in ("cd", "set", "export", "true", "sleep", "date", ":")]
    return printing[0] if len(printing) == 1 else None


def _stages(words: list[str]) -> list[list[str]]:
    """The commands of a pipeline."""
    stages: list[list[str]] = [[]]
    for word in words:
        if word in ("|", "|&"):
            stages.append([])
        else:
            stages[-1].append(word)
    return stages


def _keeps_all_lines(stage: list[str]) -> bool:
    return not stage or stage[0].rpartition("/")[2] in _KEEPING


def _unwrap(
    words: list[str], netns: NetworkNamespace | None, *, contained: bool, busybox: bool, depth: int
) -> Invocation | None:
    words = _without_redirections(words)
    while words and _ASSIGNMENT.match(words[0]):
        words = words[1:]
    if not words or depth > 8:
        return None
    program = words[0].rsplit("/", 1)[-1]
    rest = words[1:]
    inner: list[str] | None = None
    if program == "ip" and (netns_words := _ip_netns(rest)) is not None:
        name, inner = netns_words
        netns = NetworkNamespace("name", name)
    elif program == "nsenter":
        pid, inner = _nsenter(rest)
        netns = NetworkNamespace("pid", pid) if pid else netns
    elif program in _KUBECTL and (pod := _kubectl_exec(rest)) is not None:
        netns, inner = pod
        contained = True
    elif program in _CONTAINER_TOOLS and "exec" in rest:
        after = _skip_options(rest[rest.index("exec") + 1 :], _CONTAINER_VALUE_OPTIONS)
        if not after:
            return None
        netns, inner, contained = NetworkNamespace("container", after[0]), after[1:], True
        inner = inner[1:] if inner[:1] == ["--"] else inner
    elif program == "timeout":
        inner = _skip_options(rest, {"-s", "--signal", "-k", "--kill-after"})[1:]
    elif program == "chroot":
        inner = _skip_options(rest, set())[1:]
    elif program == "ssh":
        inner = _skip_options(rest, {"-i", "-p", "-l", "-o", "-F", "-J"})[1:]
    elif program in ("sh", "bash", "ash", "zsh") and (script := _script(rest)) is not None:
        return _script_invocation(script, netns, contained=contained, busybox=busybox, depth=depth)
    elif program in _PLAIN_WRAPPERS:
        inner = _skip_options(rest, _PLAIN_WRAPPERS[program])
        busybox = busybox or program == "busybox"
    if inner is not None:
        return _unwrap(inner, netns, contained=contained, busybox=busybox, depth=depth + 1)
    return Invocation(program, tuple(rest), netns, contained, (), busybox)


def _script_invocation(
    script: str, netns: NetworkNamespace | None, *, contained: bool, busybox: bool, depth: int
) -> Invocation | None:
    words = _words(script)
    if words is None:
        return None
    stages = _stages(words)
    found = _unwrap(stages[0], netns, contained=contained, busybox=busybox, depth=depth + 1)
    return None if found is None else _behind(found, stages[1:])


def _without_redirections(words: list[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
            continue
        match = _REDIRECTION.match(word)
        if match:
            skip = match.end() == len(word) and "&" not in word
            continue
        if word == "&":
            continue
        kept.append(word)
    return kept


def _skip_options(words: list[str], takes_value: set[str]) -> list[str]:
    position = 0
    while position < len(words) and words[position].startswith("-") and words[position] != "--":
        position += 2 if words[position] in takes_value else 1
    if position < len(words) and words[position] == "--":
        position += 1
    return words[position:]


def _ip_netns(words: list[str]) -> tuple[str, list[str]] | None:
    """`ip netns exec NAME command …`; `ip -n NAME route` and `ip --netns NAME route` become `ip route` there."""
    for position, word in enumerate(words[:-1]):
        if word in ("-n", "-netns", "--netns") and all(before.startswith("-") for before in words[:position]):
            return words[position + 1], ["ip", *words[:position], *words[position + 2 :]]
    if len(words) > 3 and words[0] == "netns" and words[1] == "exec":
        return words[2], words[3:]
    return None


def _nsenter(words: list[str]) -> tuple[str | None, list[str]]:
    """The target pid, if its network namespace is entered, and the command."""
    pid: str | None = None
    network = False
    position = 0
    while position < len(words) and words[position].startswith("-") and words[position] != "--":
        word = words[position]
        if word in _NSENTER_VALUE_OPTIONS and position + 1 < len(words):
            pid = words[position + 1] if word in ("-t", "--target") else pid
            position += 1
        elif word.startswith("--target="):
            pid = word.partition("=")[2]
        elif word.startswith("-t") and word[2:].isdigit():
            pid = word[2:]
        elif word.startswith("--net"):
            target = re.search(r"/proc/(\d+)/ns/net", word)
            pid, network = (target.group(1) if target else pid), True
        elif word == "--all" or (not word.startswith("--") and ("n" in word or "a" in word)):
            network = True
        position += 1
    rest = words[position:]
    return (pid if network else None), rest[1:] if rest[:1] == ["--"] else rest


def _kubectl_exec(words: list[str]) -> tuple[NetworkNamespace, list[str]] | None:
    """The pod and the command of `kubectl exec`; without `--` (until v1.30) the command begins after the pod."""
    if "exec" not in words:
        return None
    namespace: str | None = None
    names: list[str] = []
    position = 0
    while position < len(words) and words[position] != "--":
        word = words[position]
        if word in _KUBECTL_VALUE_OPTIONS and position + 1 < len(words):
            if word in ("-n", "--namespace"):
                namespace = words[position + 1]
            position += 2
            continue
        if word.startswith("--namespace="):
            namespace = word.partition("=")[2]
        elif word.startswith("-n") and len(word) > 2:
            namespace = word[2:].lstrip("=")
        elif not word.startswith("-"):
            if "exec" in names and names[-1] != "exec" and "--" not in words:
                break
            names.append(word)
        position += 1
    pods = names[names.index("exec") + 1 :] if "exec" in names else []
    if not pods:
        return None
    inner = words[position + 1 :] if words[position : position + 1] == ["--"] else words[position:]
    pod = pods[0].removeprefix("pod/").removeprefix("po/")
    return NetworkNamespace("pod", pod, namespace), inner


def _script(words: list[str]) -> str | None:
    """The script of `sh -c SCRIPT`, also as `sh -lc`."""
    for position, word in enumerate(words[:-1]):
        if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            return words[position + 1]
    return None
