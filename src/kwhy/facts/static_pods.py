"""Manifests of static pods that are no YAML."""

from __future__ import annotations

import msgspec

from kwhy.model.document import Locator


class ManifestFault(msgspec.Struct, frozen=True, gc=False):
    """Where a manifest of a static pod stops being YAML. ``program`` is what it was to run.

    ``column`` counts from 1; ``text`` says what is wrong in words that help to find it.
    """

    program: str
    line: int
    column: int
    problem: str
    text: str
    at: Locator


class StartRefused(msgspec.Struct, frozen=True, gc=False):
    """A component printed its usage and ended. ``program`` is "" where neither usage nor file name tells."""

    program: str
    error: str
    at: Locator
