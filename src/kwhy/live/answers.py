"""What the API server answers to one request: contents, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, Protocol, TypeAlias

import msgspec

#: The form of answers: objects as they are.
JSON: Final = "application/json"


class Why(Enum):
    """The kinds of failure that the reader treats differently."""

    FORBIDDEN = "the account lacks the permission"
    UNAUTHENTICATED = "the credentials were refused"
    NOT_SERVED = "the server does not know the path"
    EXPIRED = "the list's continuation has expired"
    UNREACHABLE = "the server cannot be reached any more"
    OTHER = "anything else"


class Contents(msgspec.Struct, frozen=True):
    """The body of an answer, unpacked."""

    body: bytes


class Failure(msgspec.Struct, frozen=True):
    """Why a request gave nothing, as a plain sentence: the server's own where it said one."""

    why: Why
    says: str


Answer: TypeAlias = Contents | Failure


class Api(Protocol):
    """An API server that can be read, and nothing else."""

    def get(self, path: str, query: Mapping[str, str], *, accept: str = JSON, of_node: bool = False) -> Answer:
        """The answer to GET ``path`` (no leading slash) in the form ``accept``.

        ``of_node``: the server asks a node for it. Then the wait is short, nothing is tried again, and silence says
        nothing about the server.
        """
        ...

    def give_up(self, says: str) -> None:
        """Send nothing more: every further request fails with this reason."""
        ...

    @property
    def clock(self) -> str:
        """The server's own time of its latest answer, RFC 3339; "" before the first."""
        ...


class Status(msgspec.Struct, frozen=True):
    """metav1.Status: how the API server says what went wrong."""

    message: str = ""
    reason: str = ""


_STATUS = msgspec.json.Decoder(Status)
#: Longer explanations are pages of a proxy or a load balancer.
_LONGEST = 500


def failure(status: int, body: bytes) -> Failure:
    """What an answer other than 200 means."""
    try:
        stated = _STATUS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        stated = Status()
    says = " ".join(stated.message.split())[:_LONGEST] or f"the server answered {status}"
    why = {401: Why.UNAUTHENTICATED, 403: Why.FORBIDDEN, 404: Why.NOT_SERVED, 410: Why.EXPIRED}.get(status, Why.OTHER)
    return Failure(why, says)
