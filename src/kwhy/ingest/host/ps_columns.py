"""The columns of a process table: which stand where, and how a row is cut into them.

Sources: procps-ng 4.0.2 ps/output.c (format_array: keyword, header), ps/parser.c; busybox 1.35 procps/ps.c (out_spec).
"""

from __future__ import annotations

import re
from enum import Enum

import msgspec

from kwhy.model.expressions import expression


class What(Enum):
    """What kwhy reads from a column."""

    PID = "pid"
    PPID = "ppid"
    TID = "tid"
    USER = "user"
    STATE = "state"
    WCHAN = "wchan"
    ELAPSED = "elapsed"
    STARTED = "started"
    TIME = "cpu time"
    TEXT = "command"
    OTHER = "other"


class Column(msgspec.Struct, frozen=True):
    """``start`` is the offset of the header word, which is where a left-justified column begins."""

    what: What
    start: int


#: Header words, as procps and busybox print them, that mean something here.
_HEADERS = {
    "PID": What.PID,
    "PPID": What.PPID,
    "LWP": What.TID,
    "SPID": What.TID,
    "TID": What.TID,
    "TGID": What.OTHER,
    "USER": What.USER,
    "UID": What.USER,
    "EUSER": What.USER,
    "RUSER": What.USER,
    "S": What.STATE,
    "STAT": What.STATE,
    "ST": What.STATE,
    "WCHAN": What.WCHAN,
    "ELAPSED": What.ELAPSED,
    "STARTED": What.STARTED,
    "START": What.STARTED,
    "STIME": What.STARTED,
    "TIME": What.TIME,
    "TIME+": What.TIME,
    "COMMAND": What.TEXT,
    "CMD": What.TEXT,
    "COMM": What.TEXT,
}
#: Words of `ps -o …` (procps-ng ps/output.c, busybox ps.c) that mean something here.
_KEYWORDS = {
    **dict.fromkeys(("pid", "tgid"), What.PID),
    "ppid": What.PPID,
    **dict.fromkeys(("lwp", "spid", "tid"), What.TID),
    **dict.fromkeys(("user", "uname", "euser", "ruser", "uid", "euid", "ruid"), What.USER),
    **dict.fromkeys(("stat", "state", "s"), What.STATE),
    **dict.fromkeys(("wchan", "wname"), What.WCHAN),
    **dict.fromkeys(("etime", "etimes"), What.ELAPSED),
    **dict.fromkeys(("lstart", "start", "start_time", "stime", "bsdstart"), What.STARTED),
    **dict.fromkeys(("time", "cputime", "bsdtime"), What.TIME),
    **dict.fromkeys(("args", "cmd", "command", "comm", "ucmd", "ucomm", "fname"), What.TEXT),
}
_HEADER_WORD = expression(r"[%A-Z][A-Z%+_/-]*")
_WORD = expression(r"\S+")
#: `Sat Nov 21 23:35:33 2026` (-o lstart), `Nov 21` (-o start), or one word (`23:35`, `Nov21`, `2025`)
_START_TIME = expression(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}|[A-Z][a-z]{2} [ \d]\d(?=\s|$)|\S+")
#: `Ssl`, or busybox's `S <` and `S N` (procps/ps.c: blank, W or priority in fixed places)
_STATE = expression(r"[A-Za-z] {1,2}[<N](?=\s)|\S+")


def header_columns(line: str) -> tuple[Column, ...] | None:
    """The columns that a header line names; None where the line is no header of a process table."""
    words = list(_WORD.finditer(line))
    if len(words) < 2 or not all(_HEADER_WORD.fullmatch(word[0]) for word in words):
        return None
    columns = tuple(Column(_HEADERS.get(word[0], What.OTHER), word.start()) for word in words)
    kinds = {column.what for column in columns}
    has_content = kinds & {What.TEXT, What.STATE, What.PPID, What.WCHAN, What.TIME, What.ELAPSED}
    return columns if kinds & {What.PID, What.TID} and has_content else None


def option_columns(formats: str) -> tuple[Column, ...]:
    """The columns that the argument of `ps -o` asks for, without places: `pid,wchan:32,args`."""
    words = (word.partition("=")[0].partition(":")[0].strip() for word in formats.replace(" ", ",").split(","))
    return tuple(Column(_KEYWORDS.get(word.lower(), What.OTHER), -1) for word in words if word)


#: `ps -ef`: UID PID PPID C STIME TTY TIME CMD
EF_COLUMNS = option_columns("user,pid,ppid,c,stime,tty,time,cmd")
#: `ps aux`: USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND
AUX_COLUMNS = option_columns("user,pid,pcpu,pmem,vsz,rss,tty,stat,stime,time,cmd")

#: A row of `ps -ef`, without its header: `root  4552  1  2 Nov20 ?  00:00:03 /usr/bin/kubelet --config=…`
EF_ROW = expression(r"[\w.+-]+\s+\d+\s+\d+\s+\d+\s+[\w:]+\s+\S+\s+(?:\d+-)?\d+:\d\d:\d\d\s+\S")
#: A row of `ps aux`, without its header: `root  1346  0.0  0.0  5388  4236 ?  Ss  23:15  0:00 bash`
AUX_ROW = expression(
    r"[\w.+-]+\s+\d+\s+[\d.]+\s+[\d.]+\s+\d+\s+\d+\s+\S+\s+[A-Z][<NLsl+]*\s+[\w:]+\s+(?:\d+-)?[\d:]+\s+\S"
)


def cut_row(line: str, columns: tuple[Column, ...]) -> dict[What, str] | None:
    """The row's values by meaning; None where the row has too few words. The last free text wins (comm, then args)."""
    last_text = max((i for i, column in enumerate(columns) if column.what is What.TEXT), default=len(columns))
    values: dict[What, str] = {}
    position = 0
    for index, column in enumerate(columns[: last_text + 1]):
        if index == last_text:
            tail = _peel_right(line[position:], columns[last_text + 1 :], values)
            if tail is None:
                return None
            values[What.TEXT] = tail
            return values
        start = _next_word(line, position)
        if start is None:
            return None
        position = _value_end(line, start, column, columns[index + 1 :])
        if column.what is not What.OTHER:
            values.setdefault(column.what, line[start:position].rstrip())
    return values


def _next_word(line: str, position: int) -> int | None:
    match = _WORD.search(line, position)
    return match.start() if match else None


def _value_end(line: str, start: int, column: Column, following: tuple[Column, ...]) -> int:
    if column.what is What.TEXT and following and column.start >= 0:
        # A name in the middle (`-o pid,comm,args`) may hold blanks; it is padded up to where the next column begins.
        next_start = following[0].start
        if start < next_start < len(line) and line[next_start - 1] == " " and line[next_start] != " ":
            return next_start
    pattern = {What.STARTED: _START_TIME, What.STATE: _STATE}.get(column.what, _WORD)
    match = pattern.match(line, start)
    return match.end() if match else start


def _peel_right(rest: str, columns: tuple[Column, ...], values: dict[What, str]) -> str | None:
    """Take the columns that stand right of the free text off its end."""
    if rest.startswith(" "):
        rest = rest[1:]  # the one separating blank; more belong to the tree of --forest
    for column in reversed(columns):
        words = 5 if column.what is What.STARTED and re.search(r"\d\d:\d\d:\d\d \d{4}\s*$", rest) else 1
        parts = rest.rstrip().rsplit(None, words)
        if len(parts) <= words:
            return None
        if column.what is not What.OTHER:
            values.setdefault(column.what, " ".join(parts[1:]))
        rest = parts[0]
    return rest.rstrip()


def tree_depth(text: str) -> tuple[int, str]:
    """The depth that `ps --forest` draws (each level is four characters wide, the last ` \\_ `), and the command."""
    match = _TREE.match(text)
    if not match:
        return 0, text.strip()
    return len(match[0]) // 4, text[match.end() :].strip()


#: ` \_ bash`, ` |   \_ bash` (procps-ng ps/output.c, forest_helper)
_TREE = expression(r"(?:[ |]{4}){0,64} \\_ ")


def elapsed_seconds(words: str) -> float | None:
    """`[[DD-]hh:]mm:ss` (etime), whole seconds (etimes), busybox's `2h13`, `3d02`; None for "-"."""
    if match := _ETIME.fullmatch(words):
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    if words.isascii() and words.isdigit() and len(words) < 15:
        return float(words)
    return None


_ETIME = expression(r"(?:(\d{1,7})-)?(?:(\d{1,3}):)?(\d{1,9}):(\d\d)")
