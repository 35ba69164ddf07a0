"""The chain of a name server whose node lacks a device, and what is left of it without one part of the evidence."""

import re
from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

from kwhy.model.diagnosis import Diagnosis

DEVICE = ("net.device-missing", "Node/node-a")


def files() -> Files:
    return objects_and_logs(recorded("dns/server_cut_off"))


def test_one_replica_is_a_weakness_and_no_cause(tmp_path: Path) -> None:
    diagnosis = diagnosed(files(), tmp_path)
    assert roots(diagnosis) == [DEVICE]
    assert "dns.single-server" in {finding.condition.code for finding in diagnosis.contributing}


def test_two_replicas_are_no_weakness(tmp_path: Path) -> None:
    shown = files()

    def edit(items: list[Any]) -> None:
        items[0]["spec"]["replicas"] = 2

    change(shown, "objects/deployments.json", edit)
    assert "dns.single-server" not in found(diagnosed(shown, tmp_path))


def test_without_the_node_the_lost_network_is_as_far_as_the_proof_goes(tmp_path: Path) -> None:
    shown = files()
    del shown["node-a-session.txt"]
    diagnosis = diagnosed(shown, tmp_path)
    assert roots(diagnosis) == []
    assert "dns.server-cut-off" in {c.finding.condition.code for c in diagnosis.root_causes}


def test_upstreams_that_answer_others_are_never_blamed(tmp_path: Path) -> None:
    shown = files()
    del shown["node-a-session.txt"]
    assert "dns.upstream-not-answering" not in found(diagnosed(shown, tmp_path))
    del shown["bastion-session.txt"]
    assert "dns.upstream-not-answering" not in found(diagnosed(shown, tmp_path / "without"))


def links(diagnosis: Diagnosis) -> set[tuple[str, str]]:
    of = {finding.id: finding.condition.code for finding in diagnosis.findings}
    return {(of[link.cause], of[link.effect]) for link in diagnosis.links}


def test_a_node_that_forwards_nothing_cuts_its_name_server_off(tmp_path: Path) -> None:
    shown = files()
    shown["node-a-session.txt"] = b"root@node-a:~# sysctl net.ipv4.ip_forward\nnet.ipv4.ip_forward = 0\n"
    diagnosis = diagnosed(shown, tmp_path)
    assert roots(diagnosis) == [("net.forwarding-off", "Node/node-a")]
    assert ("net.forwarding-off", "dns.server-cut-off") in links(diagnosis)


def _without_a_route(peer: str) -> bytes:
    """iproute2 6.1 and nc of OpenBSD 1.219 on a node whose only route is that of its own network."""
    return (
        "root@node-a:~# ip rule show\n0:\tfrom all lookup local\n32766:\tfrom all lookup main\n"
        "32767:\tfrom all lookup default\n"
        "root@node-a:~# ip route show table all\n192.168.50.0/24 dev eth0 proto kernel scope link src 192.168.50.11\n"
        f"root@node-a:~# nc -vz -w 3 {peer} 53\nnc: connect to {peer} port 53 (tcp) failed: Network is unreachable\n"
    ).encode()


def test_a_node_without_a_route_to_the_upstream_cuts_its_name_server_off(tmp_path: Path) -> None:
    shown = files()
    log = shown["logs/kube-system_coredns-665bbf77c4-5fsln_coredns.log"].decode()
    [upstream, *_] = re.findall(r"->([\d.]+):\d+: i/o timeout", log)
    shown["node-a-session.txt"] = _without_a_route(upstream)
    diagnosis = diagnosed(shown, tmp_path)
    assert roots(diagnosis) == [("net.no-route", "Node/node-a")]
    assert ("net.no-route", "dns.server-cut-off") in links(diagnosis)


def test_a_missing_route_to_somebody_else_cuts_no_name_server_off(tmp_path: Path) -> None:
    shown = files()
    shown["node-a-session.txt"] = _without_a_route("198.51.100.7")
    assert ("net.no-route", "dns.server-cut-off") not in links(diagnosed(shown, tmp_path))
