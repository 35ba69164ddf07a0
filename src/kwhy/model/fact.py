"""The one thing all facts share: a place."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from kwhy.model.document import Locator


@runtime_checkable
class Fact(Protocol):
    """A typed, frozen record parsed from a document (``msgspec.Struct(frozen=True, gc=False)``)."""

    @property
    def at(self) -> Locator: ...
