"""Neighbours that are silent, too many, or two with one address; and what looks like it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.harness.changed import Files, diagnosed, found, recorded, roots

SILENT = ("net.neighbour-silent", "Node/node-a")
FULL = ("net.neighbour-table-full", "Node/node-a")
#: net/core/neighbour.c neigh_alloc, as Linux 5.x and 6.x print it with `dmesg -T`.
OVERFLOW = "[Sun Nov 22 06:22:01 2026] neighbour: arp_cache: neighbor table overflow!\n"


def _recorded() -> Files:
    return recorded("net/neighbour_silent/gateway_of_no_host")


def _changed(files: Files, old: str, new: str) -> Files:
    text = files["node-a.txt"].decode()
    assert old in text
    files["node-a.txt"] = text.replace(old, new).encode()
    return files


def test_a_neighbour_that_is_known_clears_the_link(tmp_path: Path) -> None:
    files = _changed(
        _recorded(), "192.168.50.13 dev eth0 FAILED", "192.168.50.13 dev eth0 lladdr d2:3b:bd:1f:2d:20 REACHABLE"
    )
    diagnosis = diagnosed(files, tmp_path)
    assert "net.neighbour-silent" not in found(diagnosis)
    assert "net.neighbour-silent" in {each.condition.code for each in diagnosis.ruled_out}


def test_the_gateway_of_a_far_peer_is_looked_at(tmp_path: Path) -> None:
    files = _changed(_recorded(), "192.168.50.13 6443", "172.31.7.9 6443")
    _changed(files, "to 192.168.50.13 port", "to 172.31.7.9 port")
    _changed(files, "192.168.50.13 dev eth0 FAILED", "192.168.50.1 dev eth0 INCOMPLETE")
    diagnosis = diagnosed(files, tmp_path)
    assert "for 192.168.50.1 on eth0" in diagnosis.root_causes[0].finding.title


def test_without_the_neighbour_table_it_is_asked_for(tmp_path: Path) -> None:
    files = _changed(_recorded(), "192.168.50.13 dev eth0 FAILED \n", "")
    diagnosis = diagnosed(files, tmp_path)
    assert "net.neighbour-silent" not in found(diagnosis)
    assert any("ip neigh" in step.command for step in diagnosis.next_steps)


def test_a_silent_address_of_a_node_that_is_not_ready_is_that_nodes_trouble(tmp_path: Path) -> None:
    files = _recorded()
    conditions = [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "stopped posting"}]
    addresses = [{"type": "InternalIP", "address": "192.168.50.13"}]
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-c"}, "spec": {}}
    node["status"] = {"conditions": conditions, "addresses": addresses}
    files["node-c.json"] = json.dumps(node).encode()
    diagnosis = diagnosed(files, tmp_path)
    links = {(link.cause, link.effect) for link in diagnosis.links}
    ids = {finding.condition.code: finding.id for finding in diagnosis.findings}
    assert (ids["node.not-ready"], ids["net.neighbour-silent"]) in links


def test_a_full_table_is_the_root_where_the_kernel_says_so(tmp_path: Path) -> None:
    files = _changed(_recorded(), "192.168.50.13 dev eth0 FAILED \n", "")
    _changed(
        files,
        "[root@node-a ~]# ip route\n",
        f"[root@node-a ~]# dmesg -T | tail -1\n{OVERFLOW}[root@node-a ~]# ip route\n",
    )
    assert roots(diagnosed(files, tmp_path)) == [FULL]


def test_as_many_entries_as_are_allowed_are_a_full_table(tmp_path: Path) -> None:
    files = _recorded()
    many = "".join(f"192.168.50.{n} dev eth0 lladdr 02:00:00:00:00:{n:02x} STALE\n" for n in range(100, 164))
    _changed(files, "192.168.50.13 dev eth0 FAILED \n", many)
    limit = "[root@node-a ~]# sysctl net.ipv4.neigh.default.gc_thresh3\nnet.ipv4.neigh.default.gc_thresh3 = {}\n"
    _changed(files, "[root@node-a ~]# ip route\n", limit.format(64) + "[root@node-a ~]# ip route\n")
    assert roots(diagnosed(files, tmp_path)) == [FULL]
    (tmp_path / "room").mkdir()
    _changed(files, "gc_thresh3 = 64", "gc_thresh3 = 1024")
    diagnosis = diagnosed(files, tmp_path / "room")
    assert FULL not in roots(diagnosis)
    assert "net.neighbour-table-full" in {each.condition.code for each in diagnosis.ruled_out}


def test_an_overflow_an_hour_before_is_over(tmp_path: Path) -> None:
    later = "[Sun Nov 22 07:40:00 2026] eth1: renamed from veth9\n"
    files = _changed(
        _recorded(),
        "[root@node-a ~]# ip route\n",
        f"[root@node-a ~]# dmesg -T | tail -2\n{OVERFLOW}{later}[root@node-a ~]# ip route\n",
    )
    assert FULL not in roots(diagnosed(files, tmp_path))


def test_one_answer_per_address_is_no_duplicate(tmp_path: Path) -> None:
    files = recorded("net/duplicate_address/pod_and_node")
    lines = files["node-a.txt"].splitlines(keepends=True)
    files["node-a.txt"] = b"".join(lines[:6] + lines[7:])
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert "net.duplicate-address" in {each.condition.code for each in diagnosis.ruled_out}


def test_a_silent_neighbour_that_is_not_the_next_hop_explains_nothing(tmp_path: Path) -> None:
    files = _changed(_recorded(), "192.168.50.13 dev eth0 FAILED", "192.168.50.44 dev eth0 FAILED")
    assert "net.neighbour-silent" not in found(diagnosed(files, tmp_path))
