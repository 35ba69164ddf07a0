"""How a live cluster is named among the sources, and what may be asked of its reading."""

from __future__ import annotations

from typing import Final

import msgspec

CLUSTER: Final = "cluster"
#: Seconds for all requests together.
MOST_SECONDS: Final = 300.0


class LiveOptions(msgspec.Struct, frozen=True):
    """``namespaces`` to read; empty: all, or the context's own where the account may not list all of them."""

    namespaces: tuple[str, ...] = ()
    seconds: float = MOST_SECONDS


def is_cluster(source: str) -> bool:
    """Whether a SOURCE is a live cluster, not a file: "cluster", "cluster:CONTEXT"."""
    return source == CLUSTER or source.startswith(f"{CLUSTER}:")


def context_of(source: str) -> str | None:
    """The kubeconfig's context that a SOURCE names; None for the current one."""
    return source.partition(":")[2] or None
