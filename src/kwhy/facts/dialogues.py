"""What applications say to each other in captures: questions with the wait for their answers, names, TLS hellos.

Texts hold no values: literals of SQL, query strings and keys are left out, as they may be secrets.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kwhy.facts.packets import Packet
from kwhy.model.document import Locator

Language: TypeAlias = Literal["http", "tls", "mysql", "postgresql", "redis"]
LANGUAGE_NAMES: dict[Language, str] = {
    "http": "HTTP",
    "tls": "TLS",
    "mysql": "MySQL",
    "postgresql": "PostgreSQL",
    "redis": "Redis",
}


class Exchange(msgspec.Struct, frozen=True, gc=False):
    """One question and the beginning of its answer.

    ``wait``: seconds from the question's last packet to the answer's first. ``patient``: the question itself asks the
    server to wait (BLPOP, a watch, a long poll). ``question`` and ``answer`` are "" where the capture does not hold
    them.
    """

    question: str
    answer: str
    wait: float
    patient: bool
    asked: Packet
    answered: Packet


class Dialogue(msgspec.Struct, frozen=True, gc=False):
    """What was said over one TCP connection (``a`` called ``b``).

    ``questions`` counts the turns in which ``b`` answered; ``waited`` is the sum of their waits, round trips included;
    ``slowest`` are those with the longest waits, in order of time. ``paused`` is how long ``a`` was silent between an
    answer and its next question. ``round_trip`` is that of the handshake; None where not seen. ``acknowledged`` is the
    shortest time from a question to a packet of ``b`` that comes before the answer; it bounds the round trip from above
    (None: no such packet among the slowest). ``server_name`` is what
    the caller names (Host, SNI). ``certificates`` are subjects of the certificates that ``b`` sent. ``alert`` is the
    first TLS alert, with its packet. ``open_question``: the last thing said is a question, and nothing answers it for
    ``open_for`` seconds, to the connection's last packet. ``lasted``: seconds from first to last packet.
    """

    language: Language
    interface: str | None
    a: str
    a_port: int
    b: str
    b_port: int
    questions: int
    waited: float
    paused: float
    lasted: float
    round_trip: float | None
    begin: Packet
    slowest: tuple[Exchange, ...] = ()
    server_name: str | None = None
    certificates: tuple[str, ...] = ()
    alert: str | None = None
    alerted: Packet | None = None
    open_question: Packet | None = None
    open_for: float = 0.0
    acknowledged: float | None = None

    @property
    def at(self) -> Locator:
        return self.begin.at

    @property
    def at_server(self) -> float:
        """Seconds waited for answers beyond the round trips that they need."""
        return max(0.0, self.waited - self.questions * (self.round_trip or 0.0))


class NameQuestion(msgspec.Struct, frozen=True, gc=False):
    """Equal DNS questions of one client to one server, and the answer that they got.

    ``code`` is the response code in words ("NOERROR", "NXDOMAIN", "SERVFAIL"), None where nothing was answered.
    ``addresses`` and ``aliases`` are those of the answer section. ``authoritative``: the server answers for its own
    zone (AA). ``longest`` is the longest wait in seconds; None where undated. ``first`` is the first question,
    ``answered`` the first answer.
    """

    interface: str | None
    client: str
    server: str
    name: str
    type: str
    code: str | None
    addresses: tuple[str, ...]
    aliases: tuple[str, ...]
    authoritative: bool
    count: int
    longest: float | None
    first: Packet
    answered: Packet | None = None

    @property
    def at(self) -> Locator:
        return (self.answered or self.first).at
