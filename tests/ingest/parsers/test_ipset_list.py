"""`ipset list` and `ipset save`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.netfilter import IpSet
from kwhy.ingest.parsers.ipset_list import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

#: Recorded: ipset 7.17, Linux 6.18.
DATA = Path(__file__).parent / "data" / "ipset"
FORMS = ("list_v7.17.txt", "save_v7.17.txt")


def read(data: bytes, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("ipset.txt", data, command=command)))


def sets(data: bytes, command: str | None = None) -> dict[str, IpSet]:
    return {fact.name: fact for fact in read(data, command) if isinstance(fact, IpSet)}


@pytest.mark.parametrize("form", FORMS)
def test_both_forms_say_the_same(form: str) -> None:
    data = (DATA / form).read_bytes()
    assert FORMAT.recognise(Head(data.decode(), len(data), None)) > 0.9
    found = sets(data)
    assert [(each.type, each.family, len(each.entries)) for each in found.values()] == [
        ("hash:ip,port", 4, 3),
        ("hash:net", 4, 1),
        ("bitmap:port", None, 1),
        ("hash:ip", 4, 1),
        ("hash:ip,port,ip", 6, 1),
        ("list:set", None, 1),
    ]
    assert all(each.complete for each in found.values())
    assert found["banned"].entries == ("192.0.2.7",)
    assert found["cali40s:pods"].nomatch == ("10.244.9.0/24",)


@pytest.mark.parametrize("form", FORMS)
def test_a_set_whose_end_is_missing_is_not_whole(form: str) -> None:
    data = (DATA / form).read_bytes()
    found = sets(data[: data.index(b"10.96.0.10,udp:53") + 8])
    assert not found["KUBE-CLUSTER-IP"].complete


def test_what_went_through_grep_is_not_whole() -> None:
    data = (DATA / "save_v7.17.txt").read_bytes()
    assert not any(each.complete for each in sets(data, "ipset save | grep KUBE").values())


def test_a_line_of_something_else_is_said() -> None:
    facts = read(b"create a hash:ip family inet\nadd a 10.0.0.1\nadd b 10.0.0.2\n")
    assert [fact.at.line for fact in facts if isinstance(fact, Unparsed)] == [3]


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_without_failing(data: bytes) -> None:
    FORMAT.recognise(Head(data.decode("utf-8", "replace"), len(data), None))
    read(data)
    read(b"Name: a\nType: hash:ip\n" + data)


@given(st.integers(0, 900), st.integers(0, 90), st.binary(max_size=30))
@settings(max_examples=60, deadline=None)
def test_damaged_output_is_read_to_its_end(start: int, lost: int, put: bytes) -> None:
    data = (DATA / "list_v7.17.txt").read_bytes()
    damaged = data[:start] + put + data[start + lost :]
    lines = damaged.count(b"\n") + 1
    assert all(1 <= (fact.at.line or 0) <= lines for fact in read(damaged) if not isinstance(fact, Document))
