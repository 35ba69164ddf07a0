"""Processes and threads of a host, as ps and top show them."""

from __future__ import annotations

import re

import msgspec

from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.time import UNKNOWN_MOMENT, Moment

#: TASK_COMM_LEN (include/linux/sched.h) is 16 with the closing zero: the kernel keeps 15 characters of a name.
KERNEL_NAME_LENGTH = 15

#: What is printed in place of a secret.
MASK = "***"

#: `--token=abc`, `--client-secret abc`, `-password=x`, `DB_PASSWORD=x`, `"api_key": "x"` in any command line.
_NAMED_SECRET = expression(
    r"(?P<name>(?:passw(?:or)?d|passphrase|secret|token|credentials?|api[_-]?key|access[_-]?key)"
    r"(?P<place>[_-]?(?:file|path|dir|name|id|ttl|mode|url|cert|auth|cleaner)[\w-]{0,40})?)"
    r"(?P<sign>[\"']?(?:=|: ?|\s(?=[^\s-]))[\"']?)(?P<value>[^\s\"']+)",
    re.IGNORECASE,
)
#: `mysql -psecret`, `sshpass -p secret`, `docker login -u me -p secret`
_SHORT_PASSWORD = expression(r"(?P<before>\b(?:mysql\w*|sshpass|mariadb|login)\b[^|;]{0,200}?\s-p\s?)[^\s-][^\s]*")
#: `https://user:secret@host/`
_URL_PASSWORD = expression(r"(?P<before>://[^\s/:@]{1,128}:)[^\s/@]+(?=@)")
#: `Authorization: Bearer eyJ…`, `-H "Authorization: Basic …"`
_AUTHORIZATION = expression(r"(?P<scheme>\b(?:Bearer|Basic)\s+)[^\s\"']+", re.IGNORECASE)
#: A JSON web token wherever it stands (RFC 7519: three base64url parts, the first an object, "{" + quote = "eyJ").
_JSON_WEB_TOKEN = expression(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*")


#: One of these stands, case-folded, in whatever the expressions above match; most command lines have none.
_SIGNS = ("pass", "secret", "token", "cred", "key", "bearer", "bas", "mysql", "mariadb", "login", "://", "eyj")


def masked(command: str) -> str:
    """A command line without what looks like a password, key or token."""
    folded = command.casefold()
    if not any(sign in folded for sign in _SIGNS):
        return command

    def hide(match: re.Match[str]) -> str:
        is_path = match["value"].startswith("/") and not match["name"].lower().startswith("pass")
        if match["place"] or is_path:
            return match[0]  # the name or place of a secret, not the secret
        return f"{match['name']}{match['sign']}{MASK}"

    command = _AUTHORIZATION.sub(rf"\g<scheme>{MASK}", command)
    command = _NAMED_SECRET.sub(hide, command)
    command = _SHORT_PASSWORD.sub(rf"\g<before>{MASK}", command)
    command = _URL_PASSWORD.sub(rf"\g<before>{MASK}", command)
    return _JSON_WEB_TOKEN.sub(MASK, command)


def program_of(command: str) -> str:
    """The program of a command line: base name of argv[0]; a kernel thread keeps its brackets, "[kthreadd]".

    ps writes a name in brackets for what has no command line (procps: kernel threads, zombies with "<defunct>") and
    busybox writes "{name} args" where the process renamed itself.
    """
    command = command.strip()
    if command.startswith("["):
        name, bracket, rest = command.partition("]")
        return name[1:] if "<defunct>" in rest else name + bracket
    if command.startswith("{") and "} " in command:
        return command[1 : command.index("}")]
    first = command.split(maxsplit=1)[0] if command else ""
    name = first.rstrip("/").rpartition("/")[2] if first.startswith(("/", ".")) or ":" not in first else first
    return name.removeprefix("-").rstrip(":")


def same_program(one: str, other: str) -> bool:
    """Whether two names can be one program: the kernel's name of it is cut after 15 characters."""
    one, other = one.strip("[]"), other.strip("[]")
    return one[:KERNEL_NAME_LENGTH] == other[:KERNEL_NAME_LENGTH] and (
        one == other or KERNEL_NAME_LENGTH in (len(one), len(other))
    )


class ProcessSeen(msgspec.Struct, frozen=True, gc=False):
    """One row of a process or thread list.

    ``tid`` is set in rows of threads only. ``state`` is ps's word, its first letter the kernel's state ("D", "Ssl");
    "" where no such column was printed, as for ``wchan`` ("" also for "-": not waiting). ``started`` is bounded where
    start or elapsed time can be placed in time; ``elapsed`` is seconds, where printed. ``started_printed`` keeps the
    words of the column START: with pid, they tell one process from its successor. ``command`` has its secrets masked;
    ``cut`` says that the terminal's width may have cut it.
    """

    pid: int
    at: Locator
    ppid: int | None = None
    tid: int | None = None
    user: str | None = None
    state: str = ""
    wchan: str = ""
    command: str = ""
    program: str = ""
    elapsed: float | None = None
    started: Moment = UNKNOWN_MOMENT
    started_printed: str = ""
    observed: Moment = UNKNOWN_MOMENT
    cut: bool = False

    @property
    def uninterruptible(self) -> bool:
        """State D: in the kernel, deaf to signals."""
        return self.state.startswith("D")

    @property
    def zombie(self) -> bool:
        return self.state.startswith("Z") or "<defunct>" in self.command

    @property
    def kernel_thread(self) -> bool:
        return self.program.startswith("[") or self.ppid == 2


class ProcessListing(msgspec.Struct, frozen=True, gc=False):
    """The document lists every process of its host (of its pid namespace); only then does a missing one not run.

    ``because`` says how that is known: the command, or the row of ps itself beside that of pid 1.
    """

    count: int
    because: str
    at: Locator
    observed: Moment = UNKNOWN_MOMENT


class ProcessSearch(msgspec.Struct, frozen=True, gc=False):
    """The document lists every process whose row contains ``word`` (``ps -ef | grep word``, ``pgrep word``).

    A missing program whose name contains ``word`` does not run. ``found`` counts the rows, grep's own left out.
    """

    word: str
    found: int
    at: Locator
    observed: Moment = UNKNOWN_MOMENT
