"""Whether a container that was restarted has got over it."""

from __future__ import annotations

from kwhy.facts.objects import ContainerState, ContainerStatus
from kwhy.scene.clock import parse_timestamp

#: A run that lasts so many times as long as the one before did not end the way that one ended.
FAR_LONGER = 10.0
#: Times are printed in whole seconds: no run is shorter than this.
SHORTEST_RUN = 1.0


def outlived(status: ContainerStatus, now: float | None) -> bool:
    """Whether the container is ready and runs far longer than it did before: success after failure ends a symptom."""
    if status.ready is not True or now is None:
        return False
    state, last = status.state, status.last_state
    if not isinstance(state, ContainerState) or not isinstance(last, ContainerState):
        return False
    if state.running is None or last.terminated is None:
        return False
    began = parse_timestamp(state.running.started_at)
    before = parse_timestamp(last.terminated.started_at)
    ended = parse_timestamp(last.terminated.finished_at)
    if began is None or before is None or ended is None:
        return False
    return now - began > FAR_LONGER * max(ended - before, SHORTEST_RUN)
