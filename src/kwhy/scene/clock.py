"""The newest moment that the evidence states."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from kwhy.facts.collection import Collection
from kwhy.facts.event_batch import EventBatch
from kwhy.facts.logs import LogFile
from kwhy.facts.objects import Condition, Event, Pod
from kwhy.facts.packets import Capture
from kwhy.model.expressions import expression
from kwhy.model.time import Moment

if TYPE_CHECKING:
    from kwhy.scene.scene import Scene


#: 2026-11-21T21:41:48Z     metav1.Time (apimachinery v0.34 meta/v1/time.go, MarshalJSON)
_SERVED = expression(r"[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$")
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
    found += [b.newest.latest for b in scene.facts(EventBatch) if b.newest.latest is not None]
    found += [c.finished.latest for c in scene.facts(Collection) if c.finished.latest is not None]
    found += [c.last.latest for c in scene.facts(Capture) if c.last.latest is not None]
    for node in scene.structs("Node"):
        for condition in _conditions(node):
            found += [t for t in (parse_timestamp(condition.last_heartbeat_time),) if t is not None]
    # The transition of a pod's condition is the cheapest dated thing that every served pod has.
    found += _newest(
        pod.status.conditions[0].last_transition_time
        for pod in scene.structs("Pod")
        if isinstance(pod, Pod) and pod.status.conditions
    )
    for lease in scene.structs("Lease"):
        found += [t for t in (parse_timestamp(getattr(getattr(lease, "spec", None), "renew_time", None)),) if t]
    logged = [log.last for log in scene.facts(LogFile)]
    found += [last.latest for last in logged if last.latest is not None and _precise(last)]
    if not found:  # a time without its zone is better than none
        found = [last.latest for last in logged if last.latest is not None]
    return max(found, default=None)


def _newest(timestamps: Iterable[Hashable]) -> list[float]:
    """The newest of many timestamps. Those of the API server ("2026-11-21T21:41:48Z") are compared as they stand."""
    others: list[object] = []
    newest = ""
    for text in set(timestamps):
        if isinstance(text, str) and _SERVED.match(text):
            newest = max(newest, text)
        else:
            others.append(text)
    return [moment for text in (newest, *others) if (moment := parse_timestamp(text)) is not None]


def _precise(moment: Moment) -> bool:
    """Whether year and zone are known: an upper bound alone may lie half a day ahead."""
    return moment.earliest is not None and moment.latest is not None and moment.latest - moment.earliest < ZONE_STEP


def _conditions(struct: object) -> list[Condition]:
    conditions = getattr(getattr(struct, "status", None), "conditions", None)
    return conditions if isinstance(conditions, list) else []
