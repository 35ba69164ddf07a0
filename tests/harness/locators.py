"""Whether the places that a report names exist, and say what it quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import yaml

from kwhy.model.diagnosis import Diagnosis
from kwhy.model.document import Locator

#: First bytes of pcap and pcapng files (both byte orders; draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng).
_CAPTURE_MAGIC = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a")
# "packet 12"
_PACKET = re.compile(r"packet \d+")
# "items[3]"
_STEP = re.compile(r"^(?P<key>.*?)(?P<indexes>(?:\[\d+\])*)$")


def evidence_places(diagnosis: Diagnosis) -> Iterator[Locator]:
    """Every place that the diagnosis rests on."""
    for finding in diagnosis.findings:
        yield from (evidence.at for evidence in finding.evidence)
    for link in diagnosis.links:
        yield from (evidence.at for evidence in link.because)
    for ruled_out in diagnosis.ruled_out:
        yield from (evidence.at for evidence in ruled_out.because)


def fault_of(at: Locator, files: Mapping[str, bytes]) -> str | None:
    """What is wrong with a place; None where a reader who opens the file finds what is quoted."""
    data = files.get(at.source)
    if data is None:
        return f"no file {at.source}"
    if at.path is not None:
        return _path_fault(at, data)
    if at.line is None:
        return f"neither line nor path in {at.source}"
    return _line_fault(at, at.line, data)


def _line_fault(at: Locator, number: int, data: bytes) -> str | None:
    lines = data.decode("utf-8", "replace").split("\n")
    if not 1 <= number <= len(lines):
        return f"{at.source} has {len(lines)} lines, not {number}"
    quoted = _words(at.excerpt.removesuffix(" …"))
    if quoted not in _words(lines[number - 1]) and not _quotes_message(quoted, lines[number - 1]):
        return f"{at.source}:{number} reads {lines[number - 1]!r}, quoted as {at.excerpt!r}"
    return None


def _quotes_message(quoted: str, line: str) -> bool:
    """Whether the line is a JSON object whose message is quoted: reports show such lines as text."""
    try:
        record = json.loads(line)
    except ValueError:
        return False
    message = record.get("msg") if isinstance(record, dict) else None
    return isinstance(message, str) and _words(message) in quoted


def _words(text: str) -> str:
    return " ".join(text.split())


def _path_fault(at: Locator, data: bytes) -> str | None:
    path = at.path or ""
    if data.startswith(_CAPTURE_MAGIC):
        return None if _PACKET.fullmatch(path) else f"{at.source} is a capture: {path} is no packet of it"
    tree = json.loads(data) if data.lstrip().startswith(b"{") else yaml.load(data, Loader=yaml.CSafeLoader)
    missing = _walk(tree, path)
    return f"{at.source} has no {path} (nothing at {missing!r})" if missing is not None else None


def _walk(tree: object, path: str) -> str | None:
    """The rest of the path that leads nowhere; None where all of it exists.

    The last field below an object may be missing there: the API leaves fields out that have their default.
    """
    rest = path
    while rest:
        step = _longest_step(tree, rest)
        if step is None:
            is_last_field = isinstance(tree, dict) and "[" not in rest and rest.count(".") <= 1
            return None if is_last_field else rest
        tree, rest = step
    return None


def _longest_step(tree: object, path: str) -> tuple[object, str] | None:
    """Descend by the longest leading part of the path that is a key here: label keys hold dots of their own."""
    parts = path.split(".")
    for size in range(len(parts), 0, -1):
        match = _STEP.match(".".join(parts[:size]))
        if match is None or not isinstance(tree, dict) or match["key"] not in tree:
            continue
        value: object = tree[match["key"]]
        for index in re.findall(r"\d+", match["indexes"]):
            if not isinstance(value, list) or int(index) >= len(value):
                return None
            value = value[int(index)]
        return value, ".".join(parts[size:])
    return None
