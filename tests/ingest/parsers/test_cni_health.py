"""What agents of network plugins say of their peers and of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.cni_health import AgentComplaint, PeerListing, PeerReport
from kwhy.ingest.parsers.cni_health import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

QUOTED = Path(__file__).parent / "data" / "cni_health"
HEALTH, PEERS, STATUS, BGP = (
    (QUOTED / f"{name}.txt").read_text()
    for name in ("cilium_health_status", "cilium_status_peers", "cilium_status", "calicoctl_node_status")
)
ALL = (HEALTH, PEERS, STATUS, BGP)


def read(text: str, command: str | None = None) -> list[object]:
    return list(FORMAT.parse(Document("h.txt", text.encode(), command=command)))


def peers(text: str) -> list[tuple[str | None, str | None, bool | None, bool | None]]:
    return [(p.name, p.address, p.host, p.endpoints) for p in read(text) if isinstance(p, PeerReport)]


@pytest.mark.parametrize("text", ALL)
def test_every_form_is_recognised_and_read_whole(text: str) -> None:
    assert FORMAT.recognise(Head(text, len(text), None)) > 0.9
    assert not [item for item in read(text) if isinstance(item, Unparsed)]


def test_probes_of_cilium_health_count_as_answered_if_one_is() -> None:
    found = peers(HEALTH)
    assert found[0] == ("i-0a6635708701f63de", "10.9.5.224", True, True)
    last = [item for item in read(HEALTH) if isinstance(item, PeerReport)][-1]
    assert (last.name, last.host, last.detail) == ("i-029bfa9536679a5ef", True, "Connection timed out")


def test_the_node_that_reports_is_marked() -> None:
    for text in (HEALTH, PEERS, STATUS):
        assert [item.local for item in read(text) if isinstance(item, PeerReport)].count(True) == 1


def test_old_and_new_columns_of_cilium_status_say_the_same() -> None:
    assert ("clustermesh1-worker", "172.19.0.2", False, False) in peers(PEERS)
    assert ("ip-172-0-58-194.us-west-2.compute.internal", "172.0.58.194", False, False) in peers(STATUS)
    listing = next(item for item in read(PEERS) if isinstance(item, PeerListing))
    assert (listing.reached, listing.peers) == (2, 4)


def test_parts_that_fail_are_complaints_and_others_are_none() -> None:
    assert not [item for item in read(STATUS) if isinstance(item, AgentComplaint)]
    text = STATUS.replace("KVStore:                Ok ", "KVStore:                Failure ").replace("56/56", "54/56")
    found = [item for item in read(text) if isinstance(item, AgentComplaint)]
    assert [item.part for item in found] == ["KVStore", "Controller Status"]


def test_a_bgp_session_that_is_not_up_keeps_all_its_words() -> None:
    assert peers(BGP) == [(None, "192.168.63.204", False, None)]
    session = next(item for item in read(BGP) if isinstance(item, PeerReport))
    assert session.detail == "BGP start: Active Socket: Connection refused"
    assert peers(BGP.replace("| start |", "|  up   |"))[0][2] is True


@given(st.text(max_size=300))
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert isinstance(read(text), list)


@given(st.sampled_from(ALL), st.integers(0, 1200), st.text(max_size=20))
def test_damaged_output_is_read_to_its_end(text: str, at: int, junk: str) -> None:
    assert isinstance(read(text[:at] + junk + text[at + 5 :]), list)
