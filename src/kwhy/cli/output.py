"""Where reports and messages go: only the report to standard output, everything else to standard error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO


def write_report(text: str, path: str | None) -> None:
    """To the file, or to standard output; a reader that stops early (``| head``) is no error."""
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
        return
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered would raise again when the interpreter closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(message: str) -> None:
    sys.stderr.write(f"kwhy: {message}\n")


def coloured(stream: TextIO) -> bool:
    """Colour only on a terminal, and not where the user declined it (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Of the terminal or COLUMNS; 80 where there is neither."""
    return shutil.get_terminal_size((80, 24)).columns


def progress(quiet: bool) -> Callable[[str], None] | None:
    """One line that overwrites itself, only on a terminal."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return None

    def show(what: str) -> None:
        line = what.encode("ascii", "replace").decode() if what else ""
        sys.stderr.write(f"\r\x1b[K{line[: width() - 1]}")
        sys.stderr.flush()

    return show
