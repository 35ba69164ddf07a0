"""Output of `kubectl drain`. Seen: kubectl 1.14 to 1.34. See ingest/kubectl/drain.py."""

from __future__ import annotations

from kwhy.ingest.kubectl.recognise import looks_like_drain
from kwhy.ingest.kubectl.text import parse
from kwhy.model.parsing import Format

FORMAT = Format("kubectl-drain", looks_like_drain, parse)
