"""The file in which a reading of a live cluster says what it read and what it could not: written by `kwhy collect`."""

from __future__ import annotations

from typing import Final

import msgspec

#: The file's name inside a bundle.
MANIFEST_NAME: Final = "kwhy-collection.json"
SCHEMA: Final = "kwhy/collection/v1"


class ReadList(msgspec.Struct, frozen=True, omit_defaults=True):
    """A list that was read whole; ``document`` is the file that holds it."""

    document: str
    objects: int


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request that was refused or failed; the fields are those of :class:`kwhy.facts.collection.NotRead`."""

    verb: str
    resource: str
    group: str
    kind: str
    why: str
    namespace: str | None = None
    name: str = ""
    forbidden: bool = False
    partly: bool = False


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """``finished`` is RFC 3339 by the API server's clock; "" where it never answered with a date."""

    schema: str = ""
    kwhy: str = ""
    finished: str = ""
    server_version: str = ""
    narrowed: str = ""
    logs_left_out: int = 0
    whole: tuple[ReadList, ...] = ()
    not_read: tuple[Refusal, ...] = ()


def written(manifest: Manifest) -> bytes:
    """The file's contents."""
    stated = msgspec.structs.replace(manifest, schema=SCHEMA)
    return msgspec.json.format(msgspec.json.encode(stated), indent=1) + b"\n"
