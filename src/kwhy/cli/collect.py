"""``kwhy collect``."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from kwhy.cli.output import complain, progress

if TYPE_CHECKING:
    from kwhy.live.options import LiveOptions


def run(options: Namespace) -> int:
    from kwhy.ingest.reading import NothingReadable
    from kwhy.live.bundle import file_name, save
    from kwhy.live.options import CLUSTER
    from kwhy.pipeline import collect

    if options.output == "-" and sys.stdout.isatty():
        complain("a bundle is no text for a terminal: name a file with -o, or redirect standard output")
        return 2
    source = f"{CLUSTER}:{options.context}" if options.context else CLUSTER
    show = progress(options.quiet)
    try:
        files = collect(source, progress=show, live=live_options(options))
    except NothingReadable as nothing:
        complain(str(nothing))
        return 2
    finally:
        if show:
            show("")
    path = options.output or file_name(files)
    try:
        size = save(files, sys.stdout.buffer if path == "-" else path)
    except OSError as error:
        complain(f"the bundle could not be written to {path}: {error.strerror}")
        return 2
    if not options.quiet:
        complain(f"{len(files)} documents, {size} bytes written to {'standard output' if path == '-' else path}")
    return 0


def live_options(options: Namespace) -> LiveOptions:
    """What the command line says about reading a live cluster."""
    from kwhy.live.options import MOST_SECONDS, LiveOptions

    return LiveOptions(tuple(dict.fromkeys(options.namespace)), options.timeout or MOST_SECONDS)
