"""Events as text: `kubectl get events`, `kubectl events`, and "Events:" blocks without their object.

Seen: kubectl 1.9 to 1.34. See ingest/kubectl/events.py.
"""

from __future__ import annotations

from kwhy.ingest.kubectl.recognise import looks_like_events
from kwhy.ingest.kubectl.text import parse
from kwhy.model.parsing import Format

FORMAT = Format("kubectl-events", looks_like_events, parse)
