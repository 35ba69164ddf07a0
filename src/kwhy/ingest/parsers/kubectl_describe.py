"""`kubectl describe` of any kind: whole, several objects, or parts of it as people paste them.

Seen: kubectl 1.9 to 1.34. See ingest/kubectl/describe.py and ingest/kubectl/scraps.py.
"""

from __future__ import annotations

from kwhy.ingest.kubectl.recognise import looks_like_describe
from kwhy.ingest.kubectl.text import parse
from kwhy.model.parsing import Format

FORMAT = Format("kubectl-describe", looks_like_describe, parse)
