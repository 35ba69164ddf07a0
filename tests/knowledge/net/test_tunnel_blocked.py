"""A firewall that stops the overlay's packets, and what looks like it."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, found, recorded, roots

HERE = ("net.tunnel-blocked", "Node/node-a")
RULE = '-A INPUT -i eth0 -p udp -m udp --dport 8472 -m comment --comment "hardening: not in use" -j DROP'


def _recorded() -> Files:
    return recorded("net/tunnel_blocked/vxlan_port_dropped")


def _changed(files: Files, old: str, new: str) -> Files:
    text = files["node-a.txt"].decode()
    assert old in text
    files["node-a.txt"] = text.replace(old, new).encode()
    return files


def test_the_rule_is_quoted_with_its_counter_and_accepted_before_it(tmp_path: Path) -> None:
    diagnosis = diagnosed(_recorded(), tmp_path)
    assert roots(diagnosis) == [HERE]
    finding = diagnosis.root_causes[0].finding
    assert RULE in finding.title
    assert "packets so far" in finding.title
    assert (finding.values["tool"], finding.values["table"], finding.values["chain"]) == ("iptables", "filter", "INPUT")


def test_a_policy_that_drops_is_as_good_as_a_rule(tmp_path: Path) -> None:
    files = _changed(_recorded(), f"[48:6432] {RULE}\n", "")
    _changed(files, ":INPUT ACCEPT", ":INPUT DROP")
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [HERE]
    assert "policy DROP" in diagnosis.root_causes[0].finding.title


def test_a_rule_that_rejects_what_the_node_sends_is_named_too(tmp_path: Path) -> None:
    files = _changed(
        _recorded(), RULE, "-A OUTPUT -p udp -m udp --dport 8472 -j REJECT --reject-with icmp-port-unreachable"
    )
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [HERE]
    assert "rejects" in diagnosis.root_causes[0].finding.title
    assert "it sends to other nodes" in diagnosis.root_causes[0].finding.title


def test_nftables_rules_are_named_with_their_table_and_chain(tmp_path: Path) -> None:
    files = _changed(_recorded(), f"[48:6432] {RULE}\n", "")
    files["node-a/nft.txt"] = (
        b"table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n"
        b"\t\tudp dport 8472 counter packets 48 bytes 6432 drop\n\t}\n}\n"
    )
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [HERE]
    values = diagnosis.root_causes[0].finding.values
    assert (values["family"], values["nft_table"], values["nft_chain"]) == ("inet", "filter", "input")
    assert "48 packets so far" in diagnosis.root_causes[0].finding.title


def test_a_rule_for_another_port_or_accepted_before_clears_the_firewall(tmp_path: Path) -> None:
    for number, (old, new) in enumerate(
        (
            ("--dport 8472 -m comment", "--dport 4789 -m comment"),
            (f"[48:6432] {RULE}", f"-A INPUT -s 192.168.50.12/32 -p udp -m udp --dport 8472 -j ACCEPT\n[0:0] {RULE}"),
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        diagnosis = diagnosed(_changed(_recorded(), old, new), folder)
        assert HERE not in roots(diagnosis)
        assert "net.tunnel-blocked" in {each.condition.code for each in diagnosis.ruled_out}


def test_a_rule_that_only_may_match_leaves_it_open(tmp_path: Path) -> None:
    files = _changed(_recorded(), RULE, "-A INPUT -p udp -m udp --dport 8472 -m set --match-set peers src -j DROP")
    diagnosis = diagnosed(files, tmp_path)
    assert HERE not in roots(diagnosis)
    assert "net.tunnel-blocked" in {each.condition.code for each in diagnosis.undetermined}


def test_without_the_packet_filter_it_is_asked_for(tmp_path: Path) -> None:
    files = _recorded()
    text = files["node-a.txt"].decode()
    start, end = text.index("[root@node-a ~]# iptables-save"), text.index("[root@node-a ~]# ss ")
    files["node-a.txt"] = (text[:start] + text[end:]).encode()
    diagnosis = diagnosed(files, tmp_path)
    assert HERE not in roots(diagnosis)
    asked = [probe.command for each in diagnosis.undetermined for gap in each.gaps for probe in gap.probes]
    assert any("iptables-save -c" in command for command in asked)


def test_the_rule_may_stand_on_the_node_of_the_name_servers(tmp_path: Path) -> None:
    files = _changed(_recorded(), f"[48:6432] {RULE}\n", "")
    filtering = f"*filter\n:INPUT ACCEPT [0:0]\n[9:900] {RULE}\nCOMMIT\n*nat\n"
    files["node-b.txt"] = files["node-b.txt"].replace(b"*nat\n", filtering.encode(), 1)
    assert roots(diagnosed(files, tmp_path)) == [("net.tunnel-blocked", "Node/node-b")]


def test_what_fails_on_the_other_node_is_not_laid_at_this_ones_door(tmp_path: Path) -> None:
    files = _recorded()
    files["objects/pods.json"] = files["objects/pods.json"].replace(b'"nodeName": "node-a"', b'"nodeName": "node-c"')
    assert HERE not in roots(diagnosed(files, tmp_path))


def test_one_broad_rule_is_one_root_though_it_stops_tunnel_and_connections(tmp_path: Path) -> None:
    """A rule for everything that leaves, and a connection of the node itself (nc of OpenBSD 1.219)."""
    files = _changed(_recorded(), RULE, '-A OUTPUT -o eth0 -m comment --comment "hardening: closed" -j DROP')
    files["node-a.txt"] += (
        b"[root@node-a ~]# nc -vz -w 3 192.168.50.12 6443\n"
        b"nc: connect to 192.168.50.12 port 6443 (tcp) timed out: Operation now in progress\n"
    )
    files["node-a.txt"] += (
        b"[root@node-a ~]# ip addr show eth0\n"
        b"2: eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000\n"
        b"    link/ether 02:00:00:00:00:11 brd ff:ff:ff:ff:ff:ff\n"
        b"    inet 192.168.50.11/24 scope global eth0\n       valid_lft forever preferred_lft forever\n"
    )
    diagnosis = diagnosed(files, tmp_path)
    assert {"net.tunnel-blocked", "net.firewall-drops"} <= found(diagnosis)
    assert roots(diagnosis) == [("net.firewall-drops", "Node/node-a")]
