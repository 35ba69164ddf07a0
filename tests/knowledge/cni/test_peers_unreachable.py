"""Who is cut off: the node that reaches nobody, the one that nobody reaches, or the way between two."""

from __future__ import annotations

import json
from pathlib import Path

from tests.harness.changed import Files, diagnosed

HEAD = (
    "Cluster health:   {}/3 reachable   (2026-11-22T06:00:00Z)\n"
    "  Name            IP           Node          Endpoints\n"
)
ADDRESSES = {"node-a": "10.0.0.1", "node-b": "10.0.0.2", "node-c": "10.0.0.3"}


def _status(reporter: str, reached: dict[str, bool], endpoints: dict[str, bool] | None = None) -> bytes:
    """`cilium status` of one node, in the form of cilium/cilium#33697."""
    rows = []
    for name, address in ADDRESSES.items():
        host = "reachable" if reached.get(name, True) else "unreachable"
        pods = "reachable" if (endpoints or reached).get(name, True) else "unreachable"
        local = " (localhost)" if name == reporter else ""
        rows.append(f"  {name}{local}   {address}   {host}   {pods}")
    return (HEAD.format(3 - list(reached.values()).count(False)) + "\n".join(rows) + "\n").encode()


def _found(files: Files, folder: Path) -> list[tuple[str, str]]:
    return [(f.condition.code, f.subject.name) for f in diagnosed(files, folder).findings if f.condition.layer == "cni"]


def test_a_node_that_reaches_none_of_several_is_cut_off_itself(tmp_path: Path) -> None:
    files = {"a.txt": _status("node-a", {"node-b": False, "node-c": False})}
    assert _found(files, tmp_path) == [("cni.node-cut-off", "node-a")]


def test_a_node_that_nobody_reaches_is_cut_off(tmp_path: Path) -> None:
    files = {
        "a.txt": _status("node-a", {"node-c": False}),
        "b.txt": _status("node-b", {"node-c": False}),
        "c.txt": _status("node-c", {"node-a": False, "node-b": False}),
    }
    assert _found(files, tmp_path) == [("cni.node-cut-off", "node-c")]


def test_two_that_do_not_reach_each_other_and_are_reached_by_a_third_have_a_broken_path(tmp_path: Path) -> None:
    files = {
        "a.txt": _status("node-a", {"node-c": False}),
        "b.txt": _status("node-b", {}),
        "c.txt": _status("node-c", {"node-a": False}),
    }
    assert set(_found(files, tmp_path)) == {("cni.path-broken", "node-a"), ("cni.path-broken", "node-c")}


def test_a_host_that_is_silent_while_its_pods_answer_is_not_cut_off(tmp_path: Path) -> None:
    files = {"a.txt": _status("node-a", {"node-c": False}, {"node-c": True})}
    assert _found(files, tmp_path) == []


def test_all_reached_is_no_finding(tmp_path: Path) -> None:
    assert _found({"a.txt": _status("node-a", {}), "b.txt": _status("node-b", {})}, tmp_path) == []


def test_of_one_peer_alone_either_end_may_be_at_fault(tmp_path: Path) -> None:
    lines = _status("node-a", {"node-b": False}).decode().splitlines(keepends=True)
    assert _found({"a.txt": "".join(lines[:4]).encode()}, tmp_path) == []


def test_a_cut_off_node_that_is_not_ready_explains_it(tmp_path: Path) -> None:
    conditions = [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "stopped posting"}]
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-c"}, "spec": {}}
    node["status"] = {"conditions": conditions, "addresses": [{"type": "InternalIP", "address": "10.0.0.3"}]}
    files = {
        "a.txt": _status("node-a", {"node-c": False}),
        "b.txt": _status("node-b", {"node-c": False}),
        "node.json": json.dumps(node).encode(),
    }
    diagnosis = diagnosed(files, tmp_path)
    ids = {finding.condition.code: finding.id for finding in diagnosis.findings}
    assert (ids["node.not-ready"], ids["cni.node-cut-off"]) in {(link.cause, link.effect) for link in diagnosis.links}
