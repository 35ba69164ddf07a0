"""Objects as they come from the API, without what no evidence needs and without the values of Secrets.

Dropped at once, before anything is kept: values of Secrets (key names stay), binary values of ConfigMaps,
managedFields, and the annotation in which `kubectl apply` repeats the object, variables included.
"""

from __future__ import annotations

from typing import Any, Final

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def clean(item: dict[str, Any], kind: str) -> dict[str, Any]:
    """``item``, changed in place."""
    metadata = item.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            annotations.pop(_LAST_APPLIED, None)
    if kind == "Secret":
        for field in ("data", "stringData"):
            _empty(item, field)
    elif kind == "ConfigMap":
        _empty(item, "binaryData")
    return item


def _empty(item: dict[str, Any], field: str) -> None:
    values = item.get(field)
    if isinstance(values, dict):
        item[field] = dict.fromkeys(values, "")
