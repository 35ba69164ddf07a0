"""Rows of tables whose gaps a chat or a web page collapsed to single blanks: words are given to columns by what each
column of a kind can hold. A row that can be read in two ways is not read.

Sources: the printers of k8s.io/kubernetes v1.34.4 pkg/printers/internalversion/printers.go, describe.go of
k8s.io/kubectl v0.34.4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from kwhy.model.expressions import expression


class Column(NamedTuple):
    """What a cell looks like, of how many words it may be, and whether kubectl may print nothing there."""

    pattern: re.Pattern[str]
    most: int = 1
    empty: bool = False


#: "3m7s", "47d", "<unknown>", "<invalid>"
_AGE = r"(?:\d{1,9}[smhdy])+|<unknown>|<invalid>"
#: "8s (x3 over 10s)" (printEvent, DescribeEvents since v1.9)
_INTERVAL = rf"(?:{_AGE})(?: \(x\d{{1,9}} over (?:{_AGE})\))?"
#: "Sat, 21 Nov 2026 21:32:20 +0000" (time.RFC1123Z)
_TIME = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}|<unknown>"
_QUANTITY = r"\d{1,19}(?:\.\d{1,9})?(?:m|[kKMGTPE]i?)?"
_MODES = r"(?:RWOP|RWO|ROX|RWX)(?:,(?:RWOP|RWO|ROX|RWX))*"
#: "kubelet, node-a"; "{kubelet node-a}" before v1.5
_SOURCE = r"[^\s,{(]+, [^\s,]+|\{\S+ [^\s}]+\}|[^\s,{(]+"
#: "10m (5%)"
_SHARE = r"\S+ \(\d{1,9}%\)"

#: "requests.memory: 16Mi/1Gi"
_USED = r"[^\s,:]+: [^\s,/]+/[^\s,]+"

_WORD = Column(expression(r"\S+"))
_NOTHING = Column(expression(r"(?!)"), 0, empty=True)
_REST = Column(expression(r".*", re.DOTALL), 100_000, empty=True)

_COLUMNS: dict[str, Column] = {
    "AGE": Column(expression(_AGE)),
    "RESTARTS": Column(expression(rf"\d{{1,9}}(?: \((?:{_AGE}) ago\))?"), 3),
    "LAST SEEN": Column(expression(_INTERVAL), 4),
    "FIRST SEEN": Column(expression(_AGE)),
    "LASTSEEN": Column(expression(_AGE)),
    "FIRSTSEEN": Column(expression(_AGE)),
    "COUNT": Column(expression(r"\d{1,9}")),
    "SUBOBJECT": Column(expression(r"\S+"), empty=True),
    "SOURCE": Column(expression(_SOURCE), 2, empty=True),
    "LAST SCHEDULE": Column(expression(_AGE + "|<none>")),
    "SCHEDULE": Column(expression(r"@\S+|\S+(?: \S+){4,5}"), 6),
    "SUSPEND": Column(expression(r"True|False")),
    "ACTIVE": Column(expression(r"\d{1,9}")),
    "DURATION": Column(expression(_AGE), empty=True),
    "COMPLETIONS": Column(expression(r"\S+(?: of \d{1,9})?"), 3),
    "OS-IMAGE": Column(expression(r"\S+(?: \S+)*"), 8),
    "KERNEL-VERSION": Column(expression(r"\d{1,3}\.\d\S*|<unknown>")),
    "CONTAINER-RUNTIME": Column(expression(r"[\w-]+://\S*|<unknown>")),
    "VERSION": Column(expression(r"v\d\S*|<unknown>|\S+")),
    "VOLUME": Column(expression(r"\S+"), empty=True),
    "CAPACITY": Column(expression(_QUANTITY), empty=True),
    "ACCESS MODES": Column(expression(_MODES), empty=True),
    "ACCESSMODES": Column(expression(_MODES), empty=True),
    "RECLAIM POLICY": Column(expression(r"Retain|Delete|Recycle")),
    "RECLAIMPOLICY": Column(expression(r"Retain|Delete|Recycle")),
    "VOLUMEMODE": Column(expression(r"Filesystem|Block|<unset>")),
    "STORAGECLASS": Column(expression(r"[a-z0-9][a-z0-9.-]*|<unset>"), empty=True),
    "VOLUMEATTRIBUTESCLASS": Column(expression(r"\S+"), empty=True),
    "CLAIM": Column(expression(r"[^\s/]+/[^\s/]+"), empty=True),
    "ADDRESS": Column(expression(r"[\w.:-]+(?:,[\w.:-]+)*(?: \+ \d+ more\.\.\.)?"), 4, empty=True),
    "HOSTS": Column(expression(r"\S+(?: \+ \d+ more\.\.\.)?"), 4),
    "PORTS": Column(expression(r"\d+(?:, ?\d+)*|<unset>|\S+"), 4),
    "TARGETS": Column(expression(r"(?:\S+: )?\S+/\S+(?: \(avg\))?(?:,? .*)?|<none>|<unknown>"), 12),
    "ENDPOINTS": Column(expression(r"\S+(?: \+ \d+ more\.\.\.)?"), 4),
    # printResourceQuota puts what begins with "limits." into the second.
    "REQUEST": Column(expression(rf"(?!limits\.){_USED}(?:, (?!limits\.){_USED})*"), 60, empty=True),
    "LIMIT": Column(expression(rf"limits\.{_USED}(?:, limits\.{_USED})*"), 60, empty=True),
    "AVAILABLE": Column(expression(r"\S+(?: \(\w+\))?"), 2),
    "NAME": Column(expression(r"\S+(?: \(default\))?"), 2),
    "HOLDER": Column(expression(r"\S+"), empty=True),
    "USERS": Column(expression(r"[^\s,]+(?:, [^\s,]+)*"), 20, empty=True),
    "GROUPS": Column(expression(r"[^\s,]+(?:, [^\s,]+)*"), 20, empty=True),
    "SERVICEACCOUNTS": Column(expression(r"[^\s,]+/[^\s,]+(?:, [^\s,]+/[^\s,]+)*"), 20, empty=True),
    "ROLE": Column(expression(r"\w+/\S+")),
    "NOMINATED NODE": Column(expression(r"\S+"), empty=True),
    "READINESS GATES": Column(expression(r"\S+"), empty=True),
    "MESSAGE": _REST,
    "ERROR": Column(expression(r"\S+(?: \S+)*"), 200, empty=True),
    # Tables of describe.
    "Age": Column(expression(_INTERVAL), 4),
    "From": Column(expression(_SOURCE), 2),
    "FirstSeen": Column(expression(_AGE)),
    "LastSeen": Column(expression(_AGE)),
    "Count": Column(expression(r"\d{1,9}")),
    "SubObjectPath": Column(expression(r"spec\.\S+"), empty=True),
    "Status": Column(expression(r"True|False|Unknown|\S+")),
    "LastHeartbeatTime": Column(expression(_TIME), 6),
    "LastTransitionTime": Column(expression(_TIME), 6),
    "LastProbeTime": Column(expression(_TIME), 6),
    "LastUpdateTime": Column(expression(_TIME), 6),
    "Reason": Column(expression(r"\S+"), empty=True),
    "Message": _REST,
    "CPU Requests": Column(expression(_SHARE), 2),
    "CPU Limits": Column(expression(_SHARE), 2),
    "Memory Requests": Column(expression(_SHARE), 2),
    "Memory Limits": Column(expression(_SHARE), 2),
    "Requests": Column(expression(_SHARE + r"|\S+"), 2),
    "Limits": Column(expression(_SHARE + r"|\S+"), 2),
}
#: In event tables kubectl prints these alone.
_OF_EVENTS = {
    "TYPE": Column(expression(r"Normal|Warning"), empty=True),
    "Type": Column(expression(r"Normal|Warning"), empty=True),
    "REASON": Column(expression(r"\w+"), empty=True),
    "Reason": Column(expression(r"\w+")),
    "OBJECT": Column(expression(r"[\w.]+/\S+")),
}
#: Columns that a claim fills from the volume that it is bound to.
_OF_VOLUMES = frozenset({"VOLUME", "CAPACITY", "ACCESS MODES", "ACCESSMODES"})
#: A row with more words than this, its message aside, is none of kubectl's.
_MOST_WORDS = 80


def columns_of(names: Sequence[str]) -> tuple[Column, ...]:
    """What the cells under these headings can hold."""
    of_events = bool({"OBJECT", "From", "LAST SEEN"} & set(names)) and bool({"REASON", "Reason"} & set(names))
    found: list[Column] = []
    for name in names:
        column = _COLUMNS.get(name, _WORD)
        if of_events and name in _OF_EVENTS:
            column = _OF_EVENTS[name]
        elif name == "REASON" and "CLAIM" in names:  # of a PersistentVolume
            column = Column(expression(r"\S+"), empty=True)
        found.append(column)
    return tuple(found)


def split_words(line: str, names: Sequence[str]) -> list[str] | None:
    """The cells of a row in which only single blanks are left; None where none or several readings fit."""
    columns = columns_of(names)
    free = columns[-1] is _REST
    words = line.split(None, _MOST_WORDS) if free else line.split()
    if not words or len(words) > _MOST_WORDS + 1 or len(columns) > 40:
        return None
    if "Pending" in words[:5] and {"VOLUME", "CAPACITY"} <= set(names):  # a claim that waits has none of its volume's
        columns = tuple(_NOTHING if n in _OF_VOLUMES else c for n, c in zip(names, columns, strict=True))
    return _Assignment(words, columns, line if free else None).cells()


class _Assignment:
    """The ways to give words, in order, to columns, in order. The best fills most columns; two best are none."""

    def __init__(self, words: list[str], columns: tuple[Column, ...], line: str | None) -> None:
        self.words = words
        self.columns = columns
        self.line = line
        self.best = cache(self._best)

    def cells(self) -> list[str] | None:
        filled, ways, _ = self.best(0, 0)
        if filled < 0 or ways != 1:
            return None
        found: list[str] = []
        word = start = 0
        for column in range(len(self.columns)):
            start, taken = word, self.best(word, column)[2]
            word += taken
            found.append(" ".join(self.words[start:word]))
        if self.line is not None and word > start:  # free text keeps its blanks
            found[-1] = self.line.split(None, start)[-1].strip()
        return found

    def _best(self, word: int, column: int) -> tuple[int, int, int]:
        """Columns that can be filled from here on (-1: no way fits), in how many ways, and the words of this one."""
        left = len(self.words) - word
        if column == len(self.columns):
            return (0, 1, 0) if not left else (-1, 0, 0)
        shape = self.columns[column]
        best, ways, taken = -1, 0, 0
        last = column == len(self.columns) - 1
        counts = [left] if last else range(min(left, shape.most), -1, -1)
        for count in counts:
            if not self._fits(shape, word, count):
                continue
            filled, found, _ = self.best(word + count, column + 1)
            if filled < 0:
                continue
            filled += bool(count)
            if filled > best:
                best, ways, taken = filled, found, count
            elif filled == best:
                ways += found
        return best, ways, taken

    def _fits(self, shape: Column, word: int, count: int) -> bool:
        if count == 0:
            return shape.empty
        if count > shape.most:
            return False
        return shape is _REST or shape.pattern.fullmatch(" ".join(self.words[word : word + count])) is not None
