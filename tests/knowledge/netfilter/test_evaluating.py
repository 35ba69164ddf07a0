"""What a rule set does with a packet, and what it leaves open."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.knowledge.netfilter.rules import ELSEWHERE, KUBE_PROXY, KUBE_PROXY_NFT, filtering, native, rules_of, tcp

from kwhy.knowledge.netfilter.evaluating import Outcome, decided, evaluate
from kwhy.knowledge.netfilter.packet import Packet, next_of, reverse
from kwhy.knowledge.netfilter.ruleset import RuleSet
from kwhy.knowledge.netfilter.surroundings import Surroundings


def forward(rules: RuleSet, packet: Packet, host: Surroundings = ELSEWHERE) -> tuple[Outcome, ...]:
    return evaluate(rules, "forward", packet, host)


def verdict(rules: RuleSet, packet: Packet, host: Surroundings = ELSEWHERE) -> str:
    outcomes = forward(rules, packet, host)
    assert decided(outcomes)
    assert len(outcomes) == 1
    return outcomes[0].verdict


# --- what decides -----------------------------------------------------------------------------------------------------


def test_the_first_rule_that_matches_decides_and_is_named_with_its_line() -> None:
    rules = filtering("-A FORWARD -p tcp -m tcp --dport 80 -j DROP", "-A FORWARD -j ACCEPT")
    (outcome,) = forward(rules, tcp())
    assert outcome.verdict == "drop"
    (step,) = outcome.steps
    assert (step.says, step.text) == ("drops it", "-A FORWARD -p tcp -m tcp --dport 80 -j DROP")
    assert step.at is not None
    assert step.at.line == 5
    assert verdict(rules, tcp(port=81)) == "accept"


def test_a_policy_decides_where_no_rule_does() -> None:
    (outcome,) = forward(filtering(policy="DROP"), tcp())
    assert (outcome.verdict, outcome.steps[-1].text) == ("drop", "policy DROP of chain FORWARD of table filter")


def test_a_reject_says_with_what() -> None:
    (outcome,) = forward(filtering("-A FORWARD -j REJECT --reject-with icmp-host-prohibited"), tcp())
    assert (outcome.verdict, outcome.reject_with) == ("reject", "icmp-host-prohibited")


def test_a_chain_returns_and_a_goto_does_not() -> None:
    chains = ":MINE - [0:0]\n"
    assert verdict(filtering("-A FORWARD -j MINE", "-A FORWARD -j DROP", chains=chains), tcp()) == "drop"
    assert verdict(filtering("-A FORWARD -g MINE", "-A FORWARD -j DROP", chains=chains), tcp()) == "accept"


def test_an_accept_ends_one_table_only() -> None:
    rules = rules_of(
        "*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j ACCEPT\nCOMMIT\n*filter\n:FORWARD DROP [0:0]\nCOMMIT\n"
    )
    assert verdict(rules, tcp()) == "drop"


@pytest.mark.parametrize(
    ("match", "packet", "matches"),
    [
        ("-s 10.1.0.0/16", tcp(), True),
        ("! -s 10.1.0.0/16", tcp(), False),
        ("-d 0.0.0.3/0.0.0.255", tcp(), True),
        ("-i a+", tcp(), True),
        ("-o a+", tcp(), False),
        ("-p udp", tcp(), False),
        ("-p tcp -m multiport --dports 53,79:81", tcp(), True),
        ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", tcp(), True),
        ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", tcp(tcp_flags=frozenset({"ACK"})), False),
        ("-m mark --mark 0x4000/0x4000", tcp(mark=0x4001), True),
        ("-m mark --mark 0x4000", tcp(mark=0x4001), False),
        ("-m conntrack --ctstate RELATED,ESTABLISHED", tcp(), False),
        ("-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT", tcp(ct_status=frozenset({"DNAT"})), False),
        ("-m conntrack --ctdir REPLY", tcp(ct_direction="REPLY"), True),
        ("-m iprange --dst-range 10.2.0.1-10.2.0.9", tcp(), True),
        ("-m physdev --physdev-is-bridged", tcp(bridge_in="v1", bridge_out="v2"), True),
        ("-m length --length 0:100", tcp(length=60), True),
        ("-m addrtype --dst-type LOCAL", tcp(), False),
        ("-m owner --uid-owner 0", tcp(), False),
        ('-m comment --comment "-d 1.1.1.1 -j DROP"', tcp(), True),
        ("-m nfacct --nfacct-name counted", tcp(), True),
        ("-p icmp -m icmp --icmp-type 8/0", tcp(protocol="icmp", icmp_type=8), True),
    ],
)  # fmt: skip
def test_matches_of_iptables(match: str, packet: Packet, matches: bool) -> None:
    assert verdict(filtering(f"-A FORWARD {match} -j DROP"), packet) == ("drop" if matches else "accept")


@pytest.mark.parametrize(
    ("rule", "packet", "matches"),
    [
        ("ip saddr 10.1.0.0/16 drop", tcp(), True),
        ("ip6 saddr fd00::/8 drop", tcp(), False),
        ("tcp dport { 53, 79-81 } drop", tcp(), True),
        ("udp dport != 53 drop", tcp(), False),
        ('iifname "a*" oifname != "a0" drop', tcp(), True),
        ("meta mark & 0x0000ff00 == 0x00000100 drop", tcp(mark=0x1FF), True),
        ("ct state vmap { invalid : drop, new : drop }", tcp(), True),
        ("ct state established,related drop", tcp(), False),
        ("tcp flags syn / fin,syn,rst,ack drop", tcp(), True),
        ("tcp flags ! ack drop", tcp(tcp_flags=frozenset({"ACK"})), False),
        ("ip daddr . tcp dport { 10.2.0.0/24 . 1-100 } drop", tcp(), True),
        ("ip daddr . meta l4proto . th dport { 10.2.0.3 . udp . 80 } drop", tcp(), False),
        ("fib daddr type local drop", tcp(), False),
        ("meta nfproto ipv6 drop", tcp(), False),
        ("counter packets 3 bytes 180 log prefix \"a drop b \" drop", tcp(), True),
        ("meta mark set 0x00000001 meta mark 0x00000001 drop", tcp(), True),
        ("meta mark set ip daddr map { 10.2.0.3 : 0x00000005 } meta mark 5 drop", tcp(), True),
    ],
)  # fmt: skip
def test_matches_of_nft(rule: str, packet: Packet, matches: bool) -> None:
    assert verdict(native(rule), packet) == ("drop" if matches else "accept")


# --- what is left open ------------------------------------------------------------------------------------------------


def test_an_unknown_match_opens_two_ways_and_says_on_what_they_depend() -> None:
    outcomes = forward(filtering("-A FORWARD -m recent --rcheck --name ssh --rsource -j DROP"), tcp())
    assert not decided(outcomes)
    assert {(each.verdict, each.depends_on) for each in outcomes} == {
        ("drop", ("rules.txt:5: -m recent --rcheck --name ssh --rsource matches",)),
        ("accept", ("rules.txt:5: -m recent --rcheck --name ssh --rsource does not match",)),
    }


@pytest.mark.parametrize("target", ["-j LOG", "-j EMPTY", "-j ACCEPT", ""])
def test_an_unknown_match_that_changes_nothing_leaves_the_answer_known(target: str) -> None:
    rules = filtering(f"-A FORWARD -m u32 --u32 0x6&0xFF=0x1 {target}", chains=":EMPTY - [0:0]\n")
    assert verdict(rules, tcp()) == "accept"


def test_the_same_unknown_match_is_not_supposed_to_go_both_ways_at_once() -> None:
    rules = filtering(
        "-A FORWARD -j MINE",
        "-A FORWARD -j MINE",
        "-A MINE -m time --timestart 08:00 -j DROP",
        chains=":MINE - [0:0]\n",
    )
    assert len(forward(rules, tcp())) == 2


def test_what_the_packet_does_not_tell_is_unknown_and_the_rest_decides() -> None:
    rules = filtering("-A FORWARD -p tcp -m tcp --dport 80 -j DROP")
    assert len(forward(rules, tcp(port=None))) == 2
    assert verdict(rules, Packet(protocol="udp", source="10.1.0.2", destination=None)) == "accept"


def test_a_set_that_is_not_shown_is_unknown_and_one_that_is_decides() -> None:
    line = "-A FORWARD -m set --match-set nets dst -j DROP"
    text = f"*filter\n:FORWARD ACCEPT [0:0]\n{line}\nCOMMIT\n"
    assert not decided(forward(rules_of(text), tcp()))
    sets = "create nets hash:net family inet\nadd nets 10.2.0.0/16\nadd nets 10.2.9.0/24 nomatch\n"
    rules = rules_of(text, sets)
    assert verdict(rules, tcp()) == "drop"
    assert verdict(rules, tcp("10.2.9.1")) == "accept"


def test_an_unknown_target_is_not_guessed() -> None:
    (outcome,) = forward(filtering("-A FORWARD -p tcp -j NEWTARGET --so 1", "-A FORWARD -j DROP"), tcp())
    assert outcome.verdict == "unknown"
    assert outcome.depends_on == ("rules.txt:5: what target NEWTARGET --so 1 does",)
    assert verdict(filtering("-A FORWARD -p udp -j NEWTARGET", "-A FORWARD -j DROP"), tcp()) == "drop"


def test_the_end_of_a_cut_chain_is_unknown_and_what_stands_before_decides() -> None:
    rules = rules_of("*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --dport 80 -j DROP\n")
    assert verdict(rules, tcp()) == "drop"
    (outcome,) = forward(rules, tcp(port=81))
    assert outcome.verdict == "unknown"
    assert "the rest of chain FORWARD" in outcome.depends_on[0]


def test_without_rules_of_the_family_nothing_is_known() -> None:
    (outcome,) = forward(filtering(), tcp("fd00::1", family=6, source="fd00::2"))
    assert outcome.depends_on == ("the packet filter of the host for IPv6",)


def test_what_nft_cannot_show_of_iptables_is_unknown() -> None:
    # nft 1.0.6 with and without libxtables
    for text in ('xt match "physdev"', "xt match physdev", "# xt_physdev"):
        assert len(forward(native(f"{text} drop"), tcp())) == 2
    (outcome,) = forward(native('counter packets 0 bytes 0 xt target "TPROXY"'), tcp())
    assert outcome.verdict == "unknown"
    assert verdict(native('xt match "comment" drop'), tcp()) == "drop"


def test_of_the_words_that_nft_renders_wrongly_for_iptables_none_is_believed() -> None:
    # nft 1.0.6 shows "! --ctstate RELATED,ESTABLISHED,DNAT" as "ct status dnat"
    text = (
        "table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority filter; policy accept;\n"
        "\t\tct status dnat counter packets 0 bytes 0 drop\n\t}\n\tchain INPUT {\n\t}\n}\n"
    )
    assert not decided(forward(rules_of(text), tcp()))


# --- shares and translations ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [KUBE_PROXY, KUBE_PROXY_NFT])
def test_a_service_has_one_way_per_endpoint_with_its_share(text: str) -> None:
    outcomes = evaluate(rules_of(text), "prerouting", tcp("10.96.137.196", iif="cni0", oif=""), ELSEWHERE)
    assert decided(outcomes)
    assert sum(each.chance for each in outcomes) == pytest.approx(1.0)
    assert len({each.chance for each in outcomes}) == 1
    assert all(each.packet.destination_port == 8080 for each in outcomes)
    assert all(each.packet.ct_status == {"DNAT"} for each in outcomes)


def test_a_pod_that_reaches_itself_by_its_service_is_masqueraded() -> None:
    rules = rules_of(KUBE_PROXY)
    packet = tcp("10.96.137.196", source="10.244.0.100", iif="cni0", oif="")
    own = next(
        each for each in evaluate(rules, "prerouting", packet, ELSEWHERE) if each.packet.destination == "10.244.0.100"
    )
    assert own.packet.mark == 0x4000
    host = Surroundings(source_for=lambda packet: "10.244.0.1")
    (after,) = evaluate(rules, "postrouting", own.packet.replace(oif="cni0"), host)
    assert (after.packet.source, after.packet.source_port, after.packet.mark) == ("10.244.0.1", None, 0)


def test_an_answer_goes_the_way_back_without_asking_any_rule() -> None:
    rules = rules_of(KUBE_PROXY)
    (sent, _) = evaluate(rules, "prerouting", tcp("10.96.137.196", iif="cni0", oif=""), ELSEWHERE)
    answer = reverse(sent.packet)
    assert (answer.source, answer.destination) == (sent.packet.destination, "10.1.0.2")
    (back,) = evaluate(rules, "postrouting", answer.replace(oif="cni0"), ELSEWHERE)
    assert (back.packet.source, back.packet.source_port) == ("10.96.137.196", 80)
    (later,) = evaluate(rules, "prerouting", next_of(sent.packet), ELSEWHERE)
    assert later.packet.destination == sent.packet.destination


def test_a_service_without_endpoints_is_refused_in_both_modes() -> None:
    # Kubernetes v1.34 pkg/proxy/iptables/proxier.go: "has no endpoints"
    line = (
        '-A FORWARD -d 10.96.55.5/32 -p tcp -m comment --comment "shop/empty has no endpoints" -m tcp --dport 80 '
        "-j REJECT --reject-with icmp-port-unreachable"
    )
    packet = tcp("10.96.55.5")
    assert verdict(filtering(line), packet) == verdict(rules_of(KUBE_PROXY_NFT), packet) == "reject"


def test_statistic_divides_what_comes_by() -> None:
    outcomes = forward(filtering("-A FORWARD -m statistic --mode nth --every 4 --packet 0 -j DROP"), tcp())
    assert decided(outcomes)
    assert {(each.verdict, each.chance) for each in outcomes} == {("drop", 0.25), ("accept", 0.75)}


def test_untracked_packets_meet_no_translation() -> None:
    rules = rules_of(
        "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p udp -j CT --notrack\nCOMMIT\n"
        "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DNAT --to-destination 10.9.9.9\nCOMMIT\n"
    )
    (kept,) = evaluate(rules, "prerouting", tcp(protocol="udp", oif=""), ELSEWHERE)
    (moved,) = evaluate(rules, "prerouting", tcp(oif=""), ELSEWHERE)
    assert (kept.packet.destination, kept.packet.ct_state) == ("10.2.0.3", "UNTRACKED")
    assert moved.packet.destination == "10.9.9.9"


def test_of_several_nat_chains_the_first_that_translates_is_the_last() -> None:
    chains = {
        "one": ("dstnat", "accept"),
        "two": ("dstnat + 5", "dnat to 10.9.9.9"),
        "three": ("150", "dnat to 10.8.8.8"),
    }
    hooks = [
        f"\tchain {name} {{\n\t\ttype nat hook prerouting priority {priority}; policy accept;\n\t\t{rule}\n\t}}\n"
        for name, (priority, rule) in chains.items()
    ]
    text = "".join(["table ip a {\n", *hooks, "}\n"])
    (outcome,) = evaluate(rules_of(text), "prerouting", tcp(oif=""), ELSEWHERE)
    assert outcome.packet.destination == "10.9.9.9"


# --- the index --------------------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                (
                    "-s 10.1.0.2/32", "-d 10.2.0.3/32", "-d 10.2.0.4", "! -d 10.2.0.3/32", "-i a0", "-o b0", "-i a+",
                    "", "-p tcp -m tcp --dport 80", "-p tcp -m tcp ! --dport 80", "-p udp -m udp --dport 80",
                )
            ),
            st.sampled_from(("-j ACCEPT", "-j DROP", "-j MARK --set-xmark 0x1/0x1", "-m mark --mark 0x1 -j DROP")),
        ),
        min_size=12,
        max_size=30,
    ),
    st.sampled_from((tcp(), tcp("10.2.0.4"), tcp(port=81), tcp(protocol="udp"), tcp(iif="x"), tcp(oif="a0"))),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_an_index_finds_what_a_walk_over_all_rules_finds(rules: list[tuple[str, str]], packet: Packet) -> None:
    lines = [f"-A FORWARD {match} {target}".replace("  ", " ") for match, target in rules]
    indexed = forward(filtering(*lines), packet)
    halves = [f"-A H{index // 6} {line.partition(' ')[2].partition(' ')[2]}" for index, line in enumerate(lines)]
    chains = "".join(f":H{number} - [0:0]\n" for number in range(len(lines) // 6 + 1))
    jumps = [f"-A FORWARD -j H{number}" for number in range(len(lines) // 6 + 1)]
    walked = forward(filtering(*jumps, *halves, chains=chains), packet)
    assert [(each.verdict, each.packet) for each in indexed] == [(each.verdict, each.packet) for each in walked]


@given(st.text(max_size=120), st.sampled_from(("prerouting", "input", "forward", "output", "postrouting")))
@settings(max_examples=120, deadline=None)
def test_rules_of_any_words_are_evaluated_without_failing(words: str, hook: str) -> None:
    line = " ".join(words.split())
    assert evaluate(filtering(f"-A FORWARD {line} -j DROP"), hook, tcp(), ELSEWHERE)  # type: ignore[arg-type]  # a hook
    assert evaluate(native(f"{line} drop"), hook, tcp(), ELSEWHERE)  # type: ignore[arg-type]  # a hook


@given(st.integers(0, len(KUBE_PROXY)), st.integers(0, 80), st.text(max_size=30))
@settings(max_examples=40, deadline=None)
def test_damaged_rules_are_evaluated_without_failing(start: int, lost: int, put: str) -> None:
    for text in (KUBE_PROXY, KUBE_PROXY_NFT):
        damaged = text[:start] + put + text[start + lost :]
        assert evaluate(rules_of(damaged), "prerouting", tcp("10.96.137.196"), ELSEWHERE)
