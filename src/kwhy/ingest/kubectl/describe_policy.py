"""`kubectl describe` of quotas, disruption budgets, autoscalers, namespaces, config maps and secrets.

Source: describeQuota, describePodDisruptionBudgetV1, describeHorizontalPodAutoscalerV2, describeNamespace,
ConfigMapDescriber, describeSecret (k8s.io/kubectl v0.34.4 pkg/describe/describe.go). Of secrets only the names of keys
are read.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from kwhy.facts import objects as api
from kwhy.facts.objects import Maybe, ObjectMeta
from kwhy.ingest.kubectl.describe_node import read_conditions
from kwhy.ingest.kubectl.tree import Entries, Lines, TableRow, read_entries, read_rows
from kwhy.ingest.kubectl.words import EMPTY, count_or_percent, selector, whole
from kwhy.model.expressions import expression

Marks = dict[str, int]
Printed = dict[str, str]

_QUOTA_TITLES = ("Resource", "Used", "Hard")


def read_quota(
    metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed, text: Lines
) -> api.ResourceQuota:
    """The table "Resource  Used  Hard" stands at the depth of the keys, without a key of its own."""
    rows = quota_rows(text)
    if rows:
        lines["status.hard"] = lines["status.used"] = rows[0].line
    for row in rows:
        lines[f"status.hard.{row.get('Resource')}"] = row.line
    return quota_of(metadata, rows)


def quota_rows(text: Lines) -> list[TableRow]:
    start = next((position for position, (_, line) in enumerate(text) if line.split() == list(_QUOTA_TITLES)), None)
    return [] if start is None else [row for row in read_rows(text[start:], _QUOTA_TITLES) if row.get("Hard")]


def quota_of(metadata: ObjectMeta, rows: list[TableRow]) -> api.ResourceQuota:
    hard: dict[str, api.Quantity] = {row.get("Resource"): row.get("Hard") for row in rows}
    used: dict[str, api.Quantity] = {row.get("Resource"): row.get("Used") for row in rows}
    return api.ResourceQuota(metadata, status=api.QuotaStatus(hard or UNSET, used or UNSET))


#: describeLimitRangeSpec; v1.16 to v1.34.
_LIMIT_TITLES = (
    "Type", "Resource", "Min", "Max", "Default Request", "Default Limit", "Max Limit/Request Ratio",
)  # fmt: skip


def limit_rows(text: Lines) -> list[TableRow]:
    """The rows of a LimitRange, which stand at the depth of the keys, or of a namespace's "Resource Limits"."""
    titles = " ".join(_LIMIT_TITLES).split()
    start = next((position for position, (_, line) in enumerate(text) if line.split() == titles), None)
    return [] if start is None else read_rows(text[start:], _LIMIT_TITLES)


def read_limits(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed, text: Lines) -> api.LimitRange:
    rows = limit_rows(text)
    if rows:
        lines["spec.limits"] = rows[0].line
    return limits_of(metadata, rows)


def limits_of(metadata: ObjectMeta, rows: list[TableRow]) -> api.LimitRange:
    types = list(dict.fromkeys(row.get("Type") for row in rows))
    items = [_limits(kind, [row for row in rows if row.get("Type") == kind]) for kind in types]
    return api.LimitRange(metadata, api.LimitRangeSpec(items or UNSET))


def _limits(kind: str, rows: list[TableRow]) -> api.LimitRangeItem:
    def column(title: str) -> Maybe[dict[str, api.Quantity]]:
        shown: dict[str, api.Quantity] = {row.get("Resource"): row.get(title) for row in rows if row.get(title) != "-"}
        return shown or None

    return api.LimitRangeItem(kind, column("Min"), column("Max"), column("Max Limit/Request Ratio"))


def read_budget(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.PodDisruptionBudget:
    least, most = entries.get("Min available"), entries.get("Max unavailable")
    for entry, field in (
        (least, "spec.minAvailable"),
        (most, "spec.maxUnavailable"),
        (entries.get("Selector"), "spec.selector"),
    ):
        if entry is not None:
            lines[field] = entry.line
    chosen, status = entries.value("Selector"), entries.get("Status")
    fields = read_entries(status.below) if status is not None else Entries(())
    for key, field in (
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
    ):
        if (entry := fields.get(key)) is not None:
            lines[f"status.{field}"] = entry.line
    return api.PodDisruptionBudget(
        metadata,
        api.BudgetSpec(
            min_available=UNSET if least is None else count_or_percent(least.value),
            max_unavailable=UNSET if most is None else count_or_percent(most.value),
            selector=UNSET if chosen is None else selector(chosen),
        ),
        api.BudgetStatus(
            disruptions_allowed=_whole(fields, "Allowed disruptions"),
            current_healthy=_whole(fields, "Current"),
            desired_healthy=_whole(fields, "Desired"),
            expected_pods=_whole(fields, "Total"),
        ),
    )


def _whole(entries: Entries, key: str) -> Maybe[int]:
    value = entries.value(key)
    return UNSET if value is None else whole(value)


def read_autoscaler(
    metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed
) -> api.HorizontalPodAutoscaler:
    kind, slash, name = (entries.value("Reference") or "").partition("/")
    if (reference := entries.get("Reference")) is not None:
        lines["spec.scaleTargetRef"] = reference.line
    if (metrics := entries.get("Metrics")) is not None:
        lines["spec.metrics"] = metrics.line
        printed["Metrics"] = "\n".join(line.strip() for _, line in metrics.below)
    for entry in entries:
        if entry.key.endswith(" pods"):  # "Deployment pods:  1 current / 0 desired"
            printed["Pods"] = entry.value
    conditions = read_conditions(entries.get("Conditions"), lines)
    return api.HorizontalPodAutoscaler(
        metadata,
        api.AutoscalerSpec(
            scale_target_ref=api.ScaleTargetRef(kind, name) if slash else UNSET,
            min_replicas=_whole(entries, "Min replicas"),
            max_replicas=_whole(entries, "Max replicas"),
        ),
        api.AutoscalerStatus(conditions=conditions),
    )


def read_namespace(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.Namespace:
    if (status := entries.get("Status")) is not None:
        lines["status.phase"] = status.line
    phase = entries.value("Status")
    conditions = read_conditions(entries.get("Conditions"), lines)
    return api.Namespace(
        metadata, status=api.ConditionsStatus(UNSET if phase is None or phase in EMPTY else phase, conditions)
    )


#: "  Name:          compute" in the block "Resource Quotas" of a namespace.
_QUOTA_NAME = expression(r" +Name:\s+(?P<name>\S+)\s*")


def quotas_of_namespace(namespace: str, text: Lines) -> list[tuple[int, api.ResourceQuota]]:
    """The block "Resource Quotas" of a namespace: each quota with the line of its name."""
    start = next((position for position, (_, line) in enumerate(text) if line.strip() == "Resource Quotas"), None)
    if start is None:
        return []
    blocks: list[tuple[int, str, list[tuple[int, str]]]] = []
    for number, line in text[start + 1 :]:
        if line.strip() and not line.startswith(" "):
            break
        if (matched := _QUOTA_NAME.fullmatch(line)) is not None:
            blocks.append((number, matched["name"], []))
        elif blocks:
            blocks[-1][2].append((number, line))
    return [
        (number, quota_of(ObjectMeta(name=name, namespace=namespace), rows))
        for number, name, lines in blocks
        if (rows := quota_rows(lines))
    ]


#: A key of `describe configmap`: "Corefile:" above a rule of four dashes.
_DATA_KEY = expression(r"(?P<key>[\w.-]{1,253}):")


def read_config_map(metadata: ObjectMeta, text: Lines, lines: Marks) -> api.ConfigMap:
    data: dict[str, str] = {}
    key = ""
    value: list[str] = []
    blanks = 1  # kubectl writes a line end and a blank line behind each value
    for position, (number, line) in enumerate(text):
        following = text[position + 1][1] if position + 1 < len(text) else ""
        matched = _DATA_KEY.fullmatch(line)
        if matched is not None and following == "----":
            _keep(data, key, value, blanks)
            key, value = matched["key"], []
            lines[f"data.{key}"] = number
        elif line == "BinaryData" and following == "====":
            blanks = 2  # and one before the next section
            break
        elif line.startswith("Events:") and not any(text for _, text in text[position + 1 :] if text == "----"):
            break
        elif key and not (line == "----" and not value):
            value.append(line)
    _keep(data, key, value, blanks)
    shown = any(line == "Data" for _, line in text)
    return api.ConfigMap(metadata, data if shown else UNSET)


def _keep(data: dict[str, str], key: str, value: list[str], blanks: int) -> None:
    while blanks and value and not value[-1]:
        value.pop()
        blanks -= 1
    if key:
        data[key] = "\n".join(value)


def read_secret(metadata: ObjectMeta, entries: Entries, lines: Marks, text: Lines) -> api.Secret:
    """Only the names of the keys: describe prints sizes, but a service account's token entire."""
    start = next((position for position, (_, line) in enumerate(text) if line == "===="), None)
    if start is None:
        return api.Secret(metadata, entries.value("Type") or UNSET)
    keys = [matched["key"] for _, line in text[start + 1 :] if (matched := _DATA_KEY.match(line)) is not None]
    return api.Secret(metadata, entries.value("Type") or UNSET, {key: msgspec.Raw(b'""') for key in keys})
