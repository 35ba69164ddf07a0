"""The grammar of the Corefile stops where CoreDNS itself stops: data/corefiles.json holds what CoreDNS 1.12.0 said."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.corefile import address_of, is_place, parse_corefile, within, zone_of

RECORDED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "corefiles.json").read_text())
#: What a plugin finds in its own arguments, or CoreDNS in files that are not at hand: beyond the grammar.
BEYOND = (
    "unknown policy", "unknown property", "wrong value for pods", "strconv", "invalid rule type",
    "File to import", "after 'succes'", "after 's'", ".:53x", "whoami",
)  # fmt: skip
KUBEADM = """.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
"""


@pytest.mark.parametrize(
    "recorded", [r for r in RECORDED if not any(words in r["said"] for words in BEYOND)], ids=lambda r: r["name"]
)
def test_what_coredns_takes_is_taken_and_what_it_refuses_is_refused_at_the_same_line(recorded: dict[str, Any]) -> None:
    said = recorded["said"]
    refused = parse_corefile(recorded["corefile"]).refused
    if not said:
        assert refused is None
        return
    assert refused is not None
    place = re.search(r"Corefile:(\d+) - ", said)
    if place is not None:
        assert refused.line == int(place[1])
    assert refused.what.removeprefix("plugin/forward: ") in said


def test_the_corefile_of_kubeadm_reads_as_one_server_block() -> None:
    corefile = parse_corefile(KUBEADM)
    assert corefile.refused is None
    (block,) = corefile.blocks
    assert block.zones == ((".", 53),)
    kubernetes = block.all("kubernetes")[0]
    assert kubernetes.arguments == ("cluster.local", "in-addr.arpa", "ip6.arpa")
    assert [option.words for option in kubernetes.options] == [
        ("pods", "insecure"), ("fallthrough", "in-addr.arpa", "ip6.arpa"), ("ttl", "30"),
    ]  # fmt: skip
    assert kubernetes.options[0].line == 8
    assert block.all("forward")[0].option("max_concurrent") is not None


def test_a_snippet_is_put_in_where_it_is_imported() -> None:
    corefile = parse_corefile(
        "(all) {\n    errors\n    log\n}\n.:53 {\n    import all\n    cache\n}\na.example {\n  import all\n}"
    )
    assert [[d.name for d in block.directives] for block in corefile.blocks] == [
        ["errors", "log", "cache"], ["errors", "log"],
    ]  # fmt: skip


def test_a_snippet_that_imports_itself_ends() -> None:
    assert parse_corefile("(a) {\n import a\n import a\n}\n. {\n import a\n}").refused is not None


@pytest.mark.parametrize(("key", "zone"), [
    (".:53", (".", 53)),
    ("dns://.:1053", (".", 1053)),
    ("tls://example.ORG", ("example.org.", 853)),
    ("10.0.0.0/16", ("0.10.in-addr.arpa.", 53)),
    ("corp.example", ("corp.example.", 53)),
])  # fmt: skip
def test_a_key_names_zone_and_port(key: str, zone: tuple[str, int]) -> None:
    assert zone_of(key) == zone


def test_a_forward_takes_addresses_and_files_but_no_names() -> None:
    assert address_of("10.0.0.10:1053") == ("10.0.0.10", 1053)
    assert address_of("[2001:db8::1]:53") == address_of("2001:db8::1") == ("2001:db8::1", 53)
    assert is_place("/etc/resolv.conf")
    assert not is_place("dns.example.org")


def test_a_zone_holds_its_names_and_no_others() -> None:
    assert within("web.shop.svc.cluster.local.", "cluster.local.")
    assert within("example.org.", ".")
    assert not within("notcluster.local.", "cluster.local.")


@given(st.text(max_size=400))
def test_any_text_is_read_to_an_end(text: str) -> None:
    parse_corefile(text)


@given(st.sampled_from([KUBEADM, *(r["corefile"] for r in RECORDED)]), st.data())
def test_a_damaged_corefile_is_read_to_an_end(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    parse_corefile(text[:start] + data.draw(st.text(alphabet='{}"\\#( )\nimport', max_size=20)) + text[end:])
