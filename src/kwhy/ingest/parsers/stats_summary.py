"""The kubelet's summary of its node and pods: `kubectl get --raw /api/v1/nodes/NODE/proxy/stats/summary`.

Source: k8s.io/kubelet v0.34 pkg/apis/stats/v1alpha1/types.go (Summary; the names are those of v0.16). What eviction
counts of a pod: Kubernetes v1.34 pkg/kubelet/eviction/helpers.go (podDiskUsage, podLocalEphemeralStorageUsage).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from kwhy.facts.disk import KubeletFileSystem, PodStorage
from kwhy.facts.usage import MemoryStats
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.subject import Subject

#: { "node": { "nodeName": "node-a", …
_BEGINNING: Final = expression(r"^\s*\{\s*\"node\"\s*:\s*\{\s*\"nodeName\"\s*:")
_PODS: Final = expression(r"\"podRef\"\s*:")
#: Fields of a node's runtime and the file systems that eviction calls so.
_FILE_SYSTEMS: Final[tuple[tuple[Literal["imagefs", "containerfs"], str], ...]] = (
    ("imagefs", "imageFs"),
    ("containerfs", "containerFs"),
)


def recognise(head: Head) -> float:
    if not _BEGINNING.match(head.text):
        return 0.97 if head.text.lstrip().startswith("{") and "stats/summary" in (head.command or "") else 0.0
    return 0.97


def parse(document: Document) -> Iterator[Parsed]:
    try:
        summary = msgspec.json.decode(bytes(document.data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Unparsed(document.at(line=document.first_line), f"the kubelet's summary was expected as JSON: {error}")
        return
    node = _mapping(summary, "node")
    name = node.get("nodeName")
    if not isinstance(name, str):
        yield Unparsed(document.at(line=document.first_line), "the kubelet's summary was expected: no node.nodeName")
        return
    yield from _memory(document, Subject("Node", name), "", node, "node.memory")
    yield from _file_systems(document, name, node)
    pods = summary.get("pods")
    for position, pod in enumerate(pods if isinstance(pods, list) else ()):
        yield from _pod(document, pod, f"pods[{position}]")


def _pod(document: Document, pod: object, path: str) -> Iterator[Parsed]:
    reference = _mapping(pod, "podRef")
    name, namespace = reference.get("name"), reference.get("namespace")
    if not isinstance(pod, dict) or not isinstance(name, str) or not isinstance(namespace, str):
        yield Unparsed(document.at(path=path), "a pod of the kubelet's summary was expected: no podRef")
        return
    subject = Subject("Pod", name, namespace)
    yield from _memory(document, subject, "", pod, f"{path}.memory")
    for index, container in enumerate(_listed(pod, "containers")):
        yield from _memory(
            document, subject, str(container.get("name", "")), container, f"{path}.containers[{index}].memory"
        )
    parts = _parts(pod)
    whole = _number(_mapping(pod, "ephemeral-storage"), "usedBytes")
    used = sum(size for _, size in parts) if whole is None else whole
    if whole is not None or parts:
        at = document.at(path=f"{path}.ephemeral-storage", excerpt=f"{name}: {used} bytes used on the node")
        inodes = _number(_mapping(pod, "ephemeral-storage"), "inodesUsed")
        yield PodStorage(subject, used, inodes, parts, at, document.captured)


def _parts(pod: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    """Writable layers, logs and volumes that lie on the node, the largest first; volumes with a claim lie elsewhere."""
    found: list[tuple[str, int]] = []
    for container in _listed(pod, "containers"):
        for field, words in (("rootfs", "writable layer of"), ("logs", "logs of")):
            size = _number(_mapping(container, field), "usedBytes")
            if size:
                found.append((f"{words} container {container.get('name')}", size))
    for volume in _listed(pod, "volume"):
        size = _number(volume, "usedBytes")
        if size and "pvcRef" not in volume:
            found.append((f"volume {volume.get('name')}", size))
    return tuple(sorted(found, key=lambda part: -part[1]))


def _memory(
    document: Document, about: Subject, container: str, shown: dict[str, Any], path: str
) -> Iterator[MemoryStats]:
    memory = _mapping(shown, "memory")
    usage, working = _number(memory, "usageBytes"), _number(memory, "workingSetBytes")
    if usage is None and working is None:
        return
    yield MemoryStats(
        about=about,
        container=container,
        usage=usage,
        working_set=working,
        rss=_number(memory, "rssBytes"),
        available=_number(memory, "availableBytes"),
        at=document.at(path=path, excerpt=f"usageBytes {usage}, workingSetBytes {working}"),
        observed=document.captured,
    )


def _file_systems(document: Document, name: str, node: dict[str, Any]) -> Iterator[KubeletFileSystem]:
    yield from _file_system(document, name, "nodefs", _mapping(node, "fs"), "node.fs")
    runtime = _mapping(node, "runtime")
    for signal, field in _FILE_SYSTEMS:
        yield from _file_system(document, name, signal, _mapping(runtime, field), f"node.runtime.{field}")


def _file_system(
    document: Document, node: str, name: Literal["nodefs", "imagefs", "containerfs"], shown: dict[str, Any], path: str
) -> Iterator[KubeletFileSystem]:
    capacity, available = _number(shown, "capacityBytes"), _number(shown, "availableBytes")
    if capacity is None and available is None:
        return
    yield KubeletFileSystem(
        node=node,
        name=name,
        capacity=capacity,
        available=available,
        used=_number(shown, "usedBytes"),
        inodes=_number(shown, "inodes"),
        inodes_free=_number(shown, "inodesFree"),
        at=document.at(path=path, excerpt=f"{name}: {available} of {capacity} bytes available"),
        observed=document.captured,
    )


def _mapping(value: object, field: str) -> dict[str, Any]:
    below = value.get(field) if isinstance(value, dict) else None
    return below if isinstance(below, dict) else {}


def _listed(value: dict[str, Any], field: str) -> list[dict[str, Any]]:
    below = value.get(field)
    return [item for item in below if isinstance(item, dict)] if isinstance(below, list) else []


def _number(value: dict[str, Any], field: str) -> int | None:
    number = value.get(field)
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None


FORMAT: Final = Format("stats-summary", recognise, parse)
