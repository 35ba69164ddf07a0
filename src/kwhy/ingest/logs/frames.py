"""The wrappings around a log message: journal, syslog, klog, logrus, zap, CRI, docker, dmesg …, nested in any order.

:func:`unwrap` peels one line until only the message is left, and keeps the most complete time, the host, the program
and its pid that it finds on the way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from kwhy.ingest.logs import stamps
from kwhy.ingest.logs.json_frames import peel_json
from kwhy.ingest.logs.peeled import Peeled
from kwhy.ingest.logs.stamps import Stamp
from kwhy.model.expressions import expression

#: A journal line around a CRI line around a logrus line; deeper nesting has not been seen.
_MAX_DEPTH = 4

_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_ZONE = r"(?:Z|[+-]\d\d:?\d\d)"
_ISO = rf"\d{{4}}-\d\d-\d\d[T ]{_CLOCK}(?: ?{_ZONE})?"
#: kubelet[4552]: — RFC 3164 TAG and pid, as journald and syslogd print them.
_HOST_TAG = (
    r"(?!(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL) )(?P<host>[\w.:-]{0,254}[\w.-]) "
    r"(?P<program>[^\s\[\]:]{1,64})(?:\[(?P<pid>\d{1,10})\])?:(?: |$)(?P<text>.*)"
)

#: I1121 21:28:23.864831    4552 flags.go:64] FLAG: … — klog v2 header, k8s.io/klog/v2 klog.go formatHeader.
_KLOG = expression(
    rf"(?P<level>[IWEFD])(?P<month>\d\d)(?P<day>\d\d) (?P<clock>{_CLOCK}) +(?P<pid>\d{{1,10}}) "
    r"(?P<caller>[^\s\]]{1,200}:\d{1,6})\] ?(?P<text>.*)",
    re.DOTALL,
)
#: Nov 21 21:31:41 node-a kubelet[4552]: … — journalctl -o short, short-precise; RFC 3164; glog-era syslog.
_SYSLOG = expression(
    rf"(?P<month>[A-Z][a-z]{{2}}) {{1,2}}(?P<day>\d{{1,2}}) (?P<clock>{_CLOCK}) {_HOST_TAG}", re.DOTALL
)
#: 6月 04 00:28:47 10-202-91-13 crio[883769]: … — the same in a Chinese locale (cri-o#8250).
_SYSLOG_CHINESE = expression(
    rf"(?P<month>\d{{1,2}})月 {{1,2}}(?P<day>\d{{1,2}}) (?P<clock>{_CLOCK}) {_HOST_TAG}", re.DOTALL
)
#: Nov 21 21:31:41 kubelet[4552]: … — the same with the host column cut away.
_SYSLOG_HOSTLESS = expression(
    rf"(?P<month>[A-Z][a-z]{{2}}) {{1,2}}(?P<day>\d{{1,2}}) (?P<clock>{_CLOCK}) (?:(?P<program>[^\s\[\]:]{{1,64}})"
    r"(?:\[(?P<pid>\d{1,10})\])?: )?(?P<text>.*)",
    re.DOTALL,
)
#: Sat 2026-11-21 21:31:41 UTC node-a kubelet[4552]: … — journalctl -o short-full, with-unit.
_SHORT_FULL = expression(
    rf"[A-Z][a-z]{{2}} (?P<stamp>\d{{4}}-\d\d-\d\d {_CLOCK}) (?P<zone>[A-Z]{{1,5}}|[+-]\d\d(?:\d\d)?) {_HOST_TAG}",
    re.DOTALL,
)
#: 2026-11-21T21:31:41+0000 node-a kubelet[4552]: … — journalctl -o short-iso, short-iso-precise.
#: They print UTC as +0000, never as Z, which applications do.
_SHORT_ISO = expression(rf"(?P<stamp>\d{{4}}-\d\d-\d\dT{_CLOCK}[+-]\d\d:?\d\d) {_HOST_TAG}", re.DOTALL)
#: 1763760701.120579 node-a kubelet[4552]: … — journalctl -o short-unix.
_SHORT_UNIX = expression(rf"(?P<epoch>\d{{9,10}}\.\d{{1,9}}) {_HOST_TAG}", re.DOTALL)
#: [12345.678901] node-a kubelet[4552]: … — journalctl -o short-monotonic; delta form "[12345.678901 <0.1>]".
_SHORT_MONOTONIC = expression(rf"\[ *(?P<boot>\d{{1,12}}\.\d{{1,9}})(?: <[ \d.]*>)?\] {_HOST_TAG}", re.DOTALL)
#: <34>1 2003-10-11T22:14:15.003Z host app 123 - - message — RFC 5424.
_RFC5424 = expression(
    r"<(?P<priority>\d{1,3})>1 (?P<stamp>\S{1,40}) (?P<host>\S{1,255}) (?P<program>\S{1,64}) (?P<pid>\S{1,64}) "
    r"\S{1,64} "
    r"(?:-|\[[^\n]{0,2000}?\]) ?(?P<text>.*)",
    re.DOTALL,
)
#: <6>[12345.678901] message, or <30>Nov 21 … — the priority alone (RFC 3164, /dev/kmsg via dmesg --raw).
_PRIORITY = expression(r"<(?P<priority>\d{1,3})>(?P<text>.*)", re.DOTALL)
#: [12345.678901] message; [    0.000000][    T0] message — dmesg (util-linux 2.38), CONFIG_PRINTK_CALLER.
_DMESG = expression(r"\[ *(?P<boot>\d{1,12}\.\d{1,9})\](?:\[ *[TC]\d{1,10}\])? ?(?P<text>.*)", re.DOTALL)
#: [Sat Nov 21 21:31:41 2026] message — dmesg -T.
_DMESG_T = expression(
    rf"\[[A-Z][a-z]{{2}} (?P<month>[A-Z][a-z]{{2}}) {{1,2}}(?P<day>\d{{1,2}}) (?P<clock>{_CLOCK}) (?P<year>\d{{4}})\] ?"
    r"(?P<text>.*)",
    re.DOTALL,
)
#: kern  :err   : [12345.678901] message — dmesg -x.
_DMESG_X = expression(r"[a-z0-9]{3,8} *:(?P<level>[a-z]{3,6}) *: (?P<text>[\[\d].*)", re.DOTALL)
#: time="2026-11-21T21:28:38.440058297Z" level=info msg="…" — logrus TextFormatter: containerd, dockerd, runc, crio.
_LOGRUS = expression(
    r'time="(?P<stamp>[^"]{1,64})" level=(?P<level>[a-z]{1,10}) (?P<text>(?:msg|error|[\w.]{1,64})=.*)', re.DOTALL
)
#: INFO[2020-09-03T16:45:27.123456789Z] message — logrus on a terminal; INFO[0012] counts seconds since the start.
_LOGRUS_TTY = expression(
    r"(?P<level>TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[(?P<stamp>\d{4}-[^\]\s]{1,40}|\d{4,9})\] ?(?P<text>.*)", re.DOTALL
)
#: 2026-11-21T21:36:54.617164664Z stdout F message — CRI log format, kubelet pkg/kubelet/kuberuntime/logs.
_CRI = expression(
    rf"(?P<stamp>\d{{4}}-\d\d-\d\dT{_CLOCK}{_ZONE}) (?P<stream>stdout|stderr) [FP](?::\w+)? ?(?P<text>.*)", re.DOTALL
)
#: 2026/11/21 21:28:23.752993 message — Go's log package; nginx's error log; etcd 3.4 "raft2026/11/22 05:45:59 INFO: …".
_GO_LOG = expression(rf"(?:raft)?(?P<date>\d{{4}}/\d\d/\d\d) (?P<clock>{_CLOCK}) (?P<text>.*)", re.DOTALL)
#: 2026-11-21T21:36:54.615Z message; 2026-11-21 21:36:54,615 message; [2026-11-21 …] message — kubectl logs
#: --timestamps, Python, Java, dmesg --time-format iso.
_ISO_LINE = expression(rf"\[?(?P<stamp>{_ISO})\]?:?(?:[ \t|]+(?P<text>.*)|$)", re.DOTALL)
#: 17:08:22.299597 kubelet skipping pod synchronization … — time of day, and the program where one is named.
_TIME_OF_DAY = expression(rf"(?P<clock>{_CLOCK})\]?:? +(?P<text>.*)", re.DOTALL)
#: [pod/web-6f5c6d7f64-2nx8q/app] message — kubectl logs --prefix.
_POD_PREFIX = expression(r"\[pod/(?P<pod>[a-z0-9.-]{1,253})/(?P<container>[a-z0-9.-]{1,63})\] ?(?P<text>.*)", re.DOTALL)
#: 10.1.1.1 - - [21/Nov/2026:21:36:54 +0000] "GET / HTTP/1.1" 500 — combined log format.
_ACCESS = expression(
    r"[\w.:-]{2,64} \S{1,64} \S{1,64} \[(?P<stamp>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] (?P<text>.*)",
    re.DOTALL,
)
#: The word by which applications name a line's severity, near its beginning.
_LEVEL = expression(
    r"^[^A-Za-z0-9]{0,3}(?:\[[^\]\n]{0,40}\] ?|\S{1,40} ){0,2}?[\[|(<]?"
    r"\b(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRIT|CRITICAL|SEVERE|PANIC|EMERG|ALERT"
    r"|(?:error|warn|warning|fatal|info|debug|emerg|crit|alert)(?=[\]:|)>]))\b"
)
#: A program that begins the message of a bare time-of-day line: the excerpt in the example above.
_PROGRAM_WORD = expression(
    r"(?P<program>kubelet|containerd|dockerd|crio|kernel|etcd|kube-[a-z-]{3,30}):? (?P<text>.*)", re.DOTALL
)

_SEVERITY = {
    "I": "info", "W": "warning", "E": "error", "F": "fatal", "D": "debug",
    "TRAC": "debug", "DEBU": "debug", "WARN": "warning", "ERRO": "error", "FATA": "fatal", "PANI": "fatal",
    "TRACE": "debug", "NOTICE": "info", "ERR": "error", "CRIT": "fatal", "CRITICAL": "fatal", "SEVERE": "error",
    "PANIC": "fatal", "EMERG": "fatal", "ALERT": "fatal", "EMERGENCY": "fatal", "DPANIC": "fatal", "TRC": "debug",
}  # fmt: skip


class Frame(NamedTuple):
    """One line without its wrappings.

    ``kind`` names the outermost wrapping, None where there was none. ``stamps`` are the times of all wrappings, the
    outermost first; the inner ones are nearer to the program and often finer.
    """

    text: str
    kind: str | None = None
    stamps: tuple[Stamp, ...] = ()
    host: str | None = None
    program: str | None = None
    pid: int | None = None
    level: str | None = None
    caller: str | None = None
    pod: str | None = None
    container: str | None = None


@lru_cache(maxsize=512)  # the first lines are looked at to recognise a log, and again to read it
def unwrap(line: str) -> Frame:
    """Peel one line (without its end)."""
    layers: list[Peeled] = []
    text = line
    while len(layers) < _MAX_DEPTH:
        layer = _peel(text)
        if layer is None:
            break
        layers.append(layer)
        text = layer.text
    if not layers:
        return Frame(text, level=level_of(text))
    return _merged(layers, text)


def level_of(text: str) -> str | None:
    found = _LEVEL.match(text)
    return severity(found["level"]) if found else None


def severity(word: str | None) -> str | None:
    """One of debug, info, warning, error, fatal for any program's word."""
    if not word:
        return None
    upper = word.upper()
    return _SEVERITY.get(upper) or {"WARNING": "warning", "PANIC": "fatal"}.get(upper) or word.lower()


def _merged(layers: list[Peeled], text: str) -> Frame:
    """Host and pod are the outermost layer's, all else the innermost's."""
    stamps_found: tuple[Stamp, ...] = ()
    host = program = level = caller = pod = container = None
    pid: int | None = None
    for layer in layers:
        if layer.stamp is not None:
            stamps_found += (layer.stamp,)
        host = host or layer.host
        program = layer.program or program
        pid = layer.pid if layer.pid is not None else pid
        level = layer.level or level
        caller = layer.caller or caller
        pod, container = pod or layer.pod, container or layer.container
    severe = severity(level) or level_of(text)
    return Frame(text, layers[0].kind, stamps_found, host, program, pid, severe, caller, pod, container)


def _peel(text: str) -> Peeled | None:
    if text:
        for peel in _PEELERS.get(text[0], ()):
            peeled = peel(text)
            if peeled is not None:
                return peeled
    return None


def _klog(text: str) -> Peeled | None:
    found = _KLOG.match(text)
    if found is None:
        return None
    stamp = stamps.yearless(int(found["month"]), int(found["day"]), found["clock"])
    return Peeled("klog", found["text"], stamp, pid=int(found["pid"]), level=found["level"], caller=found["caller"])


def _syslog(text: str) -> Peeled | None:
    found = _SYSLOG.match(text)
    if found is None:
        found = _SYSLOG_HOSTLESS.match(text)
        if found is None:
            return None
        host = None
    else:
        host = found["host"]
    stamp = stamps.syslog(found["month"], found["day"], found["clock"])
    return (
        None
        if stamp is None
        else Peeled("journal-short", found["text"], stamp, host, found["program"], _pid(found["pid"]))
    )


def _chinese(text: str) -> Peeled | None:
    found = _SYSLOG_CHINESE.match(text)
    if found is None:
        return None
    stamp = stamps.yearless(int(found["month"]), int(found["day"]), found["clock"])
    return Peeled("journal-short", found["text"], stamp, found["host"], found["program"], _pid(found["pid"]))


def _short_full(text: str) -> Peeled | None:
    found = _SHORT_FULL.match(text)
    if found is None:
        return None
    zone = found["zone"]
    if zone[0] in "+-":
        stamp = stamps.from_iso(found["stamp"] + zone)
    else:
        stamp = stamps.with_zone_name(stamps.from_iso(found["stamp"]), zone)
    program = found["program"].removesuffix(".service")
    return Peeled("journal-short-full", found["text"], stamp, found["host"], program, _pid(found["pid"]))


def _short_iso(text: str) -> Peeled | None:
    found = _SHORT_ISO.match(text)
    if found is None:
        return None
    stamp = stamps.from_iso(found["stamp"])
    return Peeled("journal-short-iso", found["text"], stamp, found["host"], found["program"], _pid(found["pid"]))


def _short_unix(text: str) -> Peeled | None:
    found = _SHORT_UNIX.match(text)
    if found is None:
        return None
    stamp = stamps.epoch(float(found["epoch"]))
    return Peeled("journal-short-unix", found["text"], stamp, found["host"], found["program"], _pid(found["pid"]))


def _short_monotonic(text: str) -> Peeled | None:
    found = _SHORT_MONOTONIC.match(text)
    # A bracketed pid tells the journal's form from a kernel message such as "[1.0] usb usb1: New device".
    if found is None or not (found["pid"] or found["program"] == "kernel"):
        return None
    stamp = stamps.boot(found["boot"])
    return Peeled("journal-short-monotonic", found["text"], stamp, found["host"], found["program"], _pid(found["pid"]))


def _rfc5424(text: str) -> Peeled | None:
    found = _RFC5424.match(text)
    if found is None:
        return None
    stamp = stamps.from_iso(found["stamp"])
    return Peeled("syslog-5424", found["text"], stamp, found["host"], found["program"], _pid(found["pid"]))


def _priority(text: str) -> Peeled | None:
    found = _PRIORITY.match(text)
    if found is None or _peel(found["text"]) is None:
        return None
    return Peeled("syslog-priority", found["text"])


def _dmesg(text: str) -> Peeled | None:
    found = _DMESG.match(text)
    return None if found is None else Peeled("dmesg", found["text"], stamps.boot(found["boot"]), program="kernel")


def _dmesg_t(text: str) -> Peeled | None:
    found = _DMESG_T.match(text)
    if found is None:
        return None
    stamp = stamps.ctime(found["month"], found["day"], found["clock"], found["year"])
    return None if stamp is None else Peeled("dmesg-T", found["text"], stamp, program="kernel")


def _dmesg_x(text: str) -> Peeled | None:
    if ":" not in text[:12]:
        return None
    found = _DMESG_X.match(text)
    return None if found is None else Peeled("dmesg-x", found["text"], level=found["level"], program="kernel")


def _logrus(text: str) -> Peeled | None:
    found = _LOGRUS.match(text)
    return (
        None
        if found is None
        else Peeled("logrus", found["text"], stamps.from_iso(found["stamp"]), level=found["level"])
    )


def _logrus_tty(text: str) -> Peeled | None:
    found = _LOGRUS_TTY.match(text)
    if found is None:
        return None
    stamp = stamps.from_iso(found["stamp"]) if "-" in found["stamp"] else None
    return Peeled("logrus-tty", found["text"], stamp, level=found["level"])


def _cri(text: str) -> Peeled | None:
    found = _CRI.match(text)
    return None if found is None else Peeled("cri", found["text"], stamps.from_iso(found["stamp"]))


def _go_log(text: str) -> Peeled | None:
    found = _GO_LOG.match(text)
    if found is None:
        return None
    stamp = stamps.from_iso(f"{found['date'].replace('/', '-')}T{found['clock']}")
    return None if stamp is None else Peeled("go-log", found["text"], stamp)


def _iso_line(text: str) -> Peeled | None:
    found = _ISO_LINE.match(text)
    if found is None:
        return None
    stamp = stamps.from_iso(found["stamp"].replace(" +", "+").replace(" -", "-").replace(" Z", "Z"))
    return None if stamp is None else Peeled("timestamped", found["text"] or "", stamp)


def _time_of_day(text: str) -> Peeled | None:
    found = _TIME_OF_DAY.match(text)
    stamp = stamps.time_of_day(found["clock"]) if found else None
    if found is None or stamp is None:
        return None
    word = _PROGRAM_WORD.match(found["text"])
    if word:
        return Peeled("time-of-day", word["text"], stamp, program=word["program"])
    return Peeled("time-of-day", found["text"], stamp)


def _pod_prefix(text: str) -> Peeled | None:
    found = _POD_PREFIX.match(text)
    if found is None:
        return None
    return Peeled("kubectl-prefix", found["text"], pod=found["pod"], container=found["container"])


def _access(text: str) -> Peeled | None:
    if "[" not in text[:256]:
        return None
    found = _ACCESS.match(text)
    return None if found is None else Peeled("access-log", found["text"], stamps.common_log(found["stamp"]))


def _pid(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 10 else None


_Peeler = Callable[[str], Peeled | None]
_DIGIT: tuple[_Peeler, ...] = (_cri, _short_iso, _iso_line, _go_log, _short_unix, _time_of_day, _access, _chinese)
_PEELERS: dict[str, tuple[_Peeler, ...]] = {
    **dict.fromkeys("0123456789", _DIGIT),
    **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (_short_full, _syslog, _logrus_tty)),
    **dict.fromkeys("IWEFD", (_klog, _short_full, _syslog, _logrus_tty)),
    **dict.fromkeys("abcdefghijklmnopqrsuvwxyz", (_dmesg_x, _access)),
    "t": (_logrus, _dmesg_x, _access),
    "r": (_go_log, _dmesg_x, _access),
    "[": (_short_monotonic, _dmesg, _dmesg_t, _iso_line, _pod_prefix),
    "<": (_rfc5424, _priority),
    "{": (peel_json,),
}
