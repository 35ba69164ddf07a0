"""Company for a case: a second node, and five hundred healthy objects that have nothing to do with it.

All of it is made from what the healthy case recorded, with other names, addresses, uids and times.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from tests.harness.case import Recorded, all_cases
from tests.harness.evidence import files_of, read_text, together

from kwhy.ingest.reading import Evidence

HEALTHY = "healthy/nothing_wrong/single_node"
NODE, OTHER_NODE = "node-a", "node-z"
NAMESPACE = "homepage"
#: Every copy of the recorded namespace holds so many objects of all kinds.
UNRELATED_OBJECTS = 500
_KINDS = ("deployments", "replicasets", "pods", "services", "endpoints", "endpointslices.discovery.k8s.io")
# "2026-11-21T21:36:53Z", "2026-11-21T21:36:53.123456Z"
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
# "f0e9d4a2-6a50-4b2d-8e0f-2f2f4f3d2b1a"
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
#: Older than all recorded cases, so that the company is not what is newest in the evidence.
_LONG_AGO = "2015-10-01T00:00:00Z"


@cache
def _healthy() -> Recorded:
    return next(recorded for recorded in all_cases() if recorded.name == HEALTHY)


def _recorded(kind: str) -> Any:
    return json.loads(files_of(_healthy())[f"objects/{kind}.json"])


@cache
def second_node() -> Evidence:
    """A healthy control-plane node of the same cluster, and a pod that runs there.

    Its taint keeps ordinary pods away, so that it changes nothing for pods that wait for a node.
    """
    [node] = [item for item in _recorded("nodes")["items"] if item["metadata"]["name"] == NODE]
    node["spec"]["taints"] = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
    pods = _of_namespace("pods")[:1]
    return together(_read("nodes-z", _as([node], 0)), _read("pods-z", _as(pods, 0)), *_logs(pods, 0))


@cache
def unrelated() -> Evidence:
    """Five hundred healthy objects of other namespaces, on the second node."""
    recorded = {kind: _of_namespace(kind) for kind in _KINDS}
    size = sum(len(items) for items in recorded.values())
    copies = range(1, UNRELATED_OBJECTS // size + 2)
    parts = [_read(kind, [one for copy in copies for one in _as(items, copy)]) for kind, items in recorded.items()]
    logs = [log for copy in copies for log in _logs(recorded["pods"], copy)]
    return together(*parts, *logs)


def _logs(pods: list[Any], copy: int) -> list[Evidence]:
    """The logs of the pods of one copy."""
    files = files_of(_healthy())
    found = []
    for pod in pods:
        [name] = [name for name in files if name.startswith(f"logs/{NAMESPACE}_{pod['metadata']['name']}_")]
        found.append(read_text(name.replace(NAMESPACE, f"{NAMESPACE}-{copy}"), files[name]))
    return found


def _of_namespace(kind: str) -> list[Any]:
    return [item for item in _recorded(kind)["items"] if item["metadata"]["namespace"] == NAMESPACE]


def _as(items: list[Any], copy: int) -> list[Any]:
    """The objects under other identities."""
    text = json.dumps(items).replace(NAMESPACE, f"{NAMESPACE}-{copy}").replace(NODE, OTHER_NODE)
    text = text.replace('"10.244.', f'"10.{100 + copy}.').replace('"10.55.0.10"', '"10.55.0.99"')
    text = text.replace('"10.96.', f'"10.{20 + copy % 60}.')
    text = _UID.sub(lambda match: f"{copy:08x}{match[0][8:]}", text)
    renamed: list[Any] = json.loads(_TIMESTAMP.sub(_LONG_AGO, text))
    return renamed


def _read(kind: str, items: list[Any]) -> Evidence:
    """Objects as they were asked for one by one: no list that would claim to hold all there are."""
    return read_text(f"company/{kind}.json", "\n".join(json.dumps(item, indent=1) for item in items).encode())
