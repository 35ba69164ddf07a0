"""Logs of several pods in one text, each line with its pod in front: taken apart, so that each is a log of its own.

Produced by `kubectl logs --prefix -l app=web` (kubectl 1.17 to 1.34, pkg/cmd/logs/logs.go addPrefixIfNeeded:
"[pod/web-0/app] ") and `stern` (1.20 to 1.30, default template: "web-0 app message", "+ web-0 › app" where it begins).
Lines keep their numbers: where another pod speaks, a log is blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kwhy.ingest.kubectl.command import parse_command
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_POD = r"(?P<pod>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)"
_CONTAINER = r"(?P<container>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)"
#: [pod/web-0/app] 2026-11-21T21:36:46Z ERROR …
_PREFIX = expression(rf"^\[pod/{_POD}/{_CONTAINER}\] ?(?P<text>.*)", re.MULTILINE)
#: web-7c9d-x2x4z app 2026-11-21T21:36:46Z ERROR …; with --all-namespaces: "shop web-7c9d-x2x4z app …"
_STERN = expression(rf"(?:(?P<namespace>[a-z0-9][a-z0-9-]{{0,62}}) )?{_POD} {_CONTAINER} (?P<text>.*)")
#: + web-7c9d-x2x4z › app   (stern/target.go, stern 1.20 to 1.30); "- …" where the container ends
_STERN_MARK = expression(rf"[+-] (?:(?P<namespace>\S+) › )?{_POD} › {_CONTAINER}\s*")
#: Names that controllers give: "-x2x4z" (pods of a Deployment, DaemonSet or Job), "-0" (of a StatefulSet).
_GIVEN = expression(r".+-(?:[bcdfghjklmnpqrstvwxz2456789]{5}|\d{1,4})")

#: More pods than this in one text are read together by the parser of logs.
_MOST_PODS = 200
_LONGEST = 256 << 20
_LOOKED_AT = 200
_NEARLY_ALL = 0.9


def _recognise(head: Head) -> float:
    lines = head.whole_lines[:_LOOKED_AT]
    if len(lines) < 2 or head.size > _LONGEST:
        return 0.0
    if not any(_names_a_pod(line) for line in lines[:2]):
        return 0.0
    prefixed = [match for line in lines if (match := _PREFIX.match(line)) is not None]
    if len(prefixed) >= _NEARLY_ALL * len(lines):
        return 0.97 if len({(match["pod"], match["container"]) for match in prefixed}) > 1 else 0.0
    return 0.97 if _is_stern(lines) else 0.0


def _names_a_pod(line: str) -> bool:
    """A quick look: whether a line begins with a pod, or says that one begins."""
    if _PREFIX.match(line) is not None or _STERN_MARK.fullmatch(line) is not None:
        return True
    stern = _STERN.match(line)
    return stern is not None and _GIVEN.fullmatch(stern["pod"]) is not None


def _is_stern(lines: list[str]) -> bool:
    marks = sum(_STERN_MARK.fullmatch(line) is not None for line in lines)
    rest = [
        match for line in lines if _STERN_MARK.fullmatch(line) is None and (match := _STERN.match(line)) is not None
    ]
    if marks:
        return marks + len(rest) >= _NEARLY_ALL * len(lines)
    given = [match for match in rest if _GIVEN.fullmatch(match["pod"]) is not None]
    sources = {(match["pod"], match["container"]) for match in given}
    return len(given) >= _NEARLY_ALL * len(lines) and len(sources) <= max(1, len(given) // 2)


class _Stream:
    """The lines of one container."""

    def __init__(self, command: str, number: int) -> None:
        self.command = command
        self.first_line = number
        self.lines: list[str] = []

    def add(self, number: int, text: str) -> None:
        self.lines += [""] * (number - self.first_line - len(self.lines))
        self.lines.append(text)


def parse(document: Document) -> Iterator[Parsed]:
    """One nested document per pod and container, as `kubectl logs` would print it."""
    streams: dict[tuple[str, str, str], _Stream] = {}
    current: _Stream | None = None
    strays = 0
    head = "\n".join(line for _, line in zip(range(_LOOKED_AT), (text for _, text in document.lines()), strict=False))
    pattern = _PREFIX if _PREFIX.search(head) is not None else _STERN
    command = parse_command(document.command)
    namespace = command.namespace if command is not None else None
    for number, line in document.lines():
        if _STERN_MARK.fullmatch(line) is not None or not line.strip():
            continue
        match = pattern.match(line)
        if match is None:
            if current is not None:
                current.add(number, line)  # the rest of a record: stern does not repeat the pod
            strays += current is None
            continue
        current = _stream(streams, match, number, namespace)
        if current is None:
            yield Unparsed(document.at(number), f"more than {_MOST_PODS} pods in one text; read no further")
            break
        current.add(number, match["text"])
    if strays:
        yield Unparsed(document.at(document.first_line), f"{strays} line(s) before the first that names its pod")
    for stream in streams.values():
        data = "\n".join(stream.lines).encode() + b"\n"
        yield Document(
            document.source, data, stream.first_line, stream.command, captured=document.captured, parent=document
        )


def _stream(
    streams: dict[tuple[str, str, str], _Stream], match: re.Match[str], number: int, asked: str | None
) -> _Stream | None:
    namespace = match.groupdict().get("namespace") or asked or ""
    key = namespace, match["pod"], match["container"]
    found = streams.get(key)
    if found is None and len(streams) < _MOST_PODS:
        where = f"-n {namespace} " if namespace else ""
        found = streams[key] = _Stream(f"kubectl logs {where}{match['pod']} -c {match['container']}", number)
    return found


FORMAT = Format("log-streams", _recognise, parse)
