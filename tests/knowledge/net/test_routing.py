"""The route decision over real evidence and over what is missing from it. Agreement with the kernel: tests/labs."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.network import NetworkFact
from kwhy.ingest.parsers import ip_addr, ip_route, ip_rule, route_n, sysctl
from kwhy.knowledge.net.policy_database import PolicyDatabase, policy_database
from kwhy.knowledge.net.routing import Decision, decide
from kwhy.knowledge.net.rule_match import Flow
from kwhy.model.document import Document
from kwhy.model.parsing import Format

CASES = Path(__file__).parents[2] / "cases" / "net" / "policy_table_empty"
FILES = {
    "ip-rule.txt": ip_rule.FORMAT,
    "ip-route-all.txt": ip_route.FORMAT,
    "ip-addr.txt": ip_addr.FORMAT,
    "sysctl-rp-filter.txt": sysctl.FORMAT,
}
#: Connections of the pod to the database, as the node sees them: they come in on the pod's veth.
POD = Flow(
    destination="10.176.46.4", source="10.176.44.23", arrives_on="eni6f2c1a9b3d0", protocol="tcp", destination_port=3306
)


def read(form: Format, text: str, command: str | None = None, source: str = "x.txt") -> list[NetworkFact]:
    return cast("list[NetworkFact]", list(form.parse(Document(source, text.encode(), command=command))))


def node(case: str, *without: str) -> PolicyDatabase:
    facts: list[NetworkFact] = []
    for name, form in FILES.items():
        if name not in without:
            facts += read(form, (CASES / case / "evidence" / name).read_text(), source=name)
    return policy_database(facts)


def database(routes: str, rules: str | None = None, command: str | None = "ip route show table all") -> PolicyDatabase:
    facts = read(ip_route.FORMAT, routes, command)
    return policy_database(facts + (read(ip_rule.FORMAT, rules, "ip rule") if rules is not None else []))


DEFAULTS = "0: from all lookup local\n32766: from all lookup main\n32767: from all lookup default\n"


def said(decision: Decision) -> list[str]:
    return [step.says for step in decision.steps]


def test_with_its_table_filled_the_pod_leaves_by_its_own_device() -> None:
    decision = decide(node("healthy_twin"), POD)
    assert (decision.result.devices, decision.result.table, decision.assumed) == (("eth1",), "2", ())


def test_with_its_table_lost_the_pod_leaves_by_the_default_of_main() -> None:
    decision = decide(node("table_lost"), POD)
    assert (decision.result.devices, decision.result.table) == (("eth0",), "main")
    assert said(decision) == [
        "rule 0 looks into table local",
        "table local: no route to 10.176.46.4 → next rule",
        "rule 1536 looks into table 2",
        "table 2: listed and empty → next rule",
        "rule 32766 looks into table main",
        "table main: default via 10.176.40.1 dev eth0 is the longest match",
    ]
    places = [(step.at.source, step.at.line) for step in decision.steps if step.at is not None]
    assert ("ip-rule.txt", 4) in places
    assert ("ip-route-all.txt", 1) in places


def test_answers_to_the_pod_go_to_its_veth_either_way() -> None:
    reply = Flow(destination="10.176.44.23", source="10.176.46.4", arrives_on="eth1")
    assert decide(node("table_lost"), reply).result.devices == ("eni6f2c1a9b3d0",)
    assert decide(node("healthy_twin"), reply).result.devices == ("eni6f2c1a9b3d0",)


def test_without_any_listing_of_table_2_the_decision_depends_on_it() -> None:
    rules = read(ip_rule.FORMAT, (CASES / "table_lost" / "evidence" / "ip-rule.txt").read_text(), source="ip-rule.txt")
    main = read(ip_route.FORMAT, "default via 10.176.40.1 dev eth0\n", "ip route")
    decision = decide(policy_database(rules + main), POD)
    assert not decision.known
    assert decision.depends_on == ("whether table 2 has a route to 10.176.46.4: no document lists the table",)
    assert [one.result.devices for one in decision.possibilities] == [(), ("eth0",)]


def test_the_empty_output_of_the_command_decides() -> None:
    rules = read(ip_rule.FORMAT, (CASES / "table_lost" / "evidence" / "ip-rule.txt").read_text())
    main = read(ip_route.FORMAT, "default via 10.176.40.1 dev eth0\n", "ip route")
    empty = read(ip_route.FORMAT, "", "ip route show table 2")
    assert decide(policy_database(rules + main + empty), POD).result.devices == ("eth0",)


def test_without_rules_the_kernels_own_are_assumed_and_said() -> None:
    decision = decide(node("table_lost", "ip-rule.txt"), POD)
    assert decision.result.devices == ("eth0",)
    assert decision.assumed == ("no other rules than those shown and the kernel's defaults (`ip rule` lists them all)",)


def test_documents_that_disagree_about_a_table_leave_it_unknown() -> None:
    lost, healthy = (
        (CASES / case / "evidence" / "ip-route-all.txt").read_text() for case in ("table_lost", "healthy_twin")
    )
    rules = read(ip_rule.FORMAT, (CASES / "table_lost" / "evidence" / "ip-rule.txt").read_text())
    both = rules + read(ip_route.FORMAT, lost, source="now.txt") + read(ip_route.FORMAT, healthy, source="before.txt")
    decision = decide(policy_database(both), POD)
    assert decision.depends_on == ("what table 2 holds: now.txt:1 and before.txt:1 disagree",)


def test_route_n_and_ip_route_of_the_same_table_do_not_disagree() -> None:
    full = read(ip_route.FORMAT, "default via 10.0.0.1 dev eth0 src 10.0.0.7\n", "ip route", "a.txt")
    table = (
        "Kernel IP routing table\nDestination Gateway Genmask Flags Metric Ref Use Iface\n"
        "0.0.0.0 10.0.0.1 0.0.0.0 UG 0 0 0 eth0\n"
    )
    for facts in (
        full + read(route_n.FORMAT, table, source="b.txt"),
        read(route_n.FORMAT, table, source="b.txt") + full,
    ):
        decision = decide(policy_database(facts), Flow(destination="8.8.8.8"))
        assert (decision.result.devices, decision.result.source) == (("eth0",), "10.0.0.7")


def test_an_unknown_mark_matters_only_where_it_changes_the_result() -> None:
    routes = "default via 10.0.0.1 dev eth0 \ndefault via 10.1.0.1 dev eth1 table 9 \n"
    flow = Flow(destination="8.8.8.8", mark=None)
    by_mark = database(routes, DEFAULTS + "100: from all fwmark 0x1/0xf lookup 9\n")
    assert decide(by_mark, flow).depends_on == ("rule 100: whether the packet carries mark 0x1/0xf",)
    same_table = database(routes, DEFAULTS + "100: from all fwmark 0x1/0xf lookup main\n")
    assert decide(same_table, flow).result.devices == ("eth0",)
    assert decide(by_mark, Flow(destination="8.8.8.8", mark=0x11)).result.devices == ("eth1",)


@pytest.mark.parametrize(
    ("kind", "error"),
    [("unreachable", "EHOSTUNREACH"), ("prohibit", "EACCES"), ("blackhole", "EINVAL")],
)
def test_routes_that_refuse_give_their_error(kind: str, error: str) -> None:
    decision = decide(
        database(f"{kind} 8.8.0.0/16 \ndefault via 10.0.0.1 dev eth0 \n", DEFAULTS), Flow(destination="8.8.8.8")
    )
    assert (decision.result.kind, decision.result.error) == (kind, error)


def test_no_route_and_no_default_is_network_unreachable() -> None:
    decision = decide(
        database("10.0.0.0/24 dev eth0 proto kernel scope link \n", DEFAULTS), Flow(destination="8.8.8.8")
    )
    assert (decision.result.error, said(decision)[-1]) == ("ENETUNREACH", "no rule leads to a route")


def test_a_selector_that_is_not_understood_makes_only_its_own_rule_open() -> None:
    rules = DEFAULTS + "100: from 10.9.9.9 flavour sweet lookup 9\n"
    routes = "default via 10.0.0.1 dev eth0 \ndefault via 10.1.0.1 dev eth1 table 9 \n"
    other = Flow(destination="8.8.8.8", source="10.8.8.8", arrives_on="veth1")
    assert decide(database(routes, rules), other).result.devices == ("eth0",)
    hit = Flow(destination="8.8.8.8", source="10.9.9.9", arrives_on="veth1")
    assert "not understood" in decide(database(routes, rules), hit).depends_on[0]


def test_next_hops_that_busybox_does_not_print_are_unknown() -> None:
    decision = decide(database("default \n", DEFAULTS), Flow(destination="8.8.8.8"))
    assert decision.depends_on == ("the next hop of 0.0.0.0/0, which x.txt does not show",)


def test_forwarding_that_is_off_stops_packets_from_elsewhere() -> None:
    routes = read(ip_route.FORMAT, "default via 10.0.0.1 dev eth0 \n", "ip route show table all")
    off = policy_database(routes + read(sysctl.FORMAT, "net.ipv4.ip_forward = 0\n"))
    passing = Flow(destination="8.8.8.8", source="10.1.1.1", arrives_on="veth1")
    assert decide(off, passing).result.error == "EHOSTUNREACH"
    assert decide(off, Flow(destination="8.8.8.8")).result.devices == ("eth0",)


def test_several_next_hops_are_all_kept() -> None:
    routes = "default \n\tnexthop via 10.0.0.1 dev eth0 weight 1 \n\tnexthop via 10.1.0.1 dev eth1 weight 1 \n"
    assert decide(database(routes, DEFAULTS), Flow(destination="8.8.8.8")).result.devices == ("eth0", "eth1")


def test_the_null_route_of_old_ipv6_kernels_is_no_route() -> None:
    routes = "unreachable default dev lo metric 4294967295 error -101 pref medium\n"
    decision = decide(database(routes, None, "ip -6 route show table all"), Flow(destination="2001:db8::1"))
    assert decision.result.error == "ENETUNREACH"


ROUTES = ("default via 10.0.0.1 dev eth0", "throw 10.0.0.0/8 table 2", "default table 2", "prohibit 10.2.0.0/16")
WORDS = st.sampled_from(
    ["from 10.0.0.1", "to 10.0.0.0/8", "not", "fwmark 0x1/0x3", "iif eth0", "oif eth1", "ipproto tcp", "uidrange 1-2",
     "goto 5", "goto 32766", "goto 1", "lookup 2", "lookup main", "nop", "blackhole", "sport 1-9",
     "suppress_prefixlength 0", "tos 0x10", "whatever", "suppress_ifgroup 3", "lookup [l3mdev-table]"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    rules=st.lists(st.tuples(st.integers(0, 40), st.lists(WORDS, max_size=4)), max_size=12),
    routes=st.lists(st.sampled_from(ROUTES)),
    flow=st.builds(
        Flow,
        destination=st.sampled_from(["10.2.0.1", "8.8.8.8", "2001:db8::1"]),
        source=st.sampled_from([None, "10.0.0.1"]),
        arrives_on=st.sampled_from([None, "eth0"]),
        mark=st.sampled_from([None, 0, 1]),
        uid=st.sampled_from([None, 1]),
    ),
)
def test_any_rules_end_in_a_decision(rules: list[tuple[int, list[str]]], routes: list[str], flow: Flow) -> None:
    if ":" in flow.destination and flow.source is not None:
        return
    text = "".join(f"{priority}: from all {' '.join(words)}\n" for priority, words in rules)
    decision = decide(database("\n".join(routes), text), flow)
    assert decision.known or decision.depends_on
