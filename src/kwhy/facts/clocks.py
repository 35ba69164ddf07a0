"""What a host's time service says of its clock.

Sources: chrony 3.x and 4.x client.c and reference.c, ntp 4.2 ntpq, systemd v219 to v257 timedatectl.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from kwhy.model.document import Locator
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class ClockOffset(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How far a host's clock is from a reference. ``seconds`` is positive where the clock is ahead of it.

    ``reference`` names the server, "" where none is named. ``when`` is what the reference's clock said, if printed.
    """

    at: Locator
    seconds: float
    by: Literal["chronyc tracking", "chronyc sources", "chronyd", "ntpq"]
    reference: str = ""
    when: Moment = UNKNOWN_MOMENT


class ClockState(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Whether a host's clock is kept by a time service; None where the document does not say.

    ``clock`` is the clock's own time (UTC), ``zone`` the time zone that the host shows.
    """

    at: Locator
    synchronised: bool | None
    service: bool | None = None
    clock: Moment = UNKNOWN_MOMENT
    zone: str | None = None
