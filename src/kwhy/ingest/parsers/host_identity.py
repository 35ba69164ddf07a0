"""How a host calls itself: `hostname`, `uname`, `hostnamectl`, `cat /etc/hostname`, `cat /etc/machine-id`."""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.facts.hosts import HostName, KernelRelease, MachineId
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: `Linux n1 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01) x86_64 GNU/Linux` (uname -a)
_UNAME = expression(
    r"Linux (?P<name>[\w.-]{1,253}) (?P<release>\d{1,3}\.\d{1,3}[\w.+~-]{0,120}) #.{1,300}? ?"
    r"(?P<machine>x86_64|aarch64|arm64|armv7l|ppc64le|s390x|riscv64)\b.{0,100}"
)
#: ` Static hostname: n1`, `      Machine ID: 3d1219c7c4c5404aaa1f6d2a48adfda4`, `          Kernel: Linux 6.1.0-18`
_CONTROL = expression(
    r"\s{0,24}(?P<key>Static hostname|Transient hostname|Machine ID|Kernel|Architecture): (?P<value>\S.{0,252})"
)
#: One of these stands in each of the lines above.
_KEYS = ("Static hostname: ", "Transient hostname: ", "Machine ID: ", "Kernel: ", "Architecture: ")
#: RFC 1123 names, as hostname(7) allows them.
_NAME = expression(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?")
_MACHINE_ID = expression(r"[0-9a-f]{32}")
_RELEASE = expression(r"\d{1,3}\.\d{1,3}[\w.+~-]{0,120}")


def _asked(line: Invocation | None) -> str:
    """What the command prints: "name", "machine id", "release", "all" or ""."""
    if line is None:
        return ""
    if line.program == "hostname" and not set(line.arguments) - {"-s", "-f", "--fqdn", "--short", "-A"}:
        return "name"
    if line.program == "uname":
        return {"-n": "name", "-r": "release", "-a": "all"}.get(" ".join(line.arguments), "")
    if line.program == "hostnamectl" and line.operands in ((), ("status",), ("hostname",)):
        return "name" if line.operands == ("hostname",) else "all"
    files = {"/etc/hostname": "name", "/proc/sys/kernel/hostname": "name", "/etc/machine-id": "machine id"}
    if line.program in ("cat", "head", "more") and len(line.operands) == 1:
        return files.get(line.operands[0], "machine id" if line.operands[0].endswith("/dbus/machine-id") else "")
    return ""


def _recognise(head: Head) -> float:
    if _asked(invocation(head.command)):
        return 0.97
    lines = [line for line in head.text.split("\n", 30)[:30] if line.strip()]
    if len(lines) == 1 and lines[0].lstrip().startswith("Linux ") and _UNAME.fullmatch(lines[0].strip()):
        return 0.9
    if not any(key in head.text for key in _KEYS):
        return 0.0
    return 0.9 if sum(bool(_CONTROL.fullmatch(line)) for line in lines) > 2 else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    """The name as HostName, /etc/machine-id as MachineId, the kernel as KernelRelease."""
    asked = _asked(invocation(document.command))
    release = machine = ""
    place: int | None = None
    named = False
    for number, line in document.lines():
        text = line.strip()
        at = document.at(number, excerpt=text)
        if not text:
            continue
        if uname := _UNAME.fullmatch(text):
            yield HostName(uname["name"], at)
            yield KernelRelease(uname["release"], uname["machine"], at)
        elif control := _CONTROL.fullmatch(line):
            key, value = control["key"], control["value"].strip()
            if key.endswith("hostname") and _NAME.fullmatch(value) and value != "n/a" and not named:
                named = True
                yield HostName(value, at)
            elif key == "Machine ID" and _MACHINE_ID.fullmatch(value):
                yield MachineId(value, at)
            elif key == "Kernel":
                release, place = value.removeprefix("Linux "), number
            elif key == "Architecture":
                machine = {"x86-64": "x86_64", "arm64": "aarch64"}.get(value, value)
        elif asked == "name" and _NAME.fullmatch(text):
            yield HostName(text, at)
        elif asked == "machine id" and _MACHINE_ID.fullmatch(text):
            yield MachineId(text, at)
        elif asked == "release" and _RELEASE.fullmatch(text):
            yield KernelRelease(text, "", at)
        elif asked != "all" or ":" not in text:
            yield Unparsed(at, f"host identity: {asked or 'name, machine id or kernel'} expected")
    if release and place is not None:
        yield KernelRelease(release, machine, document.at(place))


FORMAT = Format("host-identity", _recognise, parse)
