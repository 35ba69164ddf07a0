"""Which file of a host a document is a copy of."""

from __future__ import annotations

from kwhy.ingest.invocation import invocation
from kwhy.model.document import Document

#: Directories of a host below which certificates lie; a bundle keeps them under its own prefix.
_ROOTS = ("etc/", "var/lib/", "opt/", "usr/local/")


def file_shown(document: Document) -> str | None:
    """The path on its host: what the command read, or what the source's own path shows. None where nothing tells."""
    ran = invocation(document.command)
    if ran is not None:
        named = [word for word in ran.arguments if "/" in word and not word.startswith("-")]
        if ran.program in ("cat", "openssl") and len(named) == 1:
            return named[0]
    for root in _ROOTS:
        before, found, rest = document.source.partition(root)
        if found and (not before or before.endswith("/")):
            return f"/{root}{rest}"
    return None
