"""What `kwhy inspect` shows of documents, as plain rows: reports lay them out without knowing what they are about."""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True):
    """One line of a part. ``place`` says where it stands ("kubelet.log:12"); ``below`` are lines that belong to it."""

    cells: tuple[str, ...]
    place: str = ""
    below: tuple[str, ...] = ()


class Part(msgspec.Struct, frozen=True):
    """A titled list. ``header`` names the cells, empty where each row is a sentence; ``left_out`` rows are missing."""

    title: str
    header: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    left_out: int = 0


class RouteQuestion(msgspec.Struct, frozen=True):
    """`--route-to ADDRESS` with its options: where packets to an address would go.

    ``source`` None: the kernel chooses; ``arrives_on`` None: made by the host itself.
    """

    destination: str
    source: str | None = None
    arrives_on: str | None = None
    mark: int = 0
