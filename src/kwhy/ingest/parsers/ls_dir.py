"""Directory listings: `ls`, `ls -l` and relatives (GNU coreutils 9, busybox 1.35), and what ls could not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kwhy.facts.files import DirectoryListing, PathProblem
from kwhy.facts.processes import masked
from kwhy.ingest.invocation import Invocation, runs
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_PROGRAMS = ("ls", "ll", "dir", "vdir")
#: `-rwxr-xr-x 1 root root 4 Nov 22 00:09 bridge`, with inode, security context, size like 12K, full or Chinese dates
_ENTRY = expression(
    r"\s{0,8}(?:\d{1,12} )?(?P<type>[-dlcbpsD])[rwxsStT-]{9}[.+@]?\s{1,8}\d{1,8}\s{1,8}\S{1,64}\s{1,16}\S{1,64}\s{1,16}"
    r"(?:\?\s{1,4}|\w{1,32}:\w{1,32}:\S{1,100}\s{1,4})?(?P<size>\d{1,4},\s{1,8}\d{1,4}|[\d.]{1,20}[KMGTP]?)\s{1,4}"
    r"(?:(?:[A-Z][a-z]{2}|\d{1,2}月)\s{1,2}\d{1,2}\s{1,2}(?:\d{1,2}:\d\d|\d{4})"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d\.\d{1,9} [+-]\d{4})?) (?P<name>.{1,4096})"
)
#: `total 12`, `total 12K`, `总用量 12`
_TOTAL = expression(r"(?:total|总用量|总计) [\d.]{1,20}[KMGTP]?\s{0,4}")
#: `/opt/cni/bin:` above a directory's entries, where several are listed
_PATH = expression(r"(?P<path>[./~][^\n]{0,4095}):")
#: `ls: cannot access '/etc/cni/net.d': No such file or directory`, without quotes (coreutils before 8.25), busybox's
#: `ls: /x: No such file or directory`, `ls: reading directory '/mnt': Stale file handle`, and the Chinese translation
_PROBLEM = expression(
    r"(?:/?(?:usr/)?bin/)?ls: (?:cannot (?:access|open directory|read symbolic link)|reading directory"
    r"|无法访问|无法打开目录)?[ :]{0,2}['\"‘“]?(?P<path>[^'\"’”\n]{1,4096}?)['\"’”]?: (?P<error>[^:\n]{3,100})"
)
_ENGLISH = {
    "没有那个文件或目录": "No such file or directory",
    "权限不够": "Permission denied",
    "过旧的文件控柄": "Stale file handle",
    "传输端点尚未连接": "Transport endpoint is not connected",
    "输入/输出错误": "Input/output error",
}
_PATTERN = expression(r"[*?\[]")
#: Names in columns: two blanks or a tab apart; names with blanks are quoted on a terminal.
_COLUMNS = expression(r"'([^']{1,255})'|\"([^\"]{1,255})\"|((?:\S| (?! ))+)")


def _recognise(head: Head) -> float:
    lines = [line for line in head.text.split("\n", 60)[:60] if line.strip()]
    command = runs(head.command, *_PROGRAMS)
    if command is not None:
        return 0.95
    entries = sum(bool(_ENTRY.fullmatch(line)) for line in lines)
    if lines and (_TOTAL.fullmatch(lines[0]) or entries * 2 > len(lines)):
        return 0.9 if entries or len(lines) == 1 else 0.5
    problems = "ls: " in head.text and sum(bool(_PROBLEM.fullmatch(line)) for line in lines)
    headed = any(_PATH.fullmatch(line) for line in lines[:4]) and entries > 0
    return 0.85 if headed or (problems and problems == len(lines)) else 0.7 if problems else 0.0


@dataclass
class _Directory:
    path: str
    line: int
    long: bool = False
    hidden: bool = False
    names: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)


def parse(document: Document) -> Iterator[Parsed]:
    """One DirectoryListing per directory, and a PathProblem for each path that could not be read."""
    command = runs(document.command, *_PROGRAMS)
    operands = command.operands if command is not None else ()
    patterns = any(_PATTERN.search(operand) for operand in operands)
    whole = command is None or (not command.filtered and not patterns)
    hidden = command is not None and _shows_hidden(command)
    current: _Directory | None = None
    problems = 0
    for number, line in document.lines():
        text = line.strip()
        if not text:
            continue
        if problem := _PROBLEM.fullmatch(text):
            problems += 1
            error = _ENGLISH.get(problem["error"], problem["error"])
            yield PathProblem(problem["path"], error, document.at(number, excerpt=text), document.captured)
        elif path := _PATH.fullmatch(text):
            yield from _built(current, document, whole)
            current = _Directory(_clean(path["path"]), number, hidden=hidden)
        elif _TOTAL.fullmatch(text):
            current = current or _Directory(_only(operands), number, hidden=hidden)
            current.long = True
        elif entry := _ENTRY.fullmatch(line):
            current = current or _Directory(_only(operands), number, hidden=hidden)
            _take_entry(current, entry)
        elif command is not None:
            current = current or _Directory(_only(operands), number, hidden=hidden)
            _take_names(current, text)
        else:
            yield Unparsed(document.at(number, excerpt=masked(text)), "ls: neither an entry, a directory nor a message")
    if current is None and command is not None and not problems and ">" not in (document.command or ""):
        current = _Directory(_only(operands), document.first_line, hidden=hidden)  # an empty directory prints nothing
    yield from _built(current, document, whole and (command is not None or (current is not None and current.long)))


def _take_entry(current: _Directory, entry: re.Match[str]) -> None:
    name = entry["name"].partition(" -> ")[0] if entry["type"] == "l" else entry["name"]
    current.long = True
    if name in (".", ".."):
        current.hidden = True
        return
    current.names.append(_unquoted(name.rstrip()))
    current.sizes.append(int(entry["size"]) if entry["size"].isdigit() else -1)


def _take_names(current: _Directory, text: str) -> None:
    """A line of a short listing: one name, or several in columns."""
    parts = _COLUMNS.findall(text.replace("\t", "  ")) if re.search(r"\s{2,}|\t|'", text) else [("", "", text)]
    for part in parts:
        name = next(word for word in part if word).strip()
        if name in (".", ".."):
            current.hidden = True
        elif name:
            current.names.append(name)


def _unquoted(name: str) -> str:
    return name[1:-1] if len(name) > 2 and name[0] == name[-1] == "'" else name


def _shows_hidden(command: Invocation) -> bool:
    flags = [word for word in command.arguments if word.startswith("-")]
    return any(flag in ("--all", "--almost-all") or (flag[1:2] != "-" and set(flag) & set("aA")) for flag in flags)


def _only(operands: tuple[str, ...]) -> str:
    """The directory of a listing without a header: the command's only operand."""
    return _clean(operands[0]) if len(operands) == 1 and not _PATTERN.search(operands[0]) else ""


def _clean(path: str) -> str:
    return path.strip("'\"").rstrip("/") or "/"


def _built(current: _Directory | None, document: Document, whole: bool) -> Iterator[DirectoryListing]:
    if current is None:
        return
    in_paths = [name for name in current.names if "/" in name]
    if in_paths:  # files named on the command line: their directory, in part
        yield from _by_parent(in_paths, current.line, document)
        return
    sizes = tuple(current.sizes) if len(current.sizes) == len(current.names) else ()
    yield DirectoryListing(
        current.path, tuple(current.names), document.at(current.line), sizes, whole, current.hidden, document.captured
    )


def _by_parent(paths: list[str], line: int, document: Document) -> Iterator[DirectoryListing]:
    names: dict[str, list[str]] = {}
    for path in paths:
        parent, _, name = path.rstrip("/").rpartition("/")
        names.setdefault(parent or "/", []).append(name)
    for parent, found in names.items():
        yield DirectoryListing(parent, tuple(found), document.at(line), observed=document.captured)


FORMAT = Format("ls", _recognise, parse)
