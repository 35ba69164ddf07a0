"""Given a RST in the middle of a connection, who sent it: a filter, a forgetful firewall, or the server itself."""

from __future__ import annotations

from tests.knowledge.captured import CAPTURES, CASES, codes, diagnosed, open_questions, roots, with_ttl

RESET = (CASES / "net" / "filtered_on_the_way" / "host_reset" / "evidence" / "eth0.pcap").read_bytes()
IDLE = (CASES / "net" / "idle_forgotten" / "two_seconds" / "evidence" / "eth0.pcap").read_bytes()
DROPPED = (CASES / "net" / "filtered_on_the_way" / "tls_name_dropped" / "evidence" / "eth0.pcap").read_bytes()
RESET_PACKET, IDLE_PACKET = 23, 22


def test_a_request_that_another_device_resets_is_filtered() -> None:
    diagnosis = diagnosed(RESET)
    assert roots(diagnosis) == ["net.filtered-on-the-way"]
    assert "blocked.example" in diagnosis.root_causes[0].finding.title


def test_the_same_with_the_servers_ttl_is_the_servers_own_doing() -> None:
    diagnosis = diagnosed(with_ttl(RESET, RESET_PACKET, 63))
    assert roots(diagnosis) == []
    assert codes(diagnosis) == ["net.aborted-by-peer"]


def test_a_printed_capture_shows_no_ttl_and_names_nobody() -> None:
    printed = (CAPTURES / "fault-reset_by_middlebox.printed.txt").read_bytes()
    diagnosis = diagnosed(printed, "tcpdump.txt")
    assert codes(diagnosis) == ["net.connection-cut"]
    assert {"net.filtered-on-the-way", "net.aborted-by-peer"} <= set(open_questions(diagnosis))


def test_an_idle_connection_that_another_device_resets_was_forgotten() -> None:
    assert roots(diagnosed(IDLE)) == ["net.idle-connection-dropped"]


def test_the_servers_own_idle_time_out_is_its_own_doing() -> None:
    assert codes(diagnosed(with_ttl(IDLE, IDLE_PACKET, 63))) == ["net.aborted-by-peer"]


def test_a_hello_that_is_dropped_is_filtered_where_another_name_is_answered() -> None:
    diagnosis = diagnosed(DROPPED)
    assert roots(diagnosis) == ["net.filtered-on-the-way"]
    assert "blocked.example" in diagnosis.root_causes[0].finding.title


def test_captures_of_a_working_service_show_nothing() -> None:
    for name in ("said-redis_waits", "said-tls_alert", "http"):
        assert "net.connection-cut" not in codes(diagnosed((CAPTURES / f"{name}.pcap").read_bytes()))
