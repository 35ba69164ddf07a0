"""What databases log about slow statements. Values are masked: they may be secrets."""

from __future__ import annotations

import msgspec

from kwhy.model.document import Locator
from kwhy.model.time import Moment


class SlowStatement(msgspec.Struct, frozen=True, gc=False):
    """One entry of a slow log. ``ended`` is when the statement ended; times are in seconds.

    ``client`` is the address that asked, ``locked`` how long it waited for locks, ``examined`` how many rows were read
    for ``sent`` ones; None where the log does not say.
    """

    at: Locator
    statement: str
    seconds: float
    ended: Moment
    user: str | None = None
    client: str | None = None
    locked: float | None = None
    examined: int | None = None
    sent: int | None = None
