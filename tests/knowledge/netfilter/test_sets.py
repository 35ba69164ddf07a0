"""Members of sets of ipset, as the kernel looks them up."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.knowledge.netfilter.rules import INGEST, tcp

from kwhy.facts.netfilter import IpSet
from kwhy.ingest.parsers import ipset_list
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.sets import AddressSets
from kwhy.model.document import Document


def sets(data: bytes) -> AddressSets:
    return AddressSets(f for f in ipset_list.FORMAT.parse(Document("ipset.txt", data)) if isinstance(f, IpSet))


#: Recorded: ipset 7.17.
RECORDED = sets((Path(INGEST) / "ipset" / "list_v7.17.txt").read_bytes())


@pytest.mark.parametrize(
    ("name", "sides", "packet", "held"),
    [
        ("KUBE-CLUSTER-IP", "dst,dst", tcp("10.96.0.10", 53), True),
        ("KUBE-CLUSTER-IP", "dst,dst", tcp("10.96.0.10", 53, protocol="sctp"), False),
        ("KUBE-CLUSTER-IP", "dst,dst", tcp("10.96.0.10", None), None),
        ("cali40s:pods", "dst", tcp("10.244.3.4"), True),
        ("cali40s:pods", "dst", tcp("10.244.9.4"), False),
        ("cali40s:pods", "src", tcp("10.244.3.4"), False),
        ("KUBE-NODE-PORT-TCP", "dst", tcp(port=30443), True),
        ("banned", "src", tcp(source="192.0.2.7"), True),
        ("all", "src", tcp(source="192.0.2.7"), True),
        ("all", "src", tcp(source="192.0.2.8"), False),
        ("six", "src,dst,dst", tcp("fd00::2", family=6, source="fd00::1"), True),
        ("six", "src,dst,dst", tcp("fd00::3", family=6, source="fd00::1"), False),
        ("not-shown", "src", tcp(), None),
    ],
)
def test_members_are_found(name: str, sides: str, packet: Packet, held: bool | None) -> None:
    assert RECORDED.holds(name, sides.split(","), packet) is held


def test_of_a_set_that_is_cut_only_what_is_shown_is_known() -> None:
    cut = sets(b"create a hash:ip family inet\nadd a 10.0.0.1\nadd a 10.0.0.2")
    assert cut.holds("a", ["src"], tcp(source="10.0.0.1")) is True
    assert cut.holds("a", ["src"], tcp(source="10.0.0.9")) is None


def test_a_set_that_compares_other_than_it_prints_is_not_known() -> None:
    assert sets(b"create a hash:ip family inet netmask 24\nadd a 10.0.0.0\n").holds("a", ["src"], tcp()) is None
