"""Whom a command that connects or pings is asked to reach."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from kwhy.ingest.invocation import Invocation, invocation
from kwhy.model.expressions import expression

#: Options that take the following word: OpenBSD nc(1) 1.219, ncat(1) 7.93, busybox nc, telnet(1), curl(1) 8, ping(8).
_VALUES: Final[dict[str, frozenset[str]]] = {
    "nc": frozenset("-w -i -p -s -q -I -O -T -X -x -P -V -M -m -W -e -c -o -G --source --wait".split()),  # noqa: SIM905
    "telnet": frozenset(("-b", "-e", "-l", "-n", "-S", "-X", "-k")),
    "ping": frozenset("-c -i -I -s -W -w -t -m -M -p -Q -S -T -l -F -B -N -A".split()),  # noqa: SIM905
    "curl": frozenset(
        "-m --max-time --connect-timeout -H --header -X --request -d --data --data-raw --data-binary -o --output -u "  # noqa: SIM905
        "--user -A --user-agent -e --referer -b --cookie -c --cookie-jar -w --write-out -x --proxy --resolve "
        "--cacert --cert --key -E --interface --retry --unix-socket -T -F --form --connect-to --noproxy -U -K -r -y -Y "
        "--retry-delay --limit-rate --max-redirs --ciphers -C -D --dump-header --url".split()
    ),
    "wget": frozenset(("-T", "--timeout", "-O", "-t", "--tries", "-o", "-P", "-U", "--header", "-Y")),
}
_PORTS: Final = {"http": 80, "https": 443, "ftp": 21}
_DEV: Final = expression(r"/dev/(?P<protocol>tcp|udp)/(?P<host>[^\s/'\"]{1,253})/(?P<port>\d{1,5})")


_LETTERS: Final = expression(r"^-[A-Za-z]{2,10}$")
#: nc's option -u, alone or among others
_UDP: Final = expression(r"^-[A-Za-z]{0,8}u[A-Za-z]{0,8}$|^--udp$")


class Target(msgspec.Struct, frozen=True):
    host: str
    port: int | None
    protocol: Literal["tcp", "udp"] = "tcp"


def target_of(command: str | None) -> Target | None:
    """Host and port that a connecting command is told; None where it is no such command."""
    dev = _DEV.search(command or "")
    if dev:
        return Target(dev["host"], _port(dev["port"]), "udp" if dev["protocol"] == "udp" else "tcp")
    ran = invocation(command)
    if ran is None:
        return None
    program = {"netcat": "nc", "ncat": "nc"}.get(ran.program, ran.program)
    if program in ("curl", "wget"):
        return _url(_operands(ran, _VALUES[program]))
    if program in ("nc", "telnet"):
        operands = _operands(ran, _VALUES[program])
        udp = program == "nc" and any(
            word.startswith("-") and not word.startswith("--") and "u" in word for word in ran.arguments
        )
        return _host_and_port(operands, "udp" if udp else "tcp", 23 if program == "telnet" else None)
    return None


def ping_target(ran: Invocation) -> str | None:
    operands = _operands(ran, _VALUES["ping"])
    return operands[-1] if operands else None


def _operands(ran: Invocation, takes_value: frozenset[str]) -> list[str]:
    operands: list[str] = []
    words = iter(ran.arguments)
    for word in words:
        if word in takes_value:
            value = next(words, "")
            if word == "--url":
                operands.append(value)
        elif _joined(word, takes_value):
            next(words, "")
        elif not word.startswith("-"):
            operands.append(word)
    return operands


def _joined(word: str, takes_value: frozenset[str]) -> bool:
    """`-vzw 3`: several letters, the last of which takes a value."""
    return (
        word[:1] == "-" and word[1:2] != "-" and len(word) > 2 and word[1:].isalpha() and f"-{word[-1]}" in takes_value
    )


def _host_and_port(operands: list[str], protocol: Literal["tcp", "udp"], default: int | None) -> Target | None:
    if not operands:
        return None
    return Target(operands[0].strip("[]"), _port(operands[1]) if len(operands) > 1 else default, protocol)


def _url(operands: list[str]) -> Target | None:
    if not operands:
        return None
    text = operands[0] if "://" in operands[0] else f"http://{operands[0]}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return Target(host, port or _PORTS.get(parts.scheme)) if host else None


def _port(text: str) -> int | None:
    return int(text) if text.isdigit() and len(text) < 6 and int(text) < 65536 else None
