"""What `kwhy collect` says about its own reading of a cluster: `kwhy-collection.json`, schema kwhy/collection/v1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.collection import Collection, NotRead
from kwhy.ingest.api.events import moment_of
from kwhy.ingest.manifest import Manifest
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: {"schema": "kwhy/collection/v1", …
_FIRST_FIELD: Final = expression(r'\s*\{\s*"schema"\s*:\s*"kwhy/collection/v1"')
_MANIFEST: Final = msgspec.json.Decoder(Manifest)


def recognise(head: Head) -> float:
    return 1.0 if _FIRST_FIELD.match(head.text) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    try:
        manifest = _MANIFEST.decode(bytes(document.data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Unparsed(document.at(line=document.first_line), f"the account of a collection was expected: {error}")
        return
    yield Collection(
        document.at(path="finished", excerpt=manifest.finished),
        moment_of(manifest.finished),
        manifest.server_version,
        manifest.narrowed,
        manifest.logs_left_out,
    )
    for index, refusal in enumerate(manifest.not_read):
        place = document.at(path=f"not_read[{index}]", excerpt=refusal.why)
        yield NotRead(place, **msgspec.structs.asdict(refusal))


FORMAT: Final = Format("kwhy-collection", recognise, parse)
