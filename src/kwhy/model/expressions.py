"""Regular expressions that are compiled when they are first used.

Most of the hundreds of expressions that kwhy knows belong to formats and programs that a given piece of evidence does
not show; compiling them all would take longer than a small diagnosis.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, AnyStr, cast


def expression(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """``re.compile(pattern, flags)``, put off until one of its methods is asked for."""
    return cast("re.Pattern[AnyStr]", _Uncompiled(pattern, flags))


class _Uncompiled:
    """Stands for the compiled expression; each of its methods is looked up there once and kept."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self._written = pattern, flags

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            if name.startswith("_"):
                raise AttributeError(name)
            found = getattr(re.compile(*self._written), name)
            self.__dict__[name] = found
            return found

    def __repr__(self) -> str:
        return f"expression({self._written[0]!r})"
