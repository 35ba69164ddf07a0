"""Prompts of shells, and what they say: the host, the directory, and how sure it is that they are prompts.

Each style has an example beside it and the shell that prints it by default (or the theme that does).
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

import msgspec

from kwhy.ingest.session.programs import PROSE
from kwhy.ingest.session.words import is_command, reads_as_command
from kwhy.model.expressions import expression

#: A line longer than this is no prompt line (pasted one-liners stay below it).
MAX_PROMPT_LINE: Final = 4000


class Sureness(IntEnum):
    """How much a line must read as a command besides."""

    AMBIGUOUS = 1  # "# …", "$ …", "> …": also comments, variables, quotes
    LIKELY = 2  # "~ …", "/ # …", "n1:~ # …"
    CERTAIN = 3  # "[root@n1 ~]# …", "root@n1:/# …"


class Prompt(msgspec.Struct, frozen=True):
    """A prompt line. ``command`` is what was typed behind it ("" for nothing); ``host`` what the prompt says.

    ``style`` names the pattern; lines of one session share few. ``start`` is where the prompt begins in its line
    (output without a line end stands before it).
    """

    command: str
    host: str | None
    style: str
    sureness: Sureness
    start: int = 0


_HOST = r"(?P<host>[A-Za-z0-9](?:[\w.-]{0,252}))"
_USER = r"[\w.$-]{1,64}"
_CLOCK = r"(?:[\[(]?\d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?[\])]? ?)?"
_PYTHON = r"(?:\([\w.:/@ |⎈-]{1,80}\) ?)?"

_STYLES: Final[tuple[tuple[str, Sureness, re.Pattern[str]], ...]] = tuple(
    (name, sureness, expression(pattern))
    for name, sureness, pattern in (
        # Every 2.0s: kubectl get pods      n1: Mon Nov 22 02:19:49 2026      watch(1)
        (
            "watch",
            Sureness.CERTAIN,
            rf"Every \d{{1,6}}(?:[.,]\d)?s: (?P<command>\S.*?)"
            rf"(?: {{2,}}{_HOST}: [A-Z][a-z]{{2}} .{{0,40}}| {{2,}}.{{0,60}})?$",
        ),
        # [root@n1 ~]# kubectl get node        bash on Red Hat, /etc/bashrc
        (
            "bracket",
            Sureness.CERTAIN,
            rf"{_CLOCK}{_PYTHON}\[{_CLOCK}{_USER}@{_HOST}[ :][^\]\n]{{0,256}}\] ?[#$%]"
            r"(?: (?P<command>.*)|(?P<tight>\w.*))?$",
        ),
        # root@node-a:/# ps aux                bash on Debian, /etc/bash.bashrc
        (
            "colon",
            Sureness.CERTAIN,
            rf"{_CLOCK}{_PYTHON}{_USER}@{_HOST}:[~/][^\s#$]{{0,256}} ?[#$](?: (?P<command>.*))?$",
        ),
        # user@n1 ~/src % kubectl get po       zsh on macOS;  user@n1 ~> ls   fish;  root@n1 ~ # gentoo
        (
            "spaced",
            Sureness.CERTAIN,
            rf"(?:\[[INRV]\] )?{_CLOCK}{_PYTHON}{_USER}@{_HOST} [~/][^\s#$%>]{{0,256}} ?[#$%>](?: (?P<command>.*))?$",
        ),
        # sh-4.2$ ls    bash-5.1# ip a         sh and bash without profile
        ("shell", Sureness.CERTAIN, r"(?:sh|bash)-\d\.\d[#$](?: (?P<command>.*))?$"),
        # PS C:\Users\me> kubectl get pods     PowerShell;  PS /home/me> …
        ("powershell", Sureness.CERTAIN, r"PS(?: [A-Za-z]:\\[^>\n]{0,256}| [/~][^>\n]{0,256})?> ?(?P<command>.*)$"),
        # C:\Users\me>kubectl get pods         cmd.exe
        ("cmd", Sureness.CERTAIN, r"[A-Z]:\\[^>\n]{0,256}>(?P<command>.*)$"),
        # ➜  ~ kg svc    ➜  app git:(main) ✗ kubectl get po      oh-my-zsh, robbyrussell
        (
            "robbyrussell",
            Sureness.CERTAIN,
            r"➜ {1,2}\S{1,256}(?: git:\([^)\n]{1,256}\))?(?: ✗)?(?: +(?P<command>.*))?$",
        ),
        # ❯ kubectl get pods    ~/src ❯ …      pure, starship;  λ …  » …  ▶ …
        ("arrow", Sureness.CERTAIN, r"(?:[~/]?\S{0,128} )?[❯λ»▶➤](?: +(?P<command>.*))?$"),
        # ╰─$ kubectl get pods    └─# ip a     bira, Kali
        ("corner", Sureness.CERTAIN, r"[╰└]─+[>$#❯➤○]?(?: *(?P<command>.*))?$"),
        # / # nslookup consul    ~ $ ls    /app # cat x          busybox ash
        ("ash", Sureness.LIKELY, r"(?:/[\w./-]{0,128}|~[\w./-]{0,128}) [#$](?: (?P<command>.*))?$"),
        # n1:~ # zypper    n1:/var # ls    n1# ip a              SUSE, tcsh
        ("host", Sureness.LIKELY, rf"{_HOST}(?::[~/][^\s#$]{{0,128}} ?)?[#$](?: (?P<command>.*))?$"),
        # ~ kg svc consul-web                  zsh themes that print the directory only
        ("directory", Sureness.LIKELY, r"~(?:/[\w./-]{0,128})? (?P<command>[^ #$].*)$"),
        # + kubectl get pods    ++ date        bash -x
        ("trace", Sureness.AMBIGUOUS, r"\+{1,4} (?P<command>\S.*)$"),
        ("bare", Sureness.AMBIGUOUS, r"[$%] (?P<command>\S.*)$"),
        ("root", Sureness.AMBIGUOUS, r"# (?P<command>\S.*)$"),
        ("angle", Sureness.AMBIGUOUS, r"> (?P<command>\S.*)$"),
        # $kubectl get pods    #kubectl get nodes              retyped without the blank
        ("tight", Sureness.AMBIGUOUS, r"[$#%>](?P<command>(?:sudo )?(?:kubectl|oc) \S.*)$"),
        # 1. kubectl get pods    执行命令：kubectl get nodes    `kubectl get svc`    **kubectl get po**     in a report
        (
            "label",
            Sureness.AMBIGUOUS,
            r"(?:\d{1,2} {0,2}[.)、:] ?|\d{1,2} {2}|[-*] |[^\s:：]{1,20}[:：] ?)?(?P<mark>[`*]{0,2})"
            r"(?P<command>(?:sudo )?(?:kubectl|oc) \S.*?)(?P=mark)$",
        ),
    )
)
#: {"a":1}[root@n1 ~]# ls : output that ended without a line end
_GLUED: Final = expression(rf"(?<=[^\s#])\[{_USER}@{_HOST} [^\]\n]{{1,128}}\][#$] (?P<command>\S.*)$")
#: What every prompt has: its sign with a space or nothing behind it, or a telling beginning. Most lines have neither.
_HINT: Final = expression(r"[#$%>❯λ»▶➤](?: |$)|^(?:➜|╰|└|~|\+|PS|[A-Z]:\\|Every \d)|\]#")
#: With what a command begins; "#0 [ffff880826267a40] __schedule" is a frame of crash(8), not a root prompt.
_TYPED: Final = expression(r"[\w./~\\\"'({!\[-]")


def prompt_of(line: str) -> Prompt | None:
    """The prompt that ``line`` shows; None where it does not read as one."""
    if len(line) > MAX_PROMPT_LINE or (_HINT.search(line) is None and "kubectl " not in line and "oc " not in line):
        return None
    for style, sureness, pattern in _STYLES:
        match = pattern.match(line)
        if match is None:
            continue
        command = _typed(match["command"] or match.groupdict().get("tight") or "")
        if style == "label" and (command == line or not PROSE.isdisjoint(command.split())):
            continue  # a bare command needs no prompt; a sentence is none
        if _believed(command, sureness):
            return Prompt(command, match.groupdict().get("host"), style, sureness)
    glued = _GLUED.search(line)
    if glued is not None and is_command(glued["command"]):
        return Prompt(_typed(glued["command"]), glued["host"], "bracket", Sureness.CERTAIN, glued.start())
    return None


def _typed(command: str) -> str:
    return command.strip()


def _believed(command: str, sureness: Sureness) -> bool:
    if sureness is Sureness.CERTAIN:
        return not command or _TYPED.match(command) is not None
    if not command:
        return False  # "# ", "$", "~": too little to tell; a bare prompt at the end of a session does no harm
    return reads_as_command(command)
