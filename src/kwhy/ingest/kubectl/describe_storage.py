"""`kubectl describe` of claims, volumes and storage classes.

Source: printPersistentVolumeClaim, describePersistentVolume, describeStorageClass (k8s.io/kubectl v0.34.4
pkg/describe/describe.go).
"""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from kwhy.facts import objects as api
from kwhy.facts.objects import Maybe, ObjectMeta
from kwhy.ingest.kubectl.describe_node import read_conditions
from kwhy.ingest.kubectl.rows import access_modes
from kwhy.ingest.kubectl.tree import Entries, Entry, read_entries
from kwhy.ingest.kubectl.words import EMPTY
from kwhy.model.expressions import expression

Marks = dict[str, int]
Printed = dict[str, str]


def _text(entries: Entries, key: str) -> Maybe[str]:
    value = entries.value(key)
    return UNSET if value is None else "" if value in EMPTY else value


def _mark(entries: Entries, lines: Marks, pairs: tuple[tuple[str, str], ...]) -> None:
    for key, field in pairs:
        if (entry := entries.get(key)) is not None:
            lines[field] = entry.line


def _phase(metadata: ObjectMeta, entries: Entries, printed: Printed) -> tuple[ObjectMeta, Maybe[str]]:
    """A claim that is being deleted is printed as terminating, whatever its phase."""
    status = _text(entries, "Status")
    if not isinstance(status, str):
        return metadata, UNSET
    if status.startswith("Terminating"):
        printed["Status"] = status
        return metadata, UNSET
    return replace(metadata, deletion_timestamp=""), status or UNSET


def read_claim(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.PersistentVolumeClaim:
    _mark(
        entries,
        lines,
        (("StorageClass", "spec.storageClassName"), ("Status", "status.phase"), ("Volume", "spec.volumeName")),
    )
    for key in ("Capacity", "Access Modes", "Mounted By"):  # of the bound volume (status), not what is asked for
        if (value := entries.value(key)) is not None:
            printed[key] = value
    if (used := entries.get("Used By")) is not None:
        printed["Used By"] = used.text
    metadata, phase = _phase(metadata, entries, printed)
    return api.PersistentVolumeClaim(
        metadata,
        api.ClaimSpec(
            storage_class_name=entries.value("StorageClass")
            or UNSET,  # "" is printed for no class and for class "" alike
            volume_name=_text(entries, "Volume"),
        ),
        api.ClaimStatus(phase=phase, conditions=read_conditions(entries.get("Conditions"), lines)),
    )


def read_volume(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.PersistentVolume:
    pairs = (("StorageClass", "spec.storageClassName"), ("Status", "status.phase"), ("Claim", "spec.claimRef"))
    _mark(entries, lines, (*pairs, ("Capacity", "spec.capacity"), ("Node Affinity", "spec.nodeAffinity")))
    for key in ("Reclaim Policy", "Message"):
        if (value := entries.value(key)) is not None:
            printed[key] = value
    metadata, phase = _phase(metadata, entries, printed)
    capacity = entries.value("Capacity")
    modes = access_modes(entries.value("Access Modes") or "")
    return api.PersistentVolume(
        metadata,
        api.PersistentVolumeSpec(
            storage_class_name=_text(entries, "StorageClass"),
            capacity={"storage": capacity} if capacity else UNSET,
            access_modes=modes or UNSET,
            claim_ref=_claim_reference(entries.value("Claim")),
            node_affinity=_node_affinity(entries.get("Node Affinity")),
        ),
        api.ClaimStatus(phase=phase),
    )


def _claim_reference(text: str | None) -> Maybe[api.ObjectReference]:
    if text is None:
        return UNSET
    namespace, slash, name = text.partition("/")
    return api.ObjectReference("PersistentVolumeClaim", namespace, name) if slash else None


#: printNodeSelectorTermsMultilineWithIndent: "topology.kubernetes.io/zone in [a, b]", "ssd exists", "n gt [3]".
_EXPRESSION = expression(r"(?P<key>\S+) (?P<operator>\w+)(?: \[(?P<values>[^\[\]]*)\])?")
_OPERATORS = {"in": "In", "notin": "NotIn", "exists": "Exists", "doesnotexist": "DoesNotExist", "gt": "Gt", "lt": "Lt"}


def _node_affinity(entry: Entry | None) -> Maybe[api.VolumeNodeAffinity]:
    if entry is None:
        return UNSET
    if entry.value in ("<none>",):
        return None
    required = read_entries(entry.below).get("Required Terms")
    if required is None:
        return UNSET
    terms: list[api.NodeSelectorTerm] = []
    for term in read_entries(required.below):
        expressions = []
        for text in term.values:
            matched = _EXPRESSION.fullmatch(text.rstrip())
            if matched is None or matched["operator"] not in _OPERATORS:
                return UNSET
            values = (
                [value.strip() for value in matched["values"].split(",")] if matched["values"] is not None else None
            )
            expressions.append(api.NodeSelectorRequirement(matched["key"], _OPERATORS[matched["operator"]], values))
        terms.append(api.NodeSelectorTerm(expressions))
    return api.VolumeNodeAffinity(api.NodeSelector(terms))


def read_storage_class(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.StorageClass:
    _mark(entries, lines, (("Provisioner", "provisioner"), ("VolumeBindingMode", "volumeBindingMode")))
    if (value := entries.value("IsDefaultClass")) is not None:
        printed["IsDefaultClass"] = value
    return api.StorageClass(metadata, _text(entries, "Provisioner"), _text(entries, "VolumeBindingMode"))
