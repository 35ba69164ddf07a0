"""Bridged frames that the packet filter does not see, and what looks like it."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, recorded, roots

HERE = ("net.bridge-netfilter-off", "Node/node-a")
KEY = "net.bridge.bridge-nf-call-iptables"


def _recorded() -> Files:
    return recorded("net/bridge_netfilter_off/endpoint_on_same_node")


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


def test_a_module_that_is_not_loaded_is_the_same_fault(tmp_path: Path) -> None:
    missing = f"sysctl: cannot stat /proc/sys/{KEY.replace('.', '/')}: No such file or directory"
    files = _changed(_recorded(), f"{KEY} = 0", missing)
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [HERE]
    assert "br_netfilter is not loaded" in diagnosis.root_causes[0].finding.title


def test_the_value_1_clears_it(tmp_path: Path) -> None:
    assert _states(_changed(_recorded(), f"{KEY} = 0", f"{KEY} = 1"), tmp_path) == "ruled out"


def test_a_routed_network_does_not_need_it(tmp_path: Path) -> None:
    files = _changed(_recorded(), "10.244.1.0/24 dev cni0 proto kernel", "10.244.1.6 dev cali5f1d0c3a77a proto kernel")
    assert _states(files, tmp_path) == "open"


def test_an_endpoint_on_another_node_does_not_need_it(tmp_path: Path) -> None:
    assert _states(_changed(_recorded(), "10.244.1.6:8080", "10.244.2.6:8080"), tmp_path) == "open"


def test_a_bridge_that_hands_over_its_frames_itself_clears_it(tmp_path: Path) -> None:
    files = _recorded()
    link = (
        "3: cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP mode DEFAULT group default\n"
        "    link/ether ba:17:a2:31:ea:7b brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 65535\n"
        "    bridge forward_delay 1500 hello_time 200 max_age 2000 nf_call_iptables 1 nf_call_ip6tables 1\n"
    )
    end = "[root@node-a ~]# conntrack -L -p tcp\n"
    _changed(files, end, f"[root@node-a ~]# ip -d link show cni0\n{link}{end}")
    assert _states(files, tmp_path) == "ruled out"


def test_without_the_value_it_is_open(tmp_path: Path) -> None:
    assert _states(_changed(_recorded(), f"{KEY} = 0\n", ""), tmp_path) == "open"
