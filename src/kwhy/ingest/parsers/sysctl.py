"""Kernel parameters: `sysctl -a`, `sysctl KEY`, `sysctl --system`, files of /etc/sysctl.d, `grep . /proc/sys/…`,
`grep -r KEY /etc/sysctl.d`.

Source: procps-ng 4.0 src/sysctl.c ("KEY = VALUE"; a dot in a device name is printed as "/"), busybox 1.35
procps/sysctl.c (the same form). `sysctl -n` and `cat /proc/sys/…` print bare values: the key comes from the command.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.network import MissingSysctl, NetworkNamespace, Sysctl
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood, share
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_FIRST: Final = r"(?:abi|crypto|debug|dev|fs|kernel|net|sunrpc|user|vm)"
#: net.ipv4.ip_forward = 1   ·   -net/ipv4/conf/eth0.100/rp_filter=2 in files (sysctl.conf(5))
_VALUE: Final = expression(rf"^\s*-?(?P<key>{_FIRST}[./][\w./:*@-]{{1,200}})\s*=\s?(?P<value>.*)$")
#: /proc/sys/net/ipv4/ip_forward:1   (grep . /proc/sys/…)
_PROC: Final = expression(r"^/proc/sys/(?P<key>[\w./@-]{1,200}):(?P<value>.*)$")
#: /etc/sysctl.d/99-hardening.conf:net.ipv4.ip_forward = 0   (grep -r ip_forward /etc/sysctl.d)
_GREPPED: Final = expression(
    rf"^(?P<file>/[\w./@-]{{1,200}}\.conf):(?:\d{{1,6}}:)?\s*-?(?P<key>{_FIRST}[./][\w./:*@-]{{1,200}})\s*=\s?(?P<value>.*)$"
)
#: * Applying /etc/sysctl.d/99-sysctl.conf ...   (procps sysctl --system)
_APPLYING: Final = expression(r"^\* Applying (?P<file>/\S{1,300}) \.\.\.")
#: sysctl: cannot stat /proc/sys/net/bridge/bridge-nf-call-iptables: No such file or directory   (procps-ng 4.0)
#: sysctl: error: 'net.bridge.bridge-nf-call-iptables' is an unknown key   (busybox 1.35)
_MISSING: Final = expression(
    r"^(?:sysctl: cannot stat |cat: (?:can't open ')?)/proc/sys/(?P<path>[\w./@-]{1,200})'?: No such file"
    r"|^(?:sysctl: )?error: '(?P<key>[^']{1,200})' is an unknown key"
)
#: sysctl: permission denied on key 'net.ipv4.tcp_fastopen_key'   (procps; says nothing of the value)
_DENIED: Final = expression(r"^sysctl: (?:permission denied on key|reading key|cannot open)")
_COMMENT: Final = expression(r"^\s*[#;]")
#: Values that are keys to something.
_SECRETS: Final = ("tcp_fastopen_key", "stable_secret")


def recognise(head: Head) -> float:
    ran = invocation(head.command)
    lines = head_lines(head)
    if ran is not None and ran.program == "sysctl":
        return 0.97
    if ran is not None and ran.program == "cat" and _proc_key(ran) is not None:
        return 0.97 if len(lines) == 1 else 0.0
    relevant = [line for line in lines if not _COMMENT.match(line)]
    return 0.93 * share(relevant, (_fits(line[:LONGEST_LINE]) for line in relevant))


_DIRECTORIES: Final = (
    "/etc/sysctl",
    "/run/sysctl.d/",
    "/usr/lib/sysctl.d/",
    "/usr/local/lib/sysctl.d/",
    "/lib/sysctl.d/",
)
#: What the expressions above match begins with one of these, or with the first word of a key.
_BEGINNINGS: Final = (
    "-",
    "/proc/sys/",
    "* Applying ",
    "sysctl: ",
    "cat: ",
    "error: ",
    *_DIRECTORIES,
    *_FIRST[3:-1].split("|"),
)


def _fits(line: str) -> bool:
    if not line.lstrip().startswith(_BEGINNINGS):
        return False
    return any(form.match(line) for form in (_VALUE, _PROC, _GREPPED, _APPLYING, _MISSING, _DENIED))


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    netns = ran.netns if ran else None
    file = _file(document, ran)
    bare = iter(_bare_keys(ran))
    for number, line in content_lines(document):
        cut = line[:LONGEST_LINE]
        if _COMMENT.match(cut) or _DENIED.match(cut):
            continue
        if applying := _APPLYING.match(cut):
            file = applying["file"]
        elif missing := _MISSING.match(cut):
            at = document.at(number, excerpt=line.strip())
            yield MissingSysctl(at, dotted(missing["path"] or missing["key"]), netns)
        elif match := _GREPPED.match(cut):
            yield _sysctl(document, number, dotted(match["key"]), match["value"], match["file"], netns)
        elif match := _VALUE.match(cut) or _PROC.match(cut):
            yield _sysctl(document, number, dotted(match["key"]), match["value"], file, netns)
        elif (key := next(bare, None)) is not None:
            yield _sysctl(document, number, key, cut, None, netns)
        else:
            yield not_understood(document, number, line, 'a kernel parameter ("net.ipv4.ip_forward = 1")')


FORMAT = Format("sysctl", recognise, parse)


def dotted(key: str) -> str:
    """The form that sysctl(8) prints. Where the first separator is "/", dots are part of names and are exchanged."""
    slash, dot = key.find("/"), key.find(".")
    if slash >= 0 and (dot < 0 or slash < dot):
        return key.translate(str.maketrans("/.", "./"))
    return key


def _sysctl(
    document: Document, number: int, key: str, value: str, file: str | None, netns: NetworkNamespace | None
) -> Sysctl:
    shown = "(hidden)" if key.endswith(_SECRETS) else " ".join(value.split())
    return Sysctl(at=document.at(number, excerpt=f"{key} = {shown}"), key=key, value=shown, file=file, netns=netns)


def _file(document: Document, ran: Invocation | None) -> str | None:
    """A configuration file asks for values; it is told by the command or by its path in the evidence."""
    if ran is not None:
        files = [word for word in ran.arguments if ".conf" in word] if ran.program in ("cat", "grep") else []
        return files[0] if len(files) == 1 else None
    return document.source if document.source.endswith(".conf") else None


def _bare_keys(ran: Invocation | None) -> tuple[str, ...]:
    if ran is None:
        return ()
    if ran.program == "sysctl" and any(word in ("-n", "--values") for word in ran.arguments):
        return tuple(dotted(word) for word in ran.arguments if not word.startswith("-"))
    key = _proc_key(ran) if ran.program == "cat" else None
    return (key,) if key else ()


def _proc_key(ran: Invocation) -> str | None:
    paths = [word for word in ran.arguments if word.startswith("/proc/sys/")]
    return dotted(paths[0].removeprefix("/proc/sys/")) if len(paths) == 1 == len(ran.arguments) else None
