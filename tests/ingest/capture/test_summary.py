from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.ingest.capture.summary import Section, summary
from kwhy.model.document import Document

RECORDED = Path(__file__).parents[2] / "fixtures" / "captures"


def sections(name: str, most: int = 20) -> dict[str, Section]:
    found = summary(Document(name, (RECORDED / name).read_bytes()), most)
    return {section.title: section for section in found}


def test_a_summary_names_format_interfaces_time_and_packets() -> None:
    rows = sections("wrong-interface.pcapng")["Capture"].rows
    assert ("format", "pcapng") in rows
    assert ("interface", "eth0, Ethernet, 6 packets") in rows
    assert ("packets", "10: 6 icmp, 2 tcp, 2 arp") in rows


def test_what_failed_stands_apart_with_its_reason_and_place() -> None:
    failed = {row[3]: (row[-2], row[-1]) for row in sections("errors-any.pcap")["Without success"].rows}
    assert failed["10.77.2.2:9001"] == ("rejected (host prohibited)", "packet 12")
    assert failed["10.77.2.2:3306"] == ("unanswered", "packet 16")


def test_peers_pings_errors_and_silent_neighbours_are_listed() -> None:
    found = sections("errors-any.pcap")
    assert found["Peers of 10.77.1.2"].rows[0][0] == "10.77.2.2"
    assert len(found["ICMP errors"].rows) == 3 and len(found["Pings"].rows) == 1
    assert [row[3] for row in found["Neighbours that did not answer"].rows] == ["10.77.1.99"]


def test_rows_beyond_the_limit_are_counted() -> None:
    section = sections("errors-any.pcap", most=2)["Conversations"]
    assert len(section.rows) == 2 and section.left_out == 8


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.p*")), ids=lambda path: path.name)
def test_every_recorded_capture_has_rows_as_wide_as_their_header(path: Path) -> None:
    for section in summary(Document(path.name, path.read_bytes())):
        assert all(len(row) == len(section.header) for row in section.rows)
        assert all(cell.isprintable() for row in section.rows for cell in row)
