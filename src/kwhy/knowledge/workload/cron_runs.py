"""What a CronJob was to do and did: its settings, its last run, and the runs that were due since."""

from __future__ import annotations

from datetime import tzinfo

import msgspec

from kwhy.facts.objects import Event, Node
from kwhy.knowledge.workload.cron_schedule import OFFSETS, Schedule, due_between, parse_schedule, zone_named
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.events import MergedEvent
from kwhy.scene.scene import Scene
from kwhy.scene.views import CronJobView

#: A run that is this late (seconds) does not come by itself: the controller looks at every CronJob when it is due, and
#: evidence is collected over minutes.
LATE = 600.0
#: More runs than this are not counted.
MANY = 1000


class Overdue(msgspec.Struct, frozen=True):
    """Runs that were due and did not come. ``latest`` is when the last of them was due, ``at`` where that is shown."""

    count: int
    latest: float
    last_run: str
    at: Locator


def overdue(scene: Scene, cron_job: Subject) -> Overdue | None:
    """The runs that were due since the last one, by the CronJob's schedule"""
    view = CronJobView(scene, cron_job)
    last_run = view.seen("status.lastScheduleTime", lambda c: c.status.last_schedule_time, "")
    if not view.schedule.observed or not last_run.observed:
        return None
    born = view.text("metadata.creationTimestamp", lambda c: c.metadata.creation_timestamp)
    start = parse_timestamp(last_run.value or born)
    written, now = parse_schedule(view.schedule.value), collected(scene)
    if start is None or now is None or written is None:
        return None
    counts = [_missed(written, start, now, zone) for zone in _zones(view, written, parse_timestamp(last_run.value))]
    fewest = min(counts, key=lambda missed: missed[0], default=(0, 0.0))
    if fewest[0] == 0:
        return None
    return Overdue(fewest[0], fewest[1], last_run.value, last_run.place)


def _missed(schedule: Schedule, start: float, now: float, zone: tzinfo) -> tuple[int, float]:
    count, latest = 0, 0.0
    for due in due_between(schedule, start, now - LATE, zone):
        count, latest = count + 1, due
        if count >= MANY:
            break
    return count, latest


def _zones(view: CronJobView, schedule: Schedule, last_run: float | None) -> list[tzinfo]:
    """The zones in which the schedule may be read.

    Without spec.timeZone it is that of kube-controller-manager, which nothing shows; the last run narrows it down.
    """
    name = view.text("spec.timeZone", lambda c: c.spec.time_zone)
    if name:
        zone = zone_named(name)
        return [zone] if zone is not None else []
    if last_run is None:
        return list(OFFSETS)
    fitting = [z for z in OFFSETS if any(True for _ in due_between(schedule, last_run - 1, last_run, z))]
    return fitting or list(OFFSETS)


def collected(scene: Scene) -> float | None:
    """When the API's objects were collected, at the least: logs may go on for hours after that."""
    return scene.derive_once(_newest_object)


def _newest_object(scene: Scene) -> float | None:
    found = [event.last.latest for event in scene.facts(Event) if event.last.latest is not None]
    for struct in scene.structs("Node"):
        conditions = struct.status.conditions if isinstance(struct, Node) else None
        for condition in conditions if isinstance(conditions, list) else ():
            found += [t for t in (parse_timestamp(condition.last_heartbeat_time),) if t is not None]
    for struct in scene.structs("Lease"):
        renewed = parse_timestamp(getattr(getattr(struct, "spec", None), "renew_time", None))
        found += [renewed] if renewed is not None else []
    return max(found, default=None)


def last_event(scene: Scene, cron_job: Subject, *reasons: str) -> MergedEvent | None:
    """The newest event of the CronJob with one of these reasons"""
    return next((event for event in scene.events_about(cron_job) if event.reason in reasons), None)


def active_jobs(scene: Scene, cron_job: Subject) -> list[Subject]:
    """The jobs of the CronJob that run"""
    active = CronJobView(scene, cron_job).active
    return [Subject("Job", job.name, cron_job.namespace) for job in active.value] if active.observed else []


def started_since(scene: Scene, cron_job: Subject, event: MergedEvent) -> MergedEvent | None:
    """A run that the controller created after (or with) the event; None where none is shown."""
    created = last_event(scene, cron_job, "SuccessfulCreate")
    if created is None:
        return None
    if created.last.latest is not None and event.last.latest is not None:
        return created if created.last.latest >= event.last.latest else None
    if created.age is not None and event.age is not None:
        return created if created.age <= event.age else None
    return None
