"""`kubectl describe` of Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs.

Source: describeDeployment, describeReplicaSet, describeStatefulSet, describeDaemonSet, describeJob, describeCronJob
(k8s.io/kubectl v0.34.4 pkg/describe/describe.go). "Pods Status" counts pods by phase and is no field of the object: it
is kept as printed.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from kwhy.facts import objects as api
from kwhy.facts.objects import Maybe, ObjectMeta, ObjectReference
from kwhy.ingest.kubectl.describe_node import read_conditions
from kwhy.ingest.kubectl.describe_pod import read_template
from kwhy.ingest.kubectl.tree import Entries
from kwhy.ingest.kubectl.words import EMPTY, count_or_percent, label_list, selector, timestamp, whole, yes
from kwhy.model.expressions import expression

Marks = dict[str, int]
Printed = dict[str, str]

#: The number that the Deployment controller gives to a ReplicaSet.
REVISION = "deployment.kubernetes.io/revision"
#: "2 desired | 2 updated | 2 total | 0 available | 2 unavailable", "1 current / 1 desired", "3 desired | 3 total".
_COUNT = expression(r"(\d{1,9}) (desired|updated|total|available|unavailable|current)")
#: "1 Active (0 Ready) / 0 Succeeded / 3 Failed"; the count of ready pods since v1.24.
_JOB_PODS = expression(r"(\d{1,9}) (?:Active|Running)(?: \(\d{1,9} Ready\))? / (\d{1,9}) Succeeded / (\d{1,9}) Failed")


def _counts(entries: Entries) -> dict[str, int]:
    return {word: int(number) for number, word in _COUNT.findall(entries.value("Replicas") or "")}


def _mark(entries: Entries, lines: Marks, printed: Printed) -> None:
    for key, field in (("Replicas", "spec.replicas"), ("Selector", "spec.selector")):
        if (entry := entries.get(key)) is not None:
            lines[field] = entry.line
    if "Replicas" in entries:
        lines["status.replicas"] = lines["spec.replicas"]
    for key in (
        "Pods Status",
        "Pods Statuses",
        "OldReplicaSets",
        "NewReplicaSet",
        "StrategyType",
        "RollingUpdateStrategy",
    ):
        if (value := entries.value(key)) is not None:
            printed[key] = value
    noted = entries.get("Annotations")
    for line in noted.values if noted is not None else ():  # some annotations are not printed, so these are not all
        key, _, value = line.strip().partition(": ")
        if key == REVISION:
            printed[REVISION] = value


def _selector(entries: Entries) -> Maybe[api.LabelSelector]:
    value = entries.value("Selector")
    return UNSET if value is None else selector(value)


def _number(counts: dict[str, int], word: str) -> Maybe[int]:
    return counts.get(word, UNSET)


def _workload_spec(entries: Entries, lines: Marks, counts: dict[str, int]) -> api.WorkloadSpec:
    template = read_template(entries.get("Pod Template"), lines)
    return api.WorkloadSpec(replicas=_number(counts, "desired"), selector=_selector(entries), template=template)


def read_deployment(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.Deployment:
    _mark(entries, lines, printed)
    counts = _counts(entries)
    status = api.WorkloadStatus(
        replicas=_number(counts, "total"),
        updated_replicas=_number(counts, "updated"),
        available_replicas=_number(counts, "available"),
        unavailable_replicas=_number(counts, "unavailable"),
        conditions=read_conditions(entries.get("Conditions"), lines),
    )
    spec = msgspec.structs.replace(_workload_spec(entries, lines, counts), strategy=_strategy(entries, lines))
    return api.Deployment(metadata, spec, status)


#: "25% max unavailable, 25% max surge", "0 max unavailable, 1 max surge".
_ROLLING = expression(r"(?P<unavailable>\d{1,9}%?) max unavailable, (?P<surge>\d{1,9}%?) max surge")


def _strategy(entries: Entries, lines: Marks) -> Maybe[api.UpdateStrategy]:
    kind, rolling = entries.get("StrategyType"), entries.get("RollingUpdateStrategy")
    if kind is None:
        return UNSET
    lines["spec.strategy"] = (rolling or kind).line
    matched = _ROLLING.fullmatch(rolling.value) if rolling is not None else None
    if matched is None:
        return api.UpdateStrategy(kind.value) if kind.value == "Recreate" else UNSET
    amounts = (count_or_percent(matched["unavailable"]), count_or_percent(matched["surge"]))
    return api.UpdateStrategy(kind.value, api.RollingUpdate(*amounts))


def read_replica_set(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.ReplicaSet:
    _mark(entries, lines, printed)
    counts = _counts(entries)
    conditions = read_conditions(entries.get("Conditions"), lines)
    status = api.WorkloadStatus(replicas=_number(counts, "current"), conditions=conditions)
    return api.ReplicaSet(metadata, _workload_spec(entries, lines, counts), status)


def read_replication_controller(
    metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed
) -> api.ReplicationController:
    _mark(entries, lines, printed)
    counts, chosen = _counts(entries), entries.value("Selector")
    spec = api.ControllerSpec(
        replicas=_number(counts, "desired"),
        selector=UNSET if chosen is None else label_list(chosen),
        template=read_template(entries.get("Pod Template"), lines),
    )
    return api.ReplicationController(metadata, spec, api.WorkloadStatus(replicas=_number(counts, "current")))


def read_stateful_set(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.StatefulSet:
    _mark(entries, lines, printed)
    counts = _counts(entries)
    status = api.WorkloadStatus(replicas=_number(counts, "total"))
    return api.StatefulSet(metadata, _workload_spec(entries, lines, counts), status)


def _whole(entries: Entries, key: str) -> Maybe[int]:
    value = entries.value(key)
    return UNSET if value is None else whole(value)


def read_daemon_set(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.DaemonSet:
    _mark(entries, lines, printed)
    status = api.WorkloadStatus(
        desired_number_scheduled=_whole(entries, "Desired Number of Nodes Scheduled"),
        current_number_scheduled=_whole(entries, "Current Number of Nodes Scheduled"),
        number_available=_whole(entries, "Number of Nodes Scheduled with Available Pods"),
        number_misscheduled=_whole(entries, "Number of Nodes Misscheduled"),
    )
    return api.DaemonSet(metadata, _workload_spec(entries, lines, {}), status)


def read_job(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.Job:
    _mark(entries, lines, printed)
    pods = _JOB_PODS.fullmatch(entries.value("Pods Statuses") or "")
    active, succeeded, failed = (int(number) for number in pods.groups()) if pods else (UNSET, UNSET, UNSET)
    spec = api.WorkloadSpec(
        selector=_selector(entries),
        template=read_template(entries.get("Pod Template"), lines),
        suspend=yes(entries.value("Suspend") or ""),
        completions=_whole(entries, "Completions"),
        parallelism=_whole(entries, "Parallelism"),
        backoff_limit=_whole(entries, "Backoff Limit"),
        active_deadline_seconds=_seconds(entries, "Active Deadline Seconds"),
    )
    return api.Job(metadata, spec, api.WorkloadStatus(active=active, succeeded=succeeded, failed=failed))


def _seconds(entries: Entries, key: str) -> Maybe[int]:
    """ "20s": kubectl adds the unit to some of its seconds. None where it prints "<unset>"."""
    value = entries.value(key)
    return UNSET if value is None else whole(value.removesuffix("s"))


_CRON_JOB_LINES = (
    ("Schedule", "spec.schedule"),
    ("Concurrency Policy", "spec.concurrencyPolicy"),
    ("Suspend", "spec.suspend"),
    ("Starting Deadline Seconds", "spec.startingDeadlineSeconds"),
    ("Time Zone", "spec.timeZone"),
    ("Last Schedule Time", "status.lastScheduleTime"),
    ("Active Jobs", "status.active"),
)


def read_cron_job(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.CronJob:
    for key, field in _CRON_JOB_LINES:
        if (entry := entries.get(key)) is not None:
            lines[field] = entry.line
    last, active, zone = entries.value("Last Schedule Time"), entries.value("Active Jobs"), entries.value("Time Zone")
    references = [] if active in EMPTY else [ObjectReference("Job", name=n.strip()) for n in (active or "").split(",")]
    spec = api.CronJobSpec(
        schedule=entries.value("Schedule") or UNSET,
        time_zone=UNSET if zone is None else None if zone in EMPTY else zone,
        concurrency_policy=entries.value("Concurrency Policy") or UNSET,
        suspend=yes(entries.value("Suspend") or ""),
        starting_deadline_seconds=_seconds(entries, "Starting Deadline Seconds"),
    )
    return api.CronJob(
        metadata,
        spec,
        api.CronJobStatus(
            active=UNSET if active is None else references,
            last_schedule_time=UNSET if last is None else timestamp(last),
        ),
    )
