"""The recorded two nodes: each fault is named with the rule or setting that decides, and the healthy twin delivers.

``recorded``: network namespaces standing for nodes n1 and n2 (flannel's vxlan between them, bridges, the chains of
kube-proxy 1.34 loaded by iptables-restore), written by the commands in the files; a real connection was tried in each
state: it was answered (healthy), timed out (firewall, forwarding_off), was refused (reject). The objects are those of a
recorded cluster with names, addresses and ports changed to fit.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kwhy.ingest.reading import read
from kwhy.knowledge.path.recorded import world_of
from kwhy.knowledge.path.tracing import trace
from kwhy.model.trace import Trace, TraceEnd, TraceQuestion
from kwhy.scene.scene import Scene

RECORDED = Path(__file__).parent / "recorded"
CART = TraceEnd("pod", "cart-6cf9dc644c-b4hjd", "shop")
POD_ON_N2 = TraceEnd("address", "10.244.2.11")
DB = TraceEnd("service", "db", "shop", 3306)


def scene_of(*names: str) -> Scene:
    evidence = read([str(RECORDED / name) for name in names])
    return Scene(evidence.documents, evidence.facts)


def traced(*names: str, source: TraceEnd = CART, target: TraceEnd = DB) -> Trace:
    return trace(scene_of(*names), TraceQuestion(source, target))


def test_both_endpoints_are_reached_and_their_answers_come_back() -> None:
    answer = traced("healthy", "objects")
    assert answer.verdict == "delivered" and not answer.depends_on and answer.by is None
    assert [(way.share, way.verdict) for way in answer.ways] == [(0.5, "delivered"), (0.5, "delivered")]
    assert {way.seen for way in answer.ways} == {
        "tcp 10.244.1.10:32768 → 10.244.2.11:3306", "tcp 10.244.1.10:32768 → 10.244.2.12:3306",
    }  # fmt: skip
    for way in answer.ways:
        assert any("wraps the packet as vxlan 1 to 192.168.60.12" in step.says for step in way.there)
        assert any("wraps the packet as vxlan 1 to 192.168.60.11" in step.says for step in way.back)
        assert any("translates its source" in step.says for step in way.back)


def test_a_firewall_that_drops_the_tunnel_is_named_with_its_counter() -> None:
    answer = traced("firewall", "objects")
    assert answer.verdict == "dropped" and answer.by is not None
    assert answer.by.source.endswith("n2.txt")
    assert answer.by.excerpt.startswith("[4:440] -A INPUT -i eth0 -p udp -m udp --dport 8472")
    assert "wrapped in it is tcp 10.244.1.10:32768 → 10.244.2.11:3306" in answer.says
    assert {way.to.split(" at ")[1] for way in answer.ways} == {"10.244.2.11:3306", "10.244.2.12:3306"}


def test_a_refusing_rule_is_told_from_a_dropping_one() -> None:
    answer = traced("reject", "objects")
    assert answer.verdict == "refused" and answer.by is not None
    assert "-j REJECT --reject-with icmp-port-unreachable" in answer.by.excerpt


def test_a_node_that_does_not_forward_is_named_by_the_switch_for_all_devices() -> None:
    answer = traced("forwarding_off", "objects")
    assert answer.verdict == "dropped" and answer.by is not None
    assert answer.by.excerpt == "net.ipv4.ip_forward = 0"
    assert "node n2 does not forward" in answer.says


def test_a_name_leads_to_its_service() -> None:
    answer = traced("healthy", "objects", target=TraceEnd("host", "db.shop.svc.cluster.local", None, 3306))
    assert answer.verdict == "delivered"
    assert answer.checks[0].says == "the name db.shop.svc.cluster.local means Service shop/db"


def test_the_address_of_the_service_is_the_service() -> None:
    assert traced("healthy", "objects", target=TraceEnd("address", "10.96.12.7", None, 3306)).verdict == "delivered"


def test_a_node_calls_too() -> None:
    """kube-proxy masquerades what does not come from pods, by flannel's address and a random port."""
    answer = traced("healthy", "objects", source=TraceEnd("node", "n1"))
    assert answer.verdict == "delivered"
    assert {way.seen.split(" → ")[0] for way in answer.ways} == {"tcp 10.244.1.0:?"}


def test_without_the_second_node_the_answer_needs_it(tmp_path: Path) -> None:
    evidence = read([str(RECORDED / "healthy" / "n1.txt"), str(RECORDED / "objects")])
    answer = trace(Scene(evidence.documents, evidence.facts), TraceQuestion(CART, DB))
    assert answer.verdict in ("unknown", "left")
    assert not any(way.verdict == "delivered" for way in answer.ways)


def test_without_the_packet_filter_of_a_node_nothing_is_promised(tmp_path: Path) -> None:
    for name in ("n1", "n2"):
        text = (RECORDED / "firewall" / f"{name}.txt").read_text()
        (tmp_path / f"{name}.txt").write_text(
            text[: text.index(f"root@{name}:~# iptables-save")] if name == "n2" else text
        )
    evidence = read([str(tmp_path), str(RECORDED / "objects")])
    answer = trace(Scene(evidence.documents, evidence.facts), TraceQuestion(CART, DB))
    assert answer.verdict == "unknown"
    assert "that the packet filter of node n2 lets it pass" in [need.what for need in answer.depends_on]


def test_objects_alone_promise_nothing_and_name_the_nodes() -> None:
    answer = traced("objects")
    assert answer.verdict == "unknown"
    assert {"the network of node n1", "the network of node n2"} <= {need.what for need in answer.not_checked}
    assert [way.share for way in answer.ways] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("target", "verdict", "says"),
    [
        (TraceEnd("service", "db", "shop", 3307), "dropped", "Service shop/db has no port 3307/TCP; it has 3306/TCP"),
        (TraceEnd("service", "dbs", "shop"), "refused", "Service shop/dbs does not exist: its name does not resolve"),
        (TraceEnd("pod", "gone", "shop", 80), "dropped", "Pod shop/gone does not exist"),
        (TraceEnd("host", "a.test", None, 80), "unknown", "not known: nothing shows the address of host:a.test:80"),
    ],
)  # fmt: skip
def test_what_objects_decide_needs_no_node(target: TraceEnd, verdict: str, says: str) -> None:
    answer = traced("objects", target=target)
    assert (answer.verdict, answer.says) == (verdict, says)


def test_a_packet_to_the_world_leaves_what_is_shown() -> None:
    answer = traced("healthy", "objects", target=TraceEnd("address", "203.0.113.9", None, 443))
    assert answer.verdict == "left"
    assert answer.says == "the packet leaves node n1 by eth0 to 192.168.60.1; nothing beyond is shown"


def test_a_pod_that_calls_another_node_by_its_own_address_meets_the_reverse_path_filter() -> None:
    """Nobody masquerades here, and the way back to a pod is by flannel.1, not by eth0."""
    answer = traced("healthy", "objects", source=POD_ON_N2, target=TraceEnd("node", "n1", None, 80))
    assert answer.verdict == "dropped" and answer.by is not None
    assert answer.by.excerpt == "net.ipv4.conf.eth0.rp_filter = 1"
    assert answer.says.endswith("the way back to 10.244.2.11 leaves by flannel.1, not by eth0")


def test_a_narrower_device_on_the_way_is_said(tmp_path: Path) -> None:
    for name in ("n1", "n2"):
        text = (RECORDED / "healthy" / f"{name}.txt").read_text()
        wider = re.sub(r"( cni0: .* mtu )1450", r"\g<1>1500", text) if name == "n1" else text
        (tmp_path / f"{name}.txt").write_text(wider)
    evidence = read([str(tmp_path), str(RECORDED / "objects")])
    answer = trace(Scene(evidence.documents, evidence.facts), TraceQuestion(CART, DB))
    assert {way.fits for way in answer.ways} == {
        "packets over 1450 bytes do not fit through flannel.1 of node n1, though cni0 of node n1 lets out 1500"
    }


def test_the_namespaces_are_told_by_their_prompts() -> None:
    world = world_of(scene_of("healthy"))
    assert sorted(world.hosts) == ["n1", "n2"]
    assert world.hosts["n1"].kind("flannel.1") == "vxlan" and world.hosts["n1"].kind("cni0") == "bridge"


def test_a_packet_that_goes_round_in_circles_ends(tmp_path: Path) -> None:
    """Each node sends what it does not know to the other, and no filter asks where it came from."""
    for name, other in (("n1", "192.168.60.12"), ("n2", "192.168.60.11")):
        text = (RECORDED / "healthy" / f"{name}.txt").read_text()
        text = text.replace("default via 192.168.60.1 ", f"default via {other} ").replace(
            "rp_filter = 1", "rp_filter = 0"
        )
        (tmp_path / f"{name}.txt").write_text(text)
    evidence = read([str(tmp_path), str(RECORDED / "objects")])
    question = TraceQuestion(CART, TraceEnd("address", "203.0.113.9", None, 443))
    answer = trace(Scene(evidence.documents, evidence.facts), question)
    assert (answer.verdict, answer.says) == ("dropped", "the packet goes round in circles until its TTL is over")
