"""Single values as kubectl prints them: times, numbers, labels, selectors, taints, tolerations, "<none>".

``<none>``, ``<unset>`` and ``<nil>`` are shown-and-empty; an unreadable value is UNSET (as if not shown), never empty.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from kwhy.facts.objects import LabelSelector, LabelSelectorRequirement, Maybe, Taint, Toleration
from kwhy.model.expressions import expression

EMPTY = frozenset({"", "<none>", "<unset>", "<nil>", "<not set>", "<empty>"})

#: Go's time.RFC1123Z, "Sat, 21 Nov 2026 21:32:20 +0000" (describe, every version).
RFC1123Z = expression(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")

#: The API's own form, in which custom resources are described: "2026-11-20T10:00:00Z".
_RFC3339 = expression(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")


def is_empty(text: str) -> bool:
    return text in EMPTY


def timestamp(text: str) -> Maybe[str]:
    """RFC 3339 in UTC, as the API writes it; None for an empty or zero time; UNSET if it cannot be read."""
    text = text.strip()
    if text in EMPTY or text == "<unknown>" or text.startswith("Mon, 01 Jan 0001 "):
        return None
    if _RFC3339.fullmatch(text):
        return text
    if RFC1123Z.fullmatch(text) is None:
        return UNSET
    try:
        moment = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return UNSET
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z" if moment.year >= 1000 else UNSET


def whole(text: str) -> Maybe[int]:
    """An integer; None where shown as empty; UNSET where it is no integer."""
    text = text.strip()
    if text in EMPTY:
        return None
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else UNSET


def yes(text: str) -> bool | UnsetType:
    """ "True", "true", "False", "false"."""
    return {"true": True, "false": False}.get(text.strip().lower(), UNSET)


def count_or_percent(text: str) -> Maybe[int | str]:
    """An intstr.IntOrString: "2" or "25%"; None for "N/A"."""
    text = text.strip()
    if text in EMPTY or text == "N/A":
        return None
    if re.fullmatch(r"\d{1,9}%", text):
        return text
    return whole(text)


def labels(items: list[str]) -> dict[str, str] | UnsetType:
    """One "key=value" per item; UNSET if one of them is not."""
    if not any(not is_empty(item) for item in items):
        return {}
    found: dict[str, str] = {}
    for item in items:
        key, equals, value = item.strip().partition("=")
        if not key or not equals or " " in key:
            return UNSET
        found[key] = value
    return found


def label_list(text: str) -> dict[str, str] | UnsetType:
    """labels.FormatLabels: "a=b,c=d" or "<none>" (k8s.io/apimachinery pkg/labels)."""
    return labels(text.strip().split(","))


#: One requirement of a printed selector (labels.Requirement.String): "app in (a,b)", "!x", "tier=web", "x", "n>3".
_REQUIREMENT = expression(
    r"\s*(?:(?P<key>[\w./-]+) (?P<sets>in|notin) \((?P<values>[^()]*)\)"
    r"|!(?P<absent>[\w./-]+)"
    r"|(?P<name>[\w./-]+)(?:(?P<operator>==|!=|=|>|<)(?P<value>[\w.-]*))?)\s*(?:,|$)"
)
_OPERATORS = {"in": "In", "notin": "NotIn", "!=": "NotIn", ">": "Gt", "<": "Lt"}


def selector(text: str) -> LabelSelector | UnsetType | None:
    """metav1.FormatLabelSelector. "" and "<none>" are the empty selector, "<unset>" is no selector."""
    text = text.strip()
    if text in ("", "<none>"):
        return LabelSelector()
    if text in EMPTY:
        return None
    labels_: dict[str, str] = {}
    expressions: list[LabelSelectorRequirement] = []
    position = 0
    while position < len(text):
        matched = _REQUIREMENT.match(text, position)
        if matched is None:
            return UNSET
        position = matched.end()
        if matched["key"]:
            values = [value.strip() for value in matched["values"].split(",")]
            expressions.append(LabelSelectorRequirement(matched["key"], _OPERATORS[matched["sets"]], values))
        elif matched["absent"]:
            expressions.append(LabelSelectorRequirement(matched["absent"], "DoesNotExist", None))
        elif matched["operator"] is None:
            expressions.append(LabelSelectorRequirement(matched["name"], "Exists", None))
        elif matched["operator"] in ("=", "=="):
            labels_[matched["name"]] = matched["value"]
        else:
            operator = _OPERATORS[matched["operator"]]
            expressions.append(LabelSelectorRequirement(matched["name"], operator, [matched["value"]]))
    return LabelSelector(labels_ or None, expressions or None)


#: Taint.ToString: "maintenance=true:NoSchedule", "node.kubernetes.io/unreachable:NoExecute" (k8s.io/api core/v1).
_TAINT = expression(r"(?P<key>[^=:\s]+)(?:=(?P<value>[^:\s]*))?:(?P<effect>NoSchedule|PreferNoSchedule|NoExecute)")


def taints(items: list[str]) -> list[Taint] | UnsetType:
    """printNodeTaintsMultiline: one taint per item."""
    if not any(not is_empty(item.strip()) for item in items):
        return []
    found: list[Taint] = []
    for item in items:
        matched = _TAINT.fullmatch(item.strip())
        if matched is None:
            return UNSET
        found.append(Taint(matched["key"], matched["value"] or "", matched["effect"]))
    return found


#: "key=value:Effect op=Exists for 300s", "op=Exists", ":NoSchedule op=Exists" (printTolerationsMultilineWithIndent).
_TOLERATION = expression(
    r"(?P<key>[^=:\s]*)(?:=(?P<value>[^:\s]*))?(?::(?P<effect>\w+))?"
    r"(?:\s*op=(?P<operator>\w+))?(?:\s*for (?P<seconds>-?\d{1,18})s)?"
)
#: Tolerations of node conditions, which admission adds with operator Exists; kubectl before 1.19 did not print "op=".
_CONDITION_TAINT = expression(r"node\.(?:alpha\.)?kubernetes\.io/.*")


def tolerations(items: list[str]) -> list[Toleration] | UnsetType:
    """One toleration per item."""
    if not any(not is_empty(item.strip()) for item in items):
        return []
    found: list[Toleration] = []
    for item in items:
        text = item.strip()
        matched = _TOLERATION.fullmatch(f" {text}" if text.startswith("op=") else text)
        if matched is None:
            return UNSET
        key, value = matched["key"], matched["value"] or ""
        exists = (
            matched["operator"] == "Exists" or not key or (not value and _CONDITION_TAINT.fullmatch(key) is not None)
        )
        seconds = None if matched["seconds"] is None else int(matched["seconds"])
        found.append(Toleration(key, "Exists" if exists else "", value, matched["effect"] or "", seconds))
    return found
