"""Tables of `kubectl get` and `kubectl top` (any columns and kinds, `get all`, several tables in one document).

Seen: kubectl 1.9 to 1.34; oc 3 and 4. See ingest/kubectl/rows.py for what a cell states.
"""

from __future__ import annotations

from kwhy.ingest.kubectl.recognise import looks_like_table
from kwhy.ingest.kubectl.text import parse
from kwhy.model.parsing import Format

FORMAT = Format("kubectl-table", looks_like_table, parse)
