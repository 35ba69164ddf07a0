"""Tracked connections are read with both directions; only the telling ones are kept, all are counted."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.conntrack import ConntrackEntry, ConntrackListing
from kwhy.ingest.parsers.conntrack import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

RECORDED = Path(__file__).parent / "network"
TEXT = (RECORDED / "conntrack_L.txt").read_text()
PROC = (RECORDED / "proc_net_nf_conntrack.txt").read_text()


def read(text: str, command: str | None = None) -> list[object]:
    return list(FORMAT.parse(Document("c.txt", text.encode(), command=command)))


def entries(text: str) -> list[ConntrackEntry]:
    return [item for item in read(text) if isinstance(item, ConntrackEntry)]


def listing(text: str, command: str | None = None) -> ConntrackListing:
    return next(item for item in read(text, command) if isinstance(item, ConntrackListing))


def test_both_forms_are_recognised_by_content() -> None:
    for text in (TEXT, PROC):
        assert FORMAT.recognise(Head(text, len(text), None)) > 0.9


def test_a_translated_connection_shows_where_it_is_sent() -> None:
    dns = next(entry for entry in entries(TEXT) if entry.destination == "10.96.0.10")
    assert (dns.protocol, dns.destination_port, dns.sent_to, dns.replied) == ("udp", 53, "10.244.2.7", True)


def test_an_unanswered_connection_is_kept_although_it_is_not_translated() -> None:
    lost = next(entry for entry in entries(TEXT) if entry.destination_port == 9999)
    assert not lost.replied
    assert lost.sent_to == lost.destination == "10.244.2.8"


def test_ordinary_answered_connections_are_counted_and_not_kept() -> None:
    plain = "tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=4 dport=5 src=10.0.0.2 dst=10.0.0.1 sport=5 "
    text = plain + "dport=4 [ASSURED] mark=0 use=1\n"
    assert entries(text) == []
    assert (listing(text).count, listing(text).unreplied) == (1, 0)


def test_a_protocol_without_ports_has_none() -> None:
    assert next(e for e in entries(TEXT) if e.destination == "224.0.0.22").destination_port is None


def test_a_listing_is_whole_only_where_the_command_asked_for_all() -> None:
    assert listing(TEXT, "conntrack -L").whole
    assert listing(PROC, "cat /proc/net/nf_conntrack").whole
    assert not listing(TEXT, "conntrack -L -p udp").whole
    assert not listing(TEXT, "conntrack -L | grep 53").whole
    assert not listing(TEXT).whole


def test_a_cut_line_is_said_to_be_not_understood() -> None:
    cut = TEXT.splitlines()[1][:60] + "\n"
    assert isinstance(read(cut)[0], Unparsed)


@given(st.text(max_size=400))
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert any(isinstance(item, ConntrackListing) for item in read(text))


@given(st.integers(0, len(TEXT)), st.text(max_size=20))
def test_damaged_listings_are_read_to_their_end(at: int, junk: str) -> None:
    assert any(isinstance(item, ConntrackListing) for item in read(TEXT[:at] + junk + TEXT[at + 7 :]))
