"""How much a source may unpack to. Evidence comes from strangers: a limit is met with one clear line, not a crash."""

from __future__ import annotations

import msgspec

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30


class Limits(msgspec.Struct, frozen=True):
    """Bounds for one run over all sources. The defaults let real bundles through (the largest seen unpack to 40 GiB in
    200 000 files at 30:1) and stop bombs early.

    ``ratio`` counts only once ``ratio_floor`` bytes were unpacked: short repetitive logs compress by any factor.
    """

    total_bytes: int = 64 * GIBIBYTE
    member_bytes: int = 16 * GIBIBYTE
    members: int = 500_000
    ratio: int = 400
    ratio_floor: int = 256 * MEBIBYTE
    #: Archives inside archives that are opened; deeper ones are listed as unrecognised.
    nesting: int = 1
    #: Documents inside documents (a dump inside a log message inside a session).
    document_nesting: int = 8


#: Larger contents live in a mapped file instead of memory.
MAPPED_FROM_BYTES = 8 * MEBIBYTE
#: Window of everything that reads a mapped document piece by piece.
WINDOW_BYTES = 8 * MEBIBYTE
#: Window of what only looks: it stays in the processor's cache.
SCAN_BYTES = MEBIBYTE // 2
#: Beginning of a document that the recognisers see (model.parsing.Head).
HEAD_BYTES = 64 * 1024
