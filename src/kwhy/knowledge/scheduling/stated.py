"""The scheduler's own words: FailedScheduling messages of every version, read into counted reasons."""

from __future__ import annotations

import re
from collections import Counter

import msgspec

from kwhy.knowledge.scheduling.obstacles import CONDITION_TAINTS, CONTROL_PLANE_TAINTS, CORDON_TAINT, Kind
from kwhy.model.expressions import expression


class StatedReason(msgspec.Struct, frozen=True):
    """``count`` nodes refused for ``text``. A node may be counted under several resources."""

    count: int
    text: str
    kind: Kind
    key: str = ""
    by_design: bool = False


class Stated(msgspec.Struct, frozen=True):
    """One message. ``nodes`` is how many nodes the scheduler knows, None in the forms that do not say."""

    nodes: int | None
    reasons: tuple[StatedReason, ...]

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset(reason.kind for reason in self.reasons)


# "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {a: b}. preemption: 0/3 nodes are …"
# FitError.Error, Kubernetes v1.34 pkg/scheduler/framework/types.go; the same head since 1.8
# (plugin/pkg/scheduler/core/generic_scheduler.go).
_MODERN = expression(r"\b0/(?P<nodes>\d{1,7}) nodes are available:?\s*(?P<reasons>.*)", re.DOTALL)
# "No nodes are available that match all of the predicates: Insufficient cpu (3), MatchNodeSelector (1)."
# Kubernetes 1.7 … 1.8, same file.
_PREDICATES = expression(
    r"No nodes are available that match all of the (?:following )?predicates:+\s*(?P<reasons>.*)", re.DOTALL
)
# "pod (x) failed to fit in any node\nfit failure summary on nodes : Insufficient pods (2), PodToleratesNodeTaints (1)"
# Kubernetes 1.5 … 1.6, same file.
_SUMMARY = expression(r"fit failure summary on nodes ?: ?(?P<reasons>.*)", re.DOTALL)
# "fit failure on node (gke-warpdrive-default-pool-eae1f3b0-spgr): Insufficient cpu", one for each node
# Kubernetes 1.2 … 1.4, same file.
_EACH_NODE = expression(r"fit failure on node \([^)\s]{1,253}\): (?P<reasons>[^\n]{1,400}?)(?=\s*(?:fit failure|\n|$))")
# "pod has unbound immediate PersistentVolumeClaims (repeated 3 times)"
# Kubernetes 1.12 … 1.18, pkg/scheduler/core/generic_scheduler.go (podPassesBasicChecks): of the pod, before any node.
_BEFORE_NODES = expression(r"^pod has unbound (?:immediate )?PersistentVolumeClaims")
# "Insufficient cpu (3)"
_COUNT_BEHIND = expression(r"^(?P<text>.{1,200}?) \((?P<count>\d{1,7})\)$")
# "2 node(s) had untolerated taint {dedicated: gpu}"
_COUNT_BEFORE = expression(r"^(?P<count>\d{1,7}) (?P<text>.{1,400})$", re.DOTALL)
# What follows the reasons: the answer of preemption (1.19 …), of dynamic resource allocation (1.32 …), of a plugin.
_AFTERWORD = expression(
    r"\.? (?:no new claims to deallocate, |still not schedulable, )?preemption: |\.? no new claims to deallocate"
    r"|\.? still not schedulable|\.? Error running PostFilter plugin"
)
# "had taint {dedicated: gpu}, that the pod didn't tolerate" (1.16 … 1.23), "had untolerated taint {dedicated: gpu}"
# (1.24 … 1.33), tainttoleration/taint_toleration.go. Version 1.34 no longer names the taint.
_TAINT = expression(r"taint \{(?P<key>[^:}]{1,317}):? ?(?P<value>[^}]{0,63})\}")
# "Insufficient nvidia.com/gpu" (noderesources/fit.go)
_INSUFFICIENT = expression(r"^Insufficient (?P<resource>\S{1,317})$")
# "pod has unbound immediate PersistentVolumeClaims" (volumebinding/volume_binding.go)
# 'persistentvolumeclaim "data" not found' (the same)
_MISSING_CLAIM = expression(r'persistentvolumeclaim "(?P<name>[^"]{1,253})" (?:not found|bound to non-existent)')

#: Texts without parameters, as the plugins of v1.34 and the predicates of v1.5 … v1.18 print them.
_TEXTS: tuple[tuple[str, Kind], ...] = (
    ("were unschedulable", Kind.CORDONED),
    ("NodeUnschedulable", Kind.CORDONED),
    ("didn't match Pod's node affinity", Kind.SELECTOR),
    ("didn't match scheduler-enforced node affinity", Kind.SELECTOR),
    ("didn't match node selector", Kind.SELECTOR),
    ("didn't satisfy plugin(s) [NodeAffinity]", Kind.SELECTOR),
    ("MatchNodeSelector", Kind.SELECTOR),
    ("didn't match the requested node name", Kind.NODE_NAME),
    ("didn't match the requested hostname", Kind.NODE_NAME),
    ("HostName", Kind.NODE_NAME),
    ("Too many pods", Kind.RESOURCES),
    ("didn't have free ports", Kind.PORTS),
    ("PodFitsHostPorts", Kind.PORTS),
    ("didn't match pod anti-affinity rules", Kind.POD_ANTI_AFFINITY),
    ("didn't satisfy existing pods anti-affinity rules", Kind.POD_ANTI_AFFINITY),
    ("didn't match pod affinity rules", Kind.POD_AFFINITY),
    ("pod affinity terms conflict", Kind.POD_AFFINITY),
    ("didn't match pod affinity/anti-affinity", Kind.POD_ANTI_AFFINITY),
    ("MatchInterPodAffinity", Kind.POD_ANTI_AFFINITY),
    ("didn't match pod topology spread constraints", Kind.TOPOLOGY_SPREAD),
    ("unbound immediate PersistentVolumeClaims", Kind.CLAIM_UNBOUND),
    ("unbound PersistentVolumeClaims", Kind.CLAIM_UNBOUND),
    ("didn't find available persistent volumes to bind", Kind.CLAIM_UNBOUND),
    ("did not have enough free storage", Kind.CLAIM_UNBOUND),
    ("bound to non-existent pv", Kind.CLAIM_UNBOUND),
    ("had volume node affinity conflict", Kind.VOLUME_PLACE),
    ("didn't match PersistentVolume's node affinity", Kind.VOLUME_PLACE),
    ("had no available volume zone", Kind.VOLUME_PLACE),
    ("NoVolumeZoneConflict", Kind.VOLUME_PLACE),
    ("exceed max volume count", Kind.VOLUME_LIMIT),
    ("MaxVolumeCount", Kind.VOLUME_LIMIT),
    ("had no available disk", Kind.VOLUME_IN_USE),
    ("ReadWriteOncePod access mode already in-use", Kind.VOLUME_IN_USE),
    ("NoDiskConflict", Kind.VOLUME_IN_USE),
    ("were not ready", Kind.CONDITION_TAINT),
    ("NodeNotReady", Kind.CONDITION_TAINT),
    ("had disk pressure", Kind.CONDITION_TAINT),
    ("NodeUnderDiskPressure", Kind.CONDITION_TAINT),
    ("had memory pressure", Kind.CONDITION_TAINT),
    ("NodeUnderMemoryPressure", Kind.CONDITION_TAINT),
    ("had pid pressure", Kind.CONDITION_TAINT),
    ("NodeUnderPIDPressure", Kind.CONDITION_TAINT),
    ("were out of disk", Kind.CONDITION_TAINT),
    ("NodeOutOfDisk", Kind.CONDITION_TAINT),
    ("had unavailable network", Kind.CONDITION_TAINT),
    ("NodeNetworkUnavailable", Kind.CONDITION_TAINT),
    ("had unknown conditions", Kind.CONDITION_TAINT),
)


def read_message(message: str) -> Stated | None:
    """The reasons of a FailedScheduling message; None for a message of another form."""
    modern = _MODERN.search(message)
    if modern:
        reasons = _AFTERWORD.split(modern["reasons"], maxsplit=1)[0].strip().rstrip(".")
        return Stated(int(modern["nodes"]), _reasons(reasons, int(modern["nodes"])))
    each_node = [match["reasons"] for match in _EACH_NODE.finditer(message)]
    if each_node:
        counted = Counter(reason for reasons in each_node for reason in reasons.split(", "))
        return Stated(len(each_node), tuple(_reason(count, text) for text, count in counted.items()))
    before = _BEFORE_NODES.search(message)
    if before:
        return Stated(None, (_reason(1, before[0]),))
    old = _PREDICATES.search(message) or _SUMMARY.search(message)
    if old:
        return Stated(None, _reasons(old["reasons"].strip().rstrip("."), None))
    missing = _MISSING_CLAIM.search(message)
    if missing:
        return Stated(None, (StatedReason(1, missing[0], Kind.CLAIM_MISSING, missing["name"]),))
    return None


def _reasons(text: str, nodes: int | None) -> tuple[StatedReason, ...]:
    found = []
    for part in _parts(text):
        match = _COUNT_BEFORE.match(part) or _COUNT_BEHIND.match(part)
        count = int(match["count"]) if match else (nodes or 1)
        found.append(_reason(count, match["text"] if match else part))
    return tuple(found)


def _parts(text: str) -> list[str]:
    """Split at commas that begin a new count, or end one; taints and lists hold commas of their own."""
    pieces = re.split(r", (?=\d{1,7} )|(?<=\)), ", text)
    return [piece.strip().rstrip(".,") for piece in pieces if piece.strip(" .,")]


def _reason(count: int, text: str) -> StatedReason:
    taint = _TAINT.search(text)
    if taint:
        return _taint_reason(count, text, taint["key"].strip())
    insufficient = _INSUFFICIENT.match(text)
    if insufficient:
        return StatedReason(count, text, Kind.RESOURCES, insufficient["resource"])
    missing = _MISSING_CLAIM.search(text)
    if missing:
        return StatedReason(count, text, Kind.CLAIM_MISSING, missing["name"])
    if "taint" in text.lower():
        return StatedReason(count, text, Kind.TAINT)
    kind = next((kind for words, kind in _TEXTS if words in text), Kind.OTHER)
    return StatedReason(count, text, kind, "pods" if text.startswith("Too many pods") else "")


def _taint_reason(count: int, text: str, key: str) -> StatedReason:
    if key == CORDON_TAINT:
        return StatedReason(count, text, Kind.CORDONED, key)
    if key in CONDITION_TAINTS:
        return StatedReason(count, text, Kind.CONDITION_TAINT, key)
    return StatedReason(count, text, Kind.TAINT, key, by_design=key in CONTROL_PLANE_TAINTS)
