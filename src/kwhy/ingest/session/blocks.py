"""Outputs of several commands glued together without any prompt, cut by content: where a line begins that cannot belong
to the output before it, and where somebody's own words stand between them.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from kwhy.ingest.session.prose import is_chinese_prose, is_heading, is_prose
from kwhy.model.document import Document
from kwhy.model.expressions import expression

#: Kinds of blocks besides those of :data:`_HEADERS`.
LOG: Final = "log"
PROSE: Final = "prose"
#: Tables, descriptions and event lists of kubectl: one parser reads them all, in any order.
KUBECTL: Final = "kubectl"

#: With which bytes the first lines of an output begin.
_FIRST_BYTES: Final = {
    KUBECTL: "NL", "goroutines": "g", "ps": "FULPS ", "yaml": "a", "json": "{", "crash": "P", "routes": "d",
    "links": "1", "rules": "0", "iptables": "*",
}  # fmt: skip
#: Lines that begin an output and cannot be part of another one's middle, by the kind of output.
_HEADERS: Final[tuple[tuple[str, re.Pattern[bytes]], ...]] = tuple(
    (name, expression(pattern))
    for name, pattern in (
        # NAMESPACE   NAME   READY   STATUS …        kubectl get; LAST SEEN   TYPE   REASON …; NAME READY, retyped
        (KUBECTL, rb"(?:NAMESPACE|NAME|LAST SEEN|LASTSEEN)(?: {2,}| ?\t)[A-Z][A-Z-]+"),
        (KUBECTL, rb"(?:NAMESPACE NAME|NAME|LAST SEEN)(?: [A-Z][A-Z()-]+){2,}[ \t]*$"),
        # goroutine 67570 [syscall, 1595 minutes, locked to thread]:      Go runtime
        ("goroutines", rb"goroutine \d+ (?:gp=0x[0-9a-f]+ m=\S+ (?:mp=0x[0-9a-f]+ )?)?\["),
        # Name:                 coredns-cd7ddf6c9-gk5dp                  kubectl describe
        (KUBECTL, rb"Name:(?: {3,}|\t+)[a-z0-9]"),
        # UID PID PPID …   F S UID PID …   USER PID %CPU …   PID PPID …    ps(1)
        ("ps", rb" *(?:F S +)?(?:UID|USER|PID|LWP|PPID|STAT?)(?: +[A-Z%][A-Z%:]*){2,}(?: |$)"),
        # apiVersion: v1                                                  kubectl get -o yaml
        ("yaml", rb"apiVersion: \S"),
        ("json", rb"\{(?:$|\"(?:apiVersion|kind)\")"),
        # PID: 19246  TASK: ffff880951f70fd0  CPU: 16  COMMAND: "terwayd"  crash(8) bt
        ("crash", rb"PID: \d+ +TASK: [0-9a-f]+ "),
        # default via 10.0.0.1 dev eth0        ip route
        ("routes", rb"default via \S+ dev \S+"),
        # 1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536                         ip addr, ip link
        ("links", rb"1: lo: <"),
        # 0:	from all lookup local                                       ip rule
        ("rules", rb"0:\s+from all lookup "),
        # *nat   *filter                                                  iptables-save
        ("iptables", rb"\*(?:nat|filter|mangle|raw)$"),
    )
)
#: The expressions that can match a line, by its first byte.
_BY_FIRST: Final = {
    bytes([first]): tuple(item for item in _HEADERS if chr(first) in _FIRST_BYTES[item[0]])
    for first in b"NLgFUPSa{d10* "
}
#: Lines that only logs have: times at the beginning in the forms of applications, klog, syslog and the kernel.
_LOGGED: Final = expression(
    # 2026-11-21T21:36:46.706214804Z …   2026-11-21 21:36:46,706 …   [2026-11-21 21:36:46] …   2026/11/21 21:36:46 …
    rb"\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d"
    # I1121 21:28:23.864831    4552 flags.go:64] …                         klog v2
    rb"|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9} +\d+ [^\s\]]{1,200}:\d{1,6}\]"
    # Nov 21 21:31:41 node-a kubelet[4552]: …                              journalctl, syslogd
    rb"|[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d \S{1,255} [^\s:\[]{1,64}(?:\[\d+\])?: "
    # [12345.678901] eth0: renamed from veth…                              dmesg
    rb"|\[ {0,6}\d{1,7}\.\d{6}\] "
    # time="2026-11-21T21:36:46Z" level=info msg=…                         logrus
    rb"|time=\"?\d{4}-\d\d-\d\d"
    # {"level":"info","ts":1763760701.12,"msg":…                            zap and other JSON loggers
    rb"|\{\"(?:level|ts|time|timestamp|msg|message|@timestamp|severity|log)\" ?:"
    # [pod/web-0/app] …                                                     kubectl logs --prefix
    rb"|\[pod/[a-z0-9.-]{1,253}/[a-z0-9.-]{1,63}\] "
)
_LOG_FIRST: Final = frozenset(bytes([byte]) for byte in b"0123456789[IWEFADJMNOSt{")
#: The end of a JSON text that is indented.
_CLOSING: Final = frozenset({b"}", b"]", b"},"})
#: "    memory: 64Mi", "- name: x", "kind: Pod", "# comment", "---": lines of YAML at the left margin.
_YAML_LINE: Final = expression(rb"[ \t#-]|[\w./\"'-]+:(?: |$)|\.\.\.$|[}\]]")
#: A text longer than this is no paste.
_LONGEST: Final = 256 << 20


def header_kind(line: bytes) -> str | None:
    """The kind of output that ``line`` begins; None for every other line."""
    for name, pattern in _BY_FIRST.get(line[:1], ()):
        if pattern.match(line):
            return name
    return None


def is_logged(line: bytes) -> bool:
    """Whether ``line`` is one of a log."""
    return line[:1] in _LOG_FIRST and _LOGGED.match(line) is not None


def begins_several(head: bytes) -> bool:
    """Whether the beginning of a document shows more than one block."""
    return len(list(islice(_Cutter(head, 1).starts(), 2))) > 1


def blocks_of(document: Document) -> list[Document]:
    """The blocks of a document; nothing where it is one."""
    if len(document.data) > _LONGEST or type(document) is not Document:  # a dump in one line of a log has no lines
        return []
    data = bytes(document.data)
    starts = list(_Cutter(data, document.first_line).starts())
    if len(starts) == 1:
        return []
    ends = [start for start, _, _ in starts[1:]] + [len(data)]
    return [
        Document(
            document.source,
            data[start:end],
            first_line=line,
            command=document.command,
            host=document.host,
            captured=document.captured,
            parent=document,
        )
        for (start, line, _), end in zip(starts, ends, strict=True)
        if data[start:end].strip()
    ]


class _Cutter:
    """Walks over the lines once and tells where a block begins.

    ``kind`` is that of the block, None where nothing tells it; ``holds_data`` is true inside the values of a described
    ConfigMap or Secret, which may look like anything; ``closed``: the JSON text above is complete.
    """

    def __init__(self, data: bytes | mmap.mmap, first_line: int) -> None:
        self.lines = bytes(data).split(b"\n")
        self.first_line = first_line
        self.kind: str | None = None
        self.holds_data = False
        self.closed = False

    def starts(self) -> Iterator[tuple[int, int, str | None]]:
        """Byte offset, line number and kind of each block."""
        begin, after_blank, first = 0, True, True
        for index, line in enumerate(self.lines):
            if line and not line.isspace():
                kind = self._kind(line, index, after_blank)
                if first or self._cuts(kind, line, index, after_blank):
                    yield (begin if not first else 0), (self.first_line + index if not first else self.first_line), kind
                    self.kind, self.holds_data, self.closed = kind, False, False
                    first = False
                self._within(line)
                after_blank = False
            else:
                after_blank = True
            begin += len(line) + 1
        if first:
            yield 0, self.first_line, None

    def _kind(self, line: bytes, index: int, after_blank: bool) -> str | None:
        found = header_kind(line)
        if found is not None:
            return found
        if is_logged(line):
            return LOG
        return PROSE if not self.holds_data and self._is_prose(line, index, after_blank) else None

    def _is_prose(self, line: bytes, index: int, after_blank: bool) -> bool:
        """Words between outputs. Applications write such lines too: in a log only what another output follows."""
        if line[:1] in b" \t" or len(line) > 2000:
            return False
        text = line.decode("utf-8", "replace")
        if not (is_chinese_prose(text) or is_heading(text) or (after_blank and is_prose(text))):
            return False
        return self.kind not in (LOG, "goroutines", None) or self._before_an_output(index)

    def _before_an_output(self, index: int) -> bool:
        """Whether the next line that is not blank and no prose begins an output of another kind."""
        for line in self.lines[index + 1 : index + 20]:
            if not line.strip():
                continue
            kind = header_kind(line)
            if kind is not None or is_logged(line):
                return (kind or LOG) != self.kind
            text = line.decode("utf-8", "replace")
            if not (is_chinese_prose(text) or is_heading(text) or is_prose(text)):
                return False
        return False

    def _cuts(self, kind: str | None, line: bytes, index: int, after_blank: bool) -> bool:
        """Whether a block begins at ``line``, which is no blank one."""
        if self.holds_data and not (kind == KUBECTL and after_blank):
            return False
        if self.kind == PROSE or self.closed:
            return kind != PROSE or self.closed
        if self.kind == "yaml" and kind is None:
            return _YAML_LINE.match(line) is None
        if kind is None or kind == self.kind:
            return False
        if kind == PROSE:
            return True
        if kind == LOG:
            return self._log_begins(index, after_blank)
        # Goroutines of one dump, tables of one `get all` and objects of one describe stay together.
        if after_blank or kind in ("goroutines", "crash") or self.kind in (None, "yaml", "json"):
            return True
        following = self.lines[index + 1] if index + 1 < len(self.lines) else b""
        return self.kind == LOG and (
            kind == KUBECTL or (kind == "yaml" and following.startswith((b"kind:", b"items:")))
        )

    def _log_begins(self, index: int, after_blank: bool) -> bool:
        """Logs of Go programs hold dumps; elsewhere a single line with a time may be the rest of a message."""
        if self.kind in ("goroutines", "crash", "json", None):
            return False
        following = self.lines[index + 1] if index + 1 < len(self.lines) else b""
        return after_blank or is_logged(following)

    def _within(self, line: bytes) -> None:
        """What the line says about the lines behind it."""
        if self.kind == "json":
            self.closed = line.rstrip() in _CLOSING and not line.endswith(b",")
        elif self.kind == KUBECTL:
            if line == b"====":
                self.holds_data = True
            elif line.startswith(b"Events:"):
                self.holds_data = False
