"""What a kubectl command line asks for.

Source of flags: k8s.io/kubectl v0.34.4 pkg/cmd/{get,describe,events,top}, `kubectl options`.
"""

from __future__ import annotations

import re
import shlex
from functools import lru_cache

import msgspec

from kwhy.ingest.kubectl.kinds import ALL_CATEGORY, is_namespaced, kind_of
from kwhy.model.expressions import expression

#: Words that run kubectl, and what they stand for: people's usual aliases.
_PROGRAMS: dict[str, tuple[str, ...]] = {
    "kubectl": (),
    "kubectl.exe": (),
    "kubecolor": (),
    "oc": (),
    "k": (),
    "kc": (),
    "kg": ("get",),
    "kd": ("describe",),
    "kgp": ("get", "pods"),
    "kgpo": ("get", "pods"),
    "kgn": ("get", "nodes"),
    "kgno": ("get", "nodes"),
    "kgs": ("get", "services"),
    "kgsvc": ("get", "services"),
    "kgd": ("get", "deployments"),
    "kgdep": ("get", "deployments"),
    "kgev": ("get", "events"),
    "kdp": ("describe", "pod"),
    "kdpo": ("describe", "pod"),
    "kdn": ("describe", "node"),
    "kdno": ("describe", "node"),
}
#: Programs that carry kubectl: `k3s kubectl get …`, `sudo kubectl …`, `minikube kubectl -- …`.
_CARRIERS = frozenset({"sudo", "k3s", "microk8s", "minikube", "k0s", "rke2", "time", "watch", "exec", "env"})

_VALUED_SHORT = frozenset("nloLfksv")
_VALUED_LONG = frozenset(
    [
        "namespace",
        "selector",
        "field-selector",
        "output",
        "label-columns",
        "filename",
        "kustomize",
        "sort-by",
        "chunk-size",
        "request-timeout",
        "template",
        "context",
        "cluster",
        "kubeconfig",
        "server",
        "user",
        "token",
        "as",
        "as-group",
        "as-uid",
        "cache-dir",
        "tls-server-name",
        "certificate-authority",
        "client-certificate",
        "client-key",
        "for",
        "types",
        "raw",
        "subresource",
        "profile",
    ]
)
#: Whatever changes the output on its way to the document: a pipe may drop rows.
_SHELL = expression(r"[|;&<>`]|\$\(")
_REDIRECTION = expression(r"(?:\s*(?:[12&]?>{1,2})\s*(?:&[12]|[^\s|;&<>]+))+\s*$")


class KubectlCommand(msgspec.Struct, frozen=True):
    """``kinds`` are those asked for, in order; ``names`` the objects asked for by name (none: all of them).

    ``namespace`` is that of -n; None if not said. ``filtered``: a selector, a pipe or a flag may hide objects.
    ``columns`` are the headings and paths of ``-o custom-columns``.
    """

    verb: str
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    namespace: str | None = None
    all_namespaces: bool = False
    filtered: bool = False
    output: str = ""
    no_headers: bool = False
    watch: bool = False
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def prints_text(self) -> bool:
        """Whether the output is kubectl's own text, not JSON, YAML or a template."""
        return not self.output or self.output in ("wide", "name") or self.output.startswith("custom-columns")

    def namespace_of(self, kind: str) -> str:
        """The namespace of an object of ``kind`` whose row does not say it; "" where unknown or cluster-scoped."""
        return "" if self.namespace is None or is_namespaced(kind) is False else self.namespace

    def lists(self) -> tuple[tuple[str, str | None], ...]:
        """Each (kind, namespace) of which this command shows every object; namespace None is all of them."""
        if self.verb not in ("get", "describe", "events") or self.names or self.filtered or self.watch:
            return ()
        if not self.prints_text and self.verb == "get":
            return ()
        found: list[tuple[str, str | None]] = []
        for kind in self.kinds:
            namespaced = is_namespaced(kind)
            if self.all_namespaces or namespaced is False:
                found.append((kind, None))
            elif namespaced and self.namespace is not None:
                found.append((kind, self.namespace))
        return tuple(found)


@lru_cache(maxsize=64)  # each recogniser asks for that of the same document
def parse_command(line: str | None) -> KubectlCommand | None:
    """What ``line`` asks kubectl for; None where it does not run kubectl."""
    if not line:
        return None
    line = _REDIRECTION.sub("", line)
    piped = _SHELL.search(line) is not None
    arguments = _arguments(_words(re.split(r"[|;&<>`]", line, maxsplit=1)[0]))
    return None if arguments is None else _read(arguments, piped)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # an unbalanced quote in a pasted line
        return line.split()


def _arguments(words: list[str]) -> list[str] | None:
    """The words after the program's name, aliases written out."""
    for position, word in enumerate(words):
        name = word.rpartition("/")[2]
        if name in _PROGRAMS:
            return [*_PROGRAMS[name], *(word for word in words[position + 1 :] if word != "--")]
        carried = position > 0 or name in _CARRIERS or word == "+" or "=" in word
        if not carried:
            return None
    return None


def _read(arguments: list[str], piped: bool) -> KubectlCommand:
    positional: list[str] = []
    flags: dict[str, str] = {}
    waiting: str | None = None
    for word in arguments:
        if waiting is not None:
            flags[waiting] = word
            waiting = None
        elif word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if equals or name not in _VALUED_LONG:
                flags[name] = value if equals else "true"
            else:
                waiting = name
        elif word.startswith("-") and len(word) > 1:
            waiting = _short_flags(word[1:], flags)
        else:
            positional.append(word)
    verb = positional[0] if positional else ""
    if verb == "adm" and len(positional) > 1:  # oc adm top, oc adm drain
        positional = positional[1:]
        verb = positional[0]
    kinds, names = _resources(verb, positional[1:])
    output = flags.get("output", "")
    return KubectlCommand(
        verb=verb,
        kinds=kinds,
        names=names,
        namespace=flags.get("namespace"),
        all_namespaces=flags.get("all-namespaces", "false") == "true",
        filtered=piped
        or any(name in flags for name in ("selector", "field-selector", "for", "types", "raw", "filename")),
        output=output,
        no_headers=flags.get("no-headers", "false") == "true",
        watch=any(flags.get(name, "false") == "true" for name in ("watch", "watch-only")),
        columns=_custom_columns(output),
    )


_SHORT = {
    "n": "namespace", "l": "selector", "o": "output", "L": "label-columns", "f": "filename", "k": "kustomize",
    "s": "server", "v": "v", "A": "all-namespaces", "w": "watch", "a": "show-all", "R": "recursive", "h": "help",
}  # fmt: skip


def _short_flags(cluster: str, flags: dict[str, str]) -> str | None:
    """Read "owide", "Ao", "nkube-system"; the name of a flag whose value is the next word."""
    for position, letter in enumerate(cluster):
        name = _SHORT.get(letter, letter)
        if letter in _VALUED_SHORT:
            value = cluster[position + 1 :].removeprefix("=")
            if not value:
                return name
            flags[name] = value
            return None
        flags[name] = "true"
    return None


def _resources(verb: str, words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if verb == "events":
        return ("Event",), ()
    if verb not in ("get", "describe", "top", "drain", "delete") or not words:
        return (), ()
    if verb == "drain":
        return ("Node",), tuple(words)
    kinds: list[str] = []
    names: list[str] = []
    slashed = [word for word in words if "/" in word]
    if slashed:
        for word in slashed:
            kind, _, name = word.partition("/")
            kinds.append(kind_of(kind))
            names.append(name)
        return tuple(dict.fromkeys(kinds)), tuple(names)
    for part in words[0].split(","):
        kinds.extend(ALL_CATEGORY if part == "all" else [kind_of(part)] if part else [])
    return tuple(dict.fromkeys(kinds)), tuple(words[1:])


def _custom_columns(output: str) -> tuple[tuple[str, str], ...]:
    kind, _, specification = output.partition("=")
    if kind != "custom-columns":
        return ()
    pairs = (column.partition(":") for column in specification.split(","))
    return tuple((name.strip(), path.strip().strip("{}").lstrip(".")) for name, _, path in pairs)


#: A line without one of these words is no kubectl command.
_MENTION = expression(r"(?:^|[\s/])(?:kubectl(?:\.exe)?|kubecolor|oc|kc?|k[gd][a-z]{0,4})\s")
#: A prompt with a command behind it: "$ kubectl get pods", "[root@n1 ~]# k get no", "~ kg svc", "➜  ~ kubectl …".
_PROMPT = expression(
    r"(?P<prompt>\S{0,80}(?:\s{1,4}\S{0,60}){0,3}?[$#>%❯➜~λ»]\s+|\+ |)"
    r"(?P<command>(?:sudo )?(?:\S{0,60}/)?(?P<program>[\w.-]{1,20}) .*)"
)


def echoed_command(line: str) -> str | None:
    """The kubectl command that a line of a terminal echoes; None for every other line."""
    if len(line) > 2000 or _MENTION.search(line) is None:
        return None
    for candidate in (line.strip(), line.rpartition("# ")[2], line.rpartition("$ ")[2]):
        matched = _PROMPT.fullmatch(candidate)
        if matched is None:
            continue
        parsed = parse_command(matched["command"])
        typed = matched["prompt"] or matched["program"] in ("kubectl", "oc") or candidate != line.strip()
        if parsed is not None and typed and parsed.verb in _VERBS:
            return matched["command"]
    return None


_VERBS = frozenset(
    {"get", "describe", "top", "events", "drain", "cordon", "uncordon", "logs", "exec", "delete", "version"}
)
