"""The state of systemd units, and whether systemd answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from kwhy.model.document import Locator
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class UnitState(msgspec.Struct, frozen=True, gc=False):
    """One unit as systemctl shows it; "" and None stand for what was not shown.

    ``name`` has its suffix ("kubelet.service"). ``load``: loaded, not-found, masked, error. ``active``: active,
    activating, inactive, failed … ``sub``: running, dead, auto-restart … ``result``: success, exit-code, signal,
    timeout, start-limit-hit, oom-kill … ``exit_code`` and ``signal`` are of the last main process, ``main_pid`` only
    of a living one. ``restarts`` counts automatic restarts. ``since`` bounds the last change of ``active``.
    """

    name: str
    at: Locator
    load: str = ""
    active: str = ""
    sub: str = ""
    result: str = ""
    enabled: str = ""
    since: Moment = UNKNOWN_MOMENT
    main_pid: int | None = None
    exit_code: int | None = None
    signal: str = ""
    restarts: int | None = None
    observed: Moment = UNKNOWN_MOMENT

    @property
    def running(self) -> bool:
        return self.active in ("active", "reloading")


class UnitListing(msgspec.Struct, frozen=True, gc=False):
    """The document lists every unit that is loaded; ``failed_only``: every unit that has failed.

    ``kind`` is the only kind of unit listed ("service"), "" where all kinds are.
    """

    failed_only: bool
    count: int
    at: Locator
    kind: str = ""
    observed: Moment = UNKNOWN_MOMENT


class SystemdAnswer(msgspec.Struct, frozen=True, gc=False):
    """systemctl could not ask systemd: ``text`` is its message ("Failed to connect to bus: …")."""

    outcome: Literal["error", "timed out", "interrupted"]
    text: str
    at: Locator
    observed: Moment = UNKNOWN_MOMENT
