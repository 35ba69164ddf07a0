"""The answer of `kwhy trace`: what becomes of a packet, by which ways, and what decided at each step."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kwhy.model.document import Locator

#: "left": the packet leaves everything that the evidence shows.
TraceVerdict: TypeAlias = Literal["delivered", "dropped", "refused", "left", "unknown"]
EndKind: TypeAlias = Literal["pod", "node", "service", "address", "host"]


class TraceEnd(msgspec.Struct, frozen=True):
    """`pod:NS/NAME`, `node:NAME`, `svc:NS/NAME`, `ip:ADDRESS` or `host:NAME`, with ``:PORT`` where one is given.

    ``port`` is a number, or the name of a Service's port; None: any.
    """

    kind: EndKind
    name: str
    namespace: str | None = None
    port: int | str | None = None

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        kind = {"service": "svc", "address": "ip"}.get(self.kind, self.kind)
        name = f"[{self.name}]" if ":" in self.name and self.port is not None else self.name
        return f"{kind}:{where}{name}" + (f":{self.port}" if self.port is not None else "")


class TraceQuestion(msgspec.Struct, frozen=True):
    """`--from A --to B[:PORT/PROTO]`."""

    source: TraceEnd
    target: TraceEnd
    protocol: Literal["tcp", "udp", "sctp", "icmp"] = "tcp"

    def __str__(self) -> str:
        return f"{self.source} → {self.target}/{self.protocol}"


class TraceStep(msgspec.Struct, frozen=True):
    """One hop. ``where`` is the node or pod; ``at`` the rule, route, setting or field that decided.

    ``stage``: sender, service, policy, route, filter, source, forwarding, neighbour, device, bridge, tunnel, receiver;
    "assumed" for what no document shows and was taken for granted.
    """

    where: str
    stage: str
    says: str
    at: Locator | None = None


class TraceNeed(msgspec.Struct, frozen=True):
    """What the answer depends on and nothing shows, and the command that would show it."""

    what: str
    command: str
    where: str


class TraceWay(msgspec.Struct, frozen=True):
    """One way that the packet may take, there and back. ``share`` is the part of new connections that takes it.

    ``verdict`` is of the whole way: a lost answer is a lost connection. ``sent`` is the packet as it is made, ``seen``
    as its receiver gets it. ``fits`` is the largest packet that passes everywhere, where the devices show it, and less
    than what the sender's device lets out.
    """

    to: str
    verdict: TraceVerdict
    why: str
    by: Locator | None = None
    share: float = 1.0
    sent: str = ""
    seen: str = ""
    there: tuple[TraceStep, ...] = ()
    back: tuple[TraceStep, ...] = ()
    depends_on: tuple[TraceNeed, ...] = ()
    fits: str = ""


class Trace(msgspec.Struct, frozen=True):
    """``says`` is the answer in one sentence. ``checks`` hold for all ways: what the objects say.

    ``not_checked`` names what the evidence does not show and the answer therefore leaves out, with commands.
    """

    question: TraceQuestion
    verdict: TraceVerdict
    says: str
    by: Locator | None = None
    checks: tuple[TraceStep, ...] = ()
    ways: tuple[TraceWay, ...] = ()
    depends_on: tuple[TraceNeed, ...] = ()
    not_checked: tuple[TraceNeed, ...] = ()
