"""The newest moment that the evidence states."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from kwhy.facts.logs import LogFile
from kwhy.facts.objects import Condition, Event
from kwhy.model.time import Moment

if TYPE_CHECKING:
    from kwhy.scene.scene import Scene


#: Zones lie at least a quarter of an hour apart (seconds).
ZONE_STEP = 900.0


def parse_timestamp(text: object) -> float | None:
    """Epoch seconds of an RFC 3339 timestamp, None for anything else."""
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


def newest_moment(scene: Scene) -> float | None:
    """Over document captures, events, heartbeats and dated logs; None where nothing is dated."""
    found: list[float] = [d.captured.latest for d in scene.documents if d.captured.latest is not None]
    found += [e.last.latest for e in scene.facts(Event) if e.last.latest is not None]
    for node in scene.structs("Node"):
        for condition in _conditions(node):
            found += [t for t in (parse_timestamp(condition.last_heartbeat_time),) if t is not None]
    for pod in scene.structs("Pod"):
        # The transition of a pod's condition is the cheapest dated thing that every served pod has.
        for condition in _conditions(pod)[:1]:
            found += [t for t in (parse_timestamp(condition.last_transition_time),) if t is not None]
    for lease in scene.structs("Lease"):
        found += [t for t in (parse_timestamp(getattr(getattr(lease, "spec", None), "renew_time", None)),) if t]
    logged = [log.last for log in scene.facts(LogFile)]
    found += [last.latest for last in logged if last.latest is not None and _precise(last)]
    if not found:  # a time without its zone is better than none
        found = [last.latest for last in logged if last.latest is not None]
    return max(found, default=None)


def _precise(moment: Moment) -> bool:
    """Whether year and zone are known: an upper bound alone may lie half a day ahead."""
    return moment.earliest is not None and moment.latest is not None and moment.latest - moment.earliest < ZONE_STEP


def _conditions(struct: object) -> list[Condition]:
    conditions = getattr(getattr(struct, "status", None), "conditions", None)
    return conditions if isinstance(conditions, list) else []
