"""Policy rules are read from every form in which `ip rule` prints them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kwhy.facts.network import NetworkNamespace, PolicyRule, RuleListing
from kwhy.ingest.parsers.ip_rule import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

RECORDED = Path(__file__).parent / "network"
#: aws/amazon-vpc-cni-k8s#705 (CNI 1.5.4 on EKS 1.14): older iproute2, blanks after the colon and at the line ends.
AWS = """0:      from all lookup local
512:    from all to 10.80.36.229 lookup main
1024:   from all fwmark 0x80/0x80 lookup main
1536:   from 10.80.40.40 to 10.80.0.0/16 lookup 2
32766:  from all lookup main
32767:  from all lookup default
"""


def parsed(text: str, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("rules.txt", text.encode(), command=command)))


def rules(items: list[Parsed]) -> list[PolicyRule]:
    return [item for item in items if isinstance(item, PolicyRule)]


def test_a_rule_of_a_pod_names_its_source_and_table() -> None:
    pod = rules(parsed(AWS))[3]
    assert (pod.priority, pod.source, pod.destination, pod.table) == (1536, "10.80.40.40/32", "10.80.0.0/16", "2")
    assert (pod.at.line, pod.at.excerpt) == (4, "1536:   from 10.80.40.40 to 10.80.0.0/16 lookup 2")


def test_both_ends_of_the_list_prove_that_it_is_whole() -> None:
    (listing,) = [item for item in parsed(AWS) if isinstance(item, RuleListing)]
    assert (listing.families, listing.count, listing.basis) == ((4,), 6, "content")


def test_a_part_of_the_list_is_no_listing() -> None:
    part = "\n".join(AWS.splitlines()[2:4])
    assert not any(isinstance(item, RuleListing) for item in parsed(part))


def test_an_output_that_went_through_grep_is_no_listing() -> None:
    assert not any(isinstance(item, RuleListing) for item in parsed(AWS, "ip rule | grep -v 512"))


def test_an_empty_output_lists_nothing_because_a_kernel_without_rules_routes_nothing() -> None:
    assert parsed("", "ip rule") == []


def test_every_selector_of_iproute2_is_understood() -> None:
    found = {rule.priority: rule for rule in rules(parsed((RECORDED / "ip_rule.txt").read_text(), "ip rule"))}
    inverted = found[999]
    assert inverted.inverted
    assert (inverted.source, inverted.destination) == ("1.2.3.4/32", "9.0.0.0/8")
    assert (inverted.fwmark, inverted.fwmask, inverted.uids, inverted.protocol) == (5, 0xFFFFFFFF, (5, 5), "udp")
    assert (inverted.source_ports, inverted.destination_ports, inverted.action) == ((5, 5), (6, 7), "blackhole")
    assert (found[495].iif, found[495].iif_detached, found[495].fwmask) == ("gone0", True, 0x80)
    assert (found[496].tos, found[497].oif) == (8, "lo")
    assert (found[498].suppress_ifgroup, found[499].suppress_prefixlength) == ("5", 0)
    assert (found[500].action, found[500].goto, found[501].action) == ("goto", 900, "nop")
    assert found[1000].l3mdev
    assert all(rule.unknown == () for rule in found.values())


def test_json_details_and_text_say_the_same() -> None:
    forms = [
        rules(parsed((RECORDED / name).read_text(), "ip rule"))
        for name in ("ip_rule.txt", "ip_d_rule.txt", "ip_j_rule.json")
    ]

    def bare(found: list[PolicyRule]) -> list[dict[str, object]]:
        return [{key: value for key, value in msgspec.structs.asdict(rule).items() if key != "at"} for rule in found]

    assert bare(forms[0]) == bare(forms[1]) == bare(forms[2])


def test_ipv6_rules_are_told_by_the_missing_default_table() -> None:
    assert {rule.family for rule in rules(parsed((RECORDED / "ip_6_rule.txt").read_text()))} == {6}


def test_the_namespace_comes_from_the_command() -> None:
    (first, *_) = rules(parsed(AWS, "kubectl -n shop exec web-0 -- ip rule"))
    assert first.netns == NetworkNamespace("pod", "web-0", "shop")


def test_an_unknown_selector_is_kept_and_a_strange_line_is_reported() -> None:
    items = parsed("100: from all flavour sweet lookup 7\nsegmentation fault\n")
    assert rules(items)[0].unknown == ("flavour", "sweet")
    assert [item.at.line for item in items if isinstance(item, Unparsed)] == [2]


def test_rules_are_recognised_without_command_and_routes_are_not_rules() -> None:
    assert FORMAT.recognise(Head(AWS, len(AWS), None)) > 0.9
    routes = (RECORDED / "ip_route_all.txt").read_text()
    assert FORMAT.recognise(Head(routes, len(routes), None)) == 0.0
