"""What kubectl says in sentences and short lists: `kubectl rollout status|history`, `auth can-i`, `version`,
`cluster-info`, `api-resources`, `api-versions`.

Seen: kubectl 1.18 to 1.34. See ingest/kubectl/said.py.
"""

from __future__ import annotations

from kwhy.ingest.kubectl.command import parse_command
from kwhy.ingest.kubectl.said import parse, reads_as_said
from kwhy.model.parsing import Format, Head


def _recognise(head: Head) -> float:
    return reads_as_said(head.whole_lines, parse_command(head.command))


FORMAT = Format("kubectl-said", _recognise, parse)
