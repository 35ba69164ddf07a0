"""Tracked connections to endpoints of former times, and to those of today."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, recorded, roots

HERE = ("net.stale-conntrack", "Node/node-a")


def _recorded() -> Files:
    return recorded("net/stale_conntrack/former_dns_pod")


def _changed(files: Files, old: str, new: str) -> Files:
    text = files["node-a.txt"].decode()
    assert old in text
    files["node-a.txt"] = text.replace(old, new).encode()
    return files


def _states(files: Files, folder: Path) -> str:
    diagnosis = diagnosed(files, folder)
    if HERE in roots(diagnosis):
        return "root"
    cleared = any(each.condition.code == HERE[0] for each in diagnosis.ruled_out)
    return "ruled out" if cleared else "open"


def test_an_entry_to_an_endpoint_of_today_clears_it(tmp_path: Path) -> None:
    files = _changed(_recorded(), "src=10.244.2.7 dst=10.244.1.5 sport=53", "src=10.244.2.8 dst=10.244.1.5 sport=53")
    assert _states(files, tmp_path) == "ruled out"


def test_the_nodes_own_rules_tell_the_endpoints_where_no_objects_do(tmp_path: Path) -> None:
    files = _recorded()
    del files["objects/endpointslices.discovery.k8s.io.json"]
    assert _states(files, tmp_path) == "root"


def test_a_tcp_connection_ends_with_its_endpoint(tmp_path: Path) -> None:
    files = _changed(_recorded(), "udp      17 118 src=10.244.1.5", "tcp      6 118 ESTABLISHED src=10.244.1.5")
    assert _states(files, tmp_path) == "open"


def test_without_the_tracked_connections_it_is_open(tmp_path: Path) -> None:
    files = _recorded()
    lines = files["node-a.txt"].splitlines(keepends=True)
    files["node-a.txt"] = b"".join(line for line in lines if b"sport=33333" not in line)
    assert _states(files, tmp_path) == "open"


def test_a_service_without_endpoints_has_another_fault(tmp_path: Path) -> None:
    files = _recorded()
    slices = files["objects/endpointslices.discovery.k8s.io.json"]
    files["objects/endpointslices.discovery.k8s.io.json"] = slices.replace(b'"ready": true', b'"ready": false').replace(
        b'"serving": true', b'"serving": false'
    )
    _changed(files, "10.244.2.8:53", "10.244.2.7:53")
    assert _states(files, tmp_path) != "root"
