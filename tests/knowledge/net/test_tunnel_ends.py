"""Tunnels with an open firewall that lose packets all the same: a taken port, a wrong entry; and healthy ones."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, recorded, roots

TAKEN = ("net.tunnel-port-taken", "Node/node-a")
WRONG = ("net.tunnel-wrong-peer", "Node/node-a")


def _changed(files: Files, name: str, old: str, new: str) -> Files:
    text = files[name].decode()
    assert old in text
    files[name] = text.replace(old, new).encode()
    return files


def _states(files: Files, folder: Path, condition: tuple[str, str]) -> str:
    diagnosis = diagnosed(files, folder)
    if condition in roots(diagnosis):
        return "root"
    cleared = any(each.condition.code == condition[0] for each in diagnosis.ruled_out)
    return "ruled out" if cleared else "open"


def test_the_kernels_own_socket_has_no_process(tmp_path: Path) -> None:
    files = recorded("net/tunnel_port_taken/by_another_program")
    _changed(files, "node-a.txt", 'users:(("python3",pid=29767,fd=3))', "")
    assert _states(files, tmp_path, TAKEN) == "ruled out"


def test_a_program_on_another_port_is_nobodys_trouble(tmp_path: Path) -> None:
    files = recorded("net/tunnel_port_taken/by_another_program")
    assert _states(_changed(files, "node-a.txt", "0.0.0.0:8472", "0.0.0.0:8473"), tmp_path, TAKEN) == "ruled out"


def test_without_the_sockets_they_are_asked_for(tmp_path: Path) -> None:
    files = recorded("net/tunnel_port_taken/by_another_program")
    text = files["node-a.txt"].decode()
    start, end = text.index("[root@node-a ~]# ss "), text.index("[root@node-a ~]# iptables-save")
    files["node-a.txt"] = (text[:start] + text[end:]).encode()
    assert _states(files, tmp_path, TAKEN) == "open"


def test_entries_that_agree_with_the_peer_clear_the_tables(tmp_path: Path) -> None:
    files = recorded("net/tunnel_wrong_peer/former_hardware_address")
    _changed(files, "node-a.txt", "0a:f4:02:00:00:99", "0a:f4:02:00:00:01")
    assert _states(files, tmp_path, WRONG) == "ruled out"


def test_a_forwarding_entry_to_a_foreign_node_is_wrong_too(tmp_path: Path) -> None:
    files = recorded("net/tunnel_wrong_peer/former_hardware_address")
    _changed(files, "node-a.txt", "0a:f4:02:00:00:99", "0a:f4:02:00:00:01")
    _changed(files, "node-a.txt", "dst 192.168.50.12 self", "dst 192.168.50.77 self")
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [WRONG]
    assert "to 192.168.50.77, and node-b has 192.168.50.12" in diagnosis.root_causes[0].finding.title


def test_without_the_peers_own_device_it_is_open(tmp_path: Path) -> None:
    files = recorded("net/tunnel_wrong_peer/former_hardware_address")
    del files["node-b.txt"]
    assert _states(files, tmp_path, WRONG) == "open"
