"""What the kernel of a node logged about its network, and whether it still does."""

from __future__ import annotations

from kwhy.facts.logs import LogFile, LogHit, LogPattern
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

#: What the kernel did not repeat for so long is over (seconds); it limits such messages to ten in five seconds
#: (net/core/utils.c net_ratelimit_state), so that a lasting trouble is repeated much sooner.
OVER_AFTER = 600.0


def said_of_late(scene: Scene, node: Subject, pattern: LogPattern) -> list[LogHit]:
    """Messages of the kernel that no later evidence shows to be over."""
    return [hit for hit in scene.facts_on(node, LogHit) if hit.pattern == pattern and not _over(scene, hit)]


def quoted(hit: LogHit, says: str) -> Evidence:
    """The newest of the messages."""
    return Evidence(hit.locate(hit.last), says)


def _over(scene: Scene, hit: LogHit) -> bool:
    """Whether the log went on without it, or other evidence is much younger."""
    last = hit.last
    ends = [log.last_clock for log in scene.facts(LogFile) if log.document is hit.document]
    if last.clock is not None and any(end is not None and end - last.clock > OVER_AFTER for end in ends):
        return True
    now = scene.as_of
    return now is not None and last.when.latest is not None and now - last.when.latest > OVER_AFTER
