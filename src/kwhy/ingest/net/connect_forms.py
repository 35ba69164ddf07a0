"""The words in which tools say how an attempt to connect ended.

Each form stands with a line that the program printed in a network namespace of Linux 6.18, or with its source.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final, Literal

import msgspec

from kwhy.facts.network import ConnectOutcome

Tool = Literal["nc", "ncat", "telnet", "curl", "wget", "bash"]
#: strerror(3) of glibc and musl, as all tools print it, and curl's own words (lib/strerror.c).
OUTCOMES: Final[tuple[tuple[str, ConnectOutcome], ...]] = (
    ("connection refused", "refused"),
    ("connection timed out", "timed-out"),
    ("operation timed out", "timed-out"),
    ("resolving timed out", "name-not-resolved"),
    ("timed out", "timed-out"),
    ("timeout was reached", "timed-out"),
    ("timeout", "timed-out"),
    ("no route to host", "no-route-to-host"),
    ("host is unreachable", "no-route-to-host"),
    ("network is unreachable", "network-unreachable"),
    ("network unreachable", "network-unreachable"),
    ("connection reset by peer", "reset"),
    ("permission denied", "permission-denied"),
    ("operation not permitted", "permission-denied"),
    ("name or service not known", "name-not-resolved"),
    ("temporary failure in name resolution", "name-not-resolved"),
    ("no address associated with hostname", "name-not-resolved"),
    ("name does not resolve", "name-not-resolved"),
    ("could not resolve", "name-not-resolved"),
    ("couldn't resolve", "name-not-resolved"),
    ("bad address", "name-not-resolved"),
    ("unknown host", "name-not-resolved"),
    ("nodename nor servname provided", "name-not-resolved"),
)


def outcome_of(words: str) -> ConnectOutcome:
    lowered = words.lower()
    return next((outcome for text, outcome in OUTCOMES if text in lowered), "failed")


class Form(msgspec.Struct, frozen=True, dict=True):
    """A line that ends an attempt. ``outcome`` None: read from the group ``why``."""

    tool: Tool
    expression: str
    outcome: ConnectOutcome | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when first asked for: few documents hold such lines, and these expressions are large."""
        return re.compile(self.expression)


_H: Final = r"(?P<host>[^\s\"'()|]{1,253})"
_P: Final = r"(?P<port>\d{1,5})"
_WHY: Final = r"(?P<why>[^\n]{1,120})"
_A: Final = r"\[?(?P<address>[0-9a-fA-F.:]{2,45}?)\]?"
_IN_BRACKETS: Final = rf"(?: \({_A}\))?"
_L4: Final = r"(?P<protocol>tcp|udp)"
_MS: Final = r"(?: after (?P<ms>\d{1,9}) (?:ms|milliseconds))?"
#: GNU wget names host, canonical name and address
_WGET: Final = rf"^Connecting to {_H}(?: \([^)]{{1,253}}\))?(?:\|{_A}\|)?:{_P}\.\.\. "


def _form(tool: Tool, pattern: str, outcome: ConnectOutcome | None = None) -> Form:
    return Form(tool, pattern, outcome)


_NC: Final = (
    # Connection to 10.0.0.2 80 port [tcp/http] succeeded!   OpenBSD nc 1.219 (Debian)
    _form("nc", rf"^Connection to {_H}{_IN_BRACKETS} {_P} port \[{_L4}/[^\]]{{1,32}}\] succeeded!", "connected"),
    # nc: connect to localhost (127.0.0.1) port 82 (tcp) failed: Connection refused   OpenBSD nc 1.219
    # nc: connect to 10.0.0.2 port 3306 (tcp) timed out: Operation now in progress   OpenBSD nc 1.219 -w
    _form(
        "nc", rf"^nc: connect to {_H}{_IN_BRACKETS} port {_P} \({_L4}\) (?P<why>(?:failed|timed out): [^\n]{{1,99}})"
    ),
    # nc: getaddrinfo for host "nope.invalid" port 80: Temporary failure in name resolution   OpenBSD nc 1.219
    _form("nc", rf'^nc: getaddrinfo(?: for host "{_H}" port {_P})?: {_WHY}', "name-not-resolved"),
    # 10.0.0.2 (10.0.0.2:80) open   ·   nc: 10.0.0.2 (10.0.0.2:82): Connection refused   busybox nc_bloaty.c nc -v
    _form("nc", rf"^{_H} \({_A}:{_P}\) open", "connected"),
    _form("nc", rf"^nc: {_H} \({_A}:{_P}\): {_WHY}"),
    # db.example [10.0.0.2] 3306 (mysql) open   ·   (UNKNOWN) [10.0.0.2] 82 (?) : Connection refused   netcat 1.10
    _form("nc", rf"^(?:\(UNKNOWN\)|{_H}) \[{_A}\] {_P} \([^)]{{1,32}}\) open", "connected"),
    _form("nc", rf"^(?:\(UNKNOWN\)|{_H}) \[{_A}\] {_P} \([^)]{{1,32}}\) : {_WHY}"),
    # nc: can't connect to remote host (10.0.0.2): Connection refused   busybox 1.35
    _form("nc", rf"^nc: can't connect to remote host{_IN_BRACKETS}: {_WHY}"),
    # nc: timed out   ·   nc: bad address 'nope.invalid'   busybox 1.35
    _form("nc", r"^nc: timed out$", "timed-out"),
    _form("nc", rf"^nc: bad address '{_H}'", "name-not-resolved"),
    # Ncat: Connected to 10.0.0.2:80.   ·   Ncat: TIMEOUT.   ·   Ncat: Connection refused.   Ncat 7.93
    _form("ncat", rf"^Ncat: Connected to \[?{_H}\]?:{_P}\.", "connected"),
    # Ncat: Could not resolve hostname "nope.invalid": Temporary failure in name resolution. QUITTING.   Ncat 7.93
    _form("ncat", rf'^Ncat: Could not resolve hostname "{_H}": {_WHY}', "name-not-resolved"),
    _form(
        "ncat",
        r"^Ncat: (?P<why>TIMEOUT|Connection (?:refused|timed out|reset by peer)|No route to host|"
        r"Network is unreachable|Permission denied|Operation not permitted)\.",
    ),
)
_TELNET: Final = (
    # Connected to 10.0.0.2.   inetutils telnet 2.4   ·   Connected to 10.0.0.2   busybox 1.35
    _form("telnet", rf"^Connected to {_H}$", "connected"),
    # telnet: Unable to connect to remote host: Connection refused   inetutils telnet 2.4, netkit-telnet 0.17
    _form("telnet", rf"^telnet: Unable to connect to remote host: {_WHY}"),
    # telnet: connect to address 10.0.0.2: Connection refused   netkit-telnet 0.17 of Red Hat
    _form("telnet", rf"^telnet: connect to address {_A}: {_WHY}"),
    # telnet: can't connect to remote host (10.0.0.2): No route to host   busybox 1.35
    _form("telnet", rf"^telnet: can't connect to remote host{_IN_BRACKETS}: {_WHY}"),
    # Server lookup failure:  nope.invalid:80, Temporary failure in name resolution   inetutils telnet 2.4
    _form("telnet", rf"^Server lookup failure: +{_H}:{_P}, {_WHY}", "name-not-resolved"),
    # telnet: bad address 'nope.invalid'   busybox 1.35   ·   telnet: nope.invalid: Unknown host   netkit-telnet 0.17
    _form("telnet", rf"^telnet: bad address '{_H}'", "name-not-resolved"),
    _form(
        "telnet",
        r"^telnet: (?P<host>[^\s:]{1,253}): (?P<why>Unknown host|Name or service not known)",
        "name-not-resolved",
    ),
)
_CURL: Final = (
    # curl: (7) Failed to connect to 10.0.0.2 port 82 after 0 ms: Couldn't connect to server   curl 7.88
    # curl: (7) Failed to connect to 172.17.0.40 port 30328: Connection refused   curl 7.58 (kubernetes/website#19437)
    _form("curl", rf"^curl: \(\d{{1,2}}\) Failed to connect to \[?{_H}\]? port {_P}{_MS}: {_WHY}"),
    # curl: (7) Failed connect to 10.244.1.7:80; Connection timed out   curl 7.29 (kubernetes/kubernetes#86243)
    _form("curl", rf"^curl: \(\d{{1,2}}\) Failed connect to {_H}:{_P}; {_WHY}"),
    # curl: (28) Connection timed out after 4001 milliseconds   curl 7.88
    _form("curl", rf"^curl: \(28\) (?P<why>(?:Connection|Resolving) timed out){_MS}"),
    # curl: (28) Operation timed out after 5000 milliseconds with 0 bytes received   curl lib/progress.c: once connected
    _form("curl", r"^curl: \(28\) Operation timed out after (?P<ms>\d{1,9}) milliseconds with", "connected"),
    # curl: (6) Could not resolve host: nope.invalid   curl 7.88
    _form("curl", rf"^curl: \(6\) (?P<why>Could(?:n't| not) resolve host):? '?{_H}", "name-not-resolved"),
    # curl: (56) Recv failure: Connection reset by peer   curl 7.88; (35) during the TLS handshake
    _form("curl", r"^curl: \((?:56|35)\) (?P<why>[^\n]{0,80}Connection reset by peer)", "reset"),
    # curl: (52) Empty reply from server   curl 7.88
    _form("curl", r"^curl: \(52\) Empty reply from server", "connected"),
)
_OTHERS: Final = (
    # wget: can't connect to remote host (10.0.0.2): Connection refused   ·   wget: download timed out   busybox 1.36
    _form("wget", rf"^wget: can't connect to remote host{_IN_BRACKETS}: {_WHY}"),
    _form("wget", r"^wget: (?P<why>download timed out)$", "timed-out"),
    _form("wget", rf"^wget: bad address '{_H}'", "name-not-resolved"),
    # Connecting to db.example (db.example)|10.0.0.2|:443... failed: Connection timed out.   GNU wget 1.20
    _form("wget", rf"{_WGET}failed: {_WHY}"),
    _form("wget", rf"{_WGET}connected\.", "connected"),
    # bash: line 1: /dev/tcp/10.0.0.2/82: Connection refused   bash 5.2 (its own "bash: connect: …" stands above)
    _form("bash", rf"^[^\s:]{{1,64}}: (?:line \d{{1,6}}: )?/dev/{_L4}/(?P<host>[^\s/]{{1,253}})/{_P}: {_WHY}"),
)
FORMS: Final[tuple[Form, ...]] = (*_NC, *_TELNET, *_CURL, *_OTHERS)
#: Every line that a form matches begins with one of these or holds one of the signs.
BEGINNINGS: Final = (
    "Connection to ",
    "nc: ",
    "Ncat: ",
    "Connected to ",
    "telnet: ",
    "Server lookup failure:",
    "curl: (",
    "wget: ",
    "Connecting to ",
)
SIGNS: Final = (") open", ") : ", "/dev/tcp/", "/dev/udp/")

#: Trying 10.0.0.2...   telnet (stdout, so it may stand after the error) — "*   Trying 10.0.0.2:3306..." is curl -v
TRYING: Final = re.compile(r"^Trying (?P<address>[0-9a-fA-F.:]{2,45}?)\.\.\.")
CURL_TRYING: Final = re.compile(r"^\s*\*\s+Trying \[?(?P<address>[0-9a-fA-F.:]{2,45}?)\]?:(?P<port>\d{1,5})\.\.\.")
#: * connect to 10.0.0.2 port 82 failed: Connection refused   (curl 7.88)
#: * Immediate connect fail for 10.9.9.9: Network is unreachable   (curl 7.88)
#: * connect to 10.0.0.2 port 82 from 10.0.0.1 port 40000 failed: Connection refused   (curl 8.6 and later)
CURL_REASON: Final = re.compile(
    r"^\s*\* +(?:connect to \[?(?P<one>[0-9a-fA-F.:]{2,45}?)\]? port \d{1,5}(?: from \S{2,45} port \d{1,5})? failed|"
    r"Immediate connect fail for (?P<two>[0-9a-fA-F.:]{2,45}?)): (?P<why>[^\n]{1,100})"
)
#: * Connected to 10.0.0.2 (10.0.0.2) port 80 (#0)   curl 7.88; without "(#0)" since 8.4
CURL_CONNECTED: Final = re.compile(
    r"^\s*\* Connected to (?P<host>\S{1,253}) \((?P<address>[0-9a-fA-F.:]{2,45})\) port (?P<port>\d{1,5})"
)
#: < HTTP/1.1 200 OK   ·   HTTP/1.1 200 OK (curl -i, -I)
HTTP_STATUS: Final = re.compile(r"^(?:< )?HTTP/\d(?:\.\d)? (?P<status>\d{3})\b")
