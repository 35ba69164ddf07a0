"""Commands that somebody copied without their prompts: "kubectl describe pod web-0", and what it printed below.

Without a prompt a line must show more: it reads as a command in every word, and it begins the text or a paragraph of it
that goes on with output. Where a text has prompts, such lines are output or prose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kwhy.ingest.session.blocks import header_kind, is_logged
from kwhy.ingest.session.programs import SUBCOMMANDS
from kwhy.ingest.session.prompts import Prompt, Sureness
from kwhy.ingest.session.prose import is_chinese_prose, is_of_kubectl, is_prose
from kwhy.ingest.session.words import program_of, reads_as_command
from kwhy.model.expressions import expression

STYLE: Final = "none"
_LONGEST: Final = 400
#: Programs whose output people paste below the command; words of ordinary text ("date", "top", "test") are not here.
_PASTED: Final = frozenset(
    {
        *("journalctl", "dmesg", "ps", "iptables-save", "ip6tables-save", "iptables", "ipset", "ipvsadm", "conntrack"),
        *("nslookup", "dig", "host", "getent", "ping", "curl", "wget", "ss", "netstat", "nc", "ncat", "traceroute"),
        *("tracepath", "mtr", "sysctl", "df", "free", "lsof", "fio", "chronyc", "stern", "cat", "uptime", "vmstat"),
        *("iostat", "lsblk", "mount"),
    }
    | (SUBCOMMANDS.keys() - {"git", "helm"})
)
#: "------------", "============": a line that only parts a command from its output.
_RULER: Final = expression(r"\s*(?P<mark>[-=*_~])(?P=mark){4,}\s*")


def is_ruler(line: str) -> bool:
    return _RULER.fullmatch(line) is not None


def bare_commands(lines: Sequence[str]) -> dict[int, Prompt]:
    """The lines that are commands without a prompt, by their index."""
    found: dict[int, Prompt] = {}
    first = True
    fresh = True  # the line begins the text or a paragraph, or stands below another command
    for index, line in enumerate(lines):
        if not line.strip() or is_ruler(line):
            fresh = True
            continue
        if fresh and _typed(line) and _printed_below(lines, index, first=first):
            found[index] = Prompt(line.strip(), None, STYLE, Sureness.AMBIGUOUS)
        else:
            fresh = False
        first = False
    return found


def _typed(line: str) -> bool:
    if len(line) > _LONGEST or not line[:1].isalpha():
        return False
    return program_of(line) in _PASTED and reads_as_command(line)


def _printed_below(lines: Sequence[str], index: int, *, first: bool) -> bool:
    """Whether what follows reads as output; nothing may follow the last command of a text."""
    below = next((line for line in lines[index + 1 :] if line.strip() and not is_ruler(line)), None)
    if below is None:
        return not first
    if is_prose(below) or is_chinese_prose(below):
        return is_of_kubectl(below)
    if first or _typed(below) or is_of_kubectl(below):
        return True
    data = below.encode()
    return header_kind(data) is not None or is_logged(data)
