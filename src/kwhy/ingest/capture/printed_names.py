"""DNS messages as tcpdump prints them (print-domain.c of 4.99).

An answer does not repeat the question; it is told apart by ports and number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from kwhy.ingest.capture.printed_lines import Body
from kwhy.ingest.capture.resolution import PORT, Datagram, Message
from kwhy.model.expressions import expression

#: "2102+ A? store.objects.example. (39)", "12345+% [1au] AAAA? example.com. (52)", "7+ [b2&3=0x182] A? a.b. (30)"
_QUESTION: Final = expression(
    r"(?P<id>\d{1,5})[+%$|]{0,4}(?: \[[^\]]{1,60}\]){0,3} (?P<type>[A-Z0-9]{1,10})\? (?P<name>[^\s]{1,255}) \(\d{1,5}\)"
)
#: "2102* 1/0/0 A 100.64.249.132 (55)", "61754 Refused 0/0/0 (39)", "9 NXDomain* 0/1/0 (97)",
#: "7 q: A? a.example. 2/0/0 a.example. CNAME b.example., b.example. [5m] A 10.0.0.1 (93)" (-v)
_ANSWER: Final = expression(
    r"(?P<id>\d{1,5})(?: (?P<code>FormErr|ServFail|NXDomain|NotImp|Refused|NotAuth))?(?P<flags>[*|$-]{0,4})"
    r"(?: \[[^\]]{1,60}\]){0,3}(?: q: [A-Z0-9]{1,10}\? \S{1,255})? "
    r"(?P<count>\d{1,3})/\d{1,3}/\d{1,3}(?P<records> .{0,1500})?$"
)
#: " A 10.0.0.1", " AAAA fd00::1", " CNAME b.example.", after a comma, a name or a TTL
_RECORD: Final = expression(r"(?:^|[ ,])(?P<type>A|AAAA|CNAME) (?P<value>[^\s,]{1,255})")
_CODES: Final = {
    "FormErr": "FORMERR", "ServFail": "SERVFAIL", "NXDomain": "NXDOMAIN", "NotImp": "NOTIMP", "Refused": "REFUSED",
    "NotAuth": "NOTAUTH",
}  # fmt: skip
#: Questions that wait for their answer at one time.
_MOST_PENDING: Final = 100_000

_Asked = tuple[str | None, str, int, str, int]


@dataclass(eq=False)
class Names:
    """The messages of a printed capture in order, answers with the names that were asked for."""

    messages: list[tuple[Datagram, Message]] = field(default_factory=list)
    pending: dict[_Asked, tuple[str, str]] = field(default_factory=dict)

    def take(self, number: int, interface: str | None, body: Body) -> None:
        """The packet ``number``, if it is a message about a name; what else is on port 53 is left alone."""
        source, destination = body.source, body.destination
        if destination.port == PORT and (asked := _QUESTION.match(body.rest)):
            name, ident = asked["name"].rstrip(".").lower() or ".", int(asked["id"])
            if len(self.pending) >= _MOST_PENDING:
                self.pending.clear()
            self.pending[interface, source.address, source.port, destination.address, ident] = (name, asked["type"])
            message = Message(ident, False, False, "NOERROR", name, asked["type"], (), (), False)
        elif source.port == PORT and (said := _ANSWER.match(body.rest)):
            ident = int(said["id"])
            key = (interface, destination.address, destination.port, source.address, ident)
            known = self.pending.get(key)
            if known is None:
                return
            message = _answer(ident, *known, said["code"], said["flags"], said["records"] or "")
        else:
            return
        self.messages.append((Datagram(number, 0, interface, *source, *destination, ident.to_bytes(4, "big")), message))


def _answer(ident: int, name: str, kind: str, code: str | None, flags: str, records: str) -> Message:
    found = [(record["type"], record["value"]) for record in _RECORD.finditer(records)]
    addresses = tuple(sorted(value for type_, value in found if type_ != "CNAME" and _is_address(value)))
    aliases = tuple(value.rstrip(".").lower() for type_, value in found if type_ == "CNAME")
    return Message(ident, True, "*" in flags, _CODES.get(code or "", "NOERROR"), name, kind, addresses, aliases, False)


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True
