"""Captures recorded by tests/fixtures/captures/record.sh (tcpdump 4.99.3, dumpcap 4.0.17, Linux 6.18)."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.packets import Capture, EchoExchange, Flow, IcmpError, NeighbourQuestion
from kwhy.ingest.parsers.capture import FORMATS, parse, parse_printed, recognise, recognise_printed
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

RECORDED = Path(__file__).parents[2] / "fixtures" / "captures"


def facts_of(name: str, data: bytes | None = None) -> list[Parsed]:
    document = Document(name, (RECORDED / name).read_bytes() if data is None else data)
    return list(parse_printed(document) if name.endswith(".txt") else parse(document))


def flows_of(name: str, protocol: str = "tcp") -> list[Flow]:
    return [fact for fact in facts_of(name) if isinstance(fact, Flow) and fact.protocol == protocol]


def the_flow(name: str, port: int, protocol: str = "tcp") -> Flow:
    (flow,) = [flow for flow in flows_of(name, protocol) if flow.b_port == port]
    return flow


def the_capture(facts: list[Parsed]) -> Capture:
    (capture,) = [fact for fact in facts if isinstance(fact, Capture)]
    return capture


def test_a_healthy_exchange_is_one_closed_flow_with_its_round_trip() -> None:
    flow = the_flow("http.pcap", 8080)
    assert (flow.a, flow.b, flow.outcome, flow.opened) == ("10.77.1.2", "10.77.2.2", "closed", True)
    assert flow.handshake_complete and flow.handshake_rtt is not None and flow.handshake_rtt < 0.01
    assert flow.ab.payload == 83 and flow.ba.payload == 1453 and flow.ba.answers == 1
    assert flow.ab.retransmitted == flow.ba.retransmitted == 0
    assert flow.at.path == "packet 3"
    excerpt = "IP 10.77.1.2.53442 > 10.77.2.2.8080: Flags [S], seq 810862981, win 64240, length 0"
    assert flow.at.excerpt == f"00:10:33.693781 {excerpt}"


def test_an_excerpt_reads_like_tcpdump_s_own_line() -> None:
    printed = {flow.b_port: flow.at.excerpt for flow in flows_of("http-S-tt.printed.txt")}
    ours = {flow.b_port: flow.at.excerpt.partition(" ")[2] for flow in flows_of("http.pcap")}
    for port, line in ours.items():
        before_options, _, after = line.partition(", length")
        assert before_options in printed[port] and printed[port].endswith(f", length{after}")


def test_a_syn_without_answer_is_counted_with_its_repetitions_in_nanoseconds() -> None:
    flow = the_flow("syn-unanswered.pcap", 3306)
    assert (flow.outcome, flow.ab.syn, flow.ba.packets, flow.ab.retransmitted) == ("unanswered", 4, 0, 3)
    assert flow.duration == pytest.approx(3.06, abs=0.1)


def test_a_reset_to_the_syn_is_a_refusal_by_the_server() -> None:
    flow = the_flow("refused.pcap", 81)
    assert (flow.outcome, flow.reset_by, flow.syn_ack) == ("refused", "10.77.2.2", None)
    assert flow.rst is not None and "Flags [R.]" in flow.rst.at.excerpt


def test_pings_are_paired_with_their_replies() -> None:
    (ping,) = [fact for fact in facts_of("ping.pcap") if isinstance(fact, EchoExchange)]
    assert (ping.requests, ping.replies, ping.unanswered, ping.stray) == (3, 3, 0, 0)
    assert ping.rtt_min is not None and ping.rtt_max is not None and 0 < ping.rtt_min <= ping.rtt_max < 0.01


def test_pcapng_names_its_interfaces_and_tells_their_flows_apart() -> None:
    facts = facts_of("wrong-interface.pcapng")
    capture = the_capture(facts)
    assert [(port.name, port.packets) for port in capture.interfaces] == [("eth0", 6), ("eth1", 4)]
    (unanswered,) = [fact for fact in facts if isinstance(fact, Flow) and fact.protocol == "tcp"]
    assert (unanswered.a, unanswered.interface, unanswered.outcome) == ("10.77.3.2", "eth0", "unanswered")
    (on_eth1,) = [fact for fact in facts if isinstance(fact, Flow) and fact.interface == "eth1"]
    assert on_eth1.protocol == "icmp"


def test_pcapng_states_its_filter_and_its_drops() -> None:
    (port,) = the_capture(facts_of("http.pcapng")).interfaces
    assert (port.name, port.filter, port.dropped) == ("eth0", "port 8080", 0)


def test_a_file_name_is_only_a_hint_of_the_interface() -> None:
    (flow,) = flows_of("eth0.pcap")
    assert (flow.interface, flow.interface_hint) == (None, "eth0")


@pytest.mark.parametrize(
    "name", ["errors-any.pcap", "errors-any-sll1.pcap", "errors-any.printed.txt", "errors-any-sll1-v.printed.txt"]
)
def test_every_way_to_be_turned_away_is_told_apart(name: str) -> None:
    facts = facts_of(name)
    outcomes = {flow.b_port: flow.outcome for flow in facts if isinstance(flow, Flow) and flow.b_port}
    quoted = "printed" not in name or "-v" in name  # a printed error names no ports without -v
    assert outcomes == {
        9999: "rejected",
        9001: "rejected" if quoted else "unanswered",
        9002: "refused",
        3306: "unanswered",
        8080: "closed",
        1: "refused",
    }
    reasons = {(error.reason, error.destination, error.count) for error in facts if isinstance(error, IcmpError)}
    assert reasons == {
        ("port unreachable", "10.77.2.2", 1),
        ("host prohibited", "10.77.2.2", 1),
        ("host unreachable", "10.77.1.99", 2),
    }
    silent = {(q.target, q.requests) for q in facts if isinstance(q, NeighbourQuestion) and not q.replies}
    assert silent == {("10.77.1.99", 3)}


def test_a_cooked_capture_states_interface_indexes_and_directions() -> None:
    flow = the_flow("errors-any.pcap", 8080)
    assert flow.interface is None and flow.interface_index == 2
    assert (flow.ab.leaving, flow.ab.entering, flow.ba.leaving, flow.ba.entering) == (6, 0, 0, 6)


def test_tcpdump_i_any_prints_interface_names_and_directions() -> None:
    flow = the_flow("errors-any.printed.txt", 8080)
    assert flow.interface == "eth0"
    assert (flow.ab.leaving, flow.ba.entering) == (6, 6)
    assert flow.at.line == 24


def test_ipv6_flows_errors_and_silent_neighbours_are_read() -> None:
    facts = facts_of("ipv6.pcap")
    flows = {flow.b_port: flow for flow in facts if isinstance(flow, Flow) and flow.b_port}
    assert flows[8080].outcome == "closed" and flows[8080].at.excerpt.count("IP6 fd77:1::2.") == 1
    assert flows[9999].outcome == "rejected" and flows[9999].errors[0].reason == "port unreachable"
    assert (flows[5353].ab.packets, flows[5353].ba.packets) == (3, 3)  # fragments of one datagram each
    assert the_capture(facts).fragments == 6
    asked = {(q.target, q.requests, q.replies) for q in facts if isinstance(q, NeighbourQuestion)}
    assert asked == {("fd77:1::1", 1, 1), ("fd77:1::99", 3, 0)}


def test_vlan_tags_are_stepped_over_and_fragments_join_their_datagram() -> None:
    facts = facts_of("vlan.pcap")
    flows = {flow.b_port: flow for flow in facts if isinstance(flow, Flow) and flow.b_port}
    assert (flows[53].a, flows[53].b, flows[53].ba.packets) == ("10.77.100.2", "10.77.100.1", 1)
    assert (flows[5353].ab.packets, flows[5353].ba.packets) == (3, 3)


def test_packets_cut_by_the_snap_length_keep_their_sizes() -> None:
    facts = facts_of("snaplen.pcap")
    (flow,) = [fact for fact in facts if isinstance(fact, Flow)]
    assert flow.outcome == "closed" and flow.ba.payload == 1453
    assert the_capture(facts).cut == 12


def test_slow_answers_are_timed_and_proven() -> None:
    flow = the_flow("slow-answers.pcap", 7000)
    assert flow.ba.answers == 4 and flow.ba.longest_wait == pytest.approx(0.3, abs=0.05)
    assert flow.ba.wait == pytest.approx(1.2, abs=0.1)
    assert flow.slowest_answer is not None and flow.slowest_answer.source == "10.77.2.2"


def test_a_reader_that_does_not_read_shows_zero_windows() -> None:
    flow = the_flow("zero-window.pcap", 7001)
    assert flow.ba.zero_windows > 0 and flow.zero_window is not None
    assert flow.zero_window.source == "10.77.2.2" and "win 0" in flow.zero_window.printed


def test_losses_are_retransmissions_at_the_sender_and_late_segments_at_the_receiver() -> None:
    sender, receiver = the_flow("loss.pcap", 7002), the_flow("loss-receiver.pcap", 7002)
    assert sender.ab.retransmitted == 8 and sender.ab.late == 0
    assert receiver.ab.retransmitted == 0 and receiver.ab.late == 7  # the eighth was the last: nothing had passed it
    assert sender.retransmission is not None and sender.retransmission.payload > 0


def test_a_path_that_is_too_narrow_is_reported_by_its_router_with_the_mtu() -> None:
    errors = [fact for fact in facts_of("need-to-frag.pcap") if isinstance(fact, IcmpError)]
    (narrow,) = [error for error in errors if error.reason == "fragmentation needed"]
    assert (narrow.reporter, narrow.mtu, narrow.protocol) == ("10.77.1.1", 1300, "icmp")


def test_dns_without_answer_is_an_unanswered_flow() -> None:
    outcomes = {(flow.b, flow.outcome) for flow in flows_of("dns.pcap", "udp")}
    assert outcomes == {("10.77.2.2", "answered"), ("10.77.2.2", "unanswered"), ("10.77.2.9", "unanswered")}


# --- The same conversation in every form that tcpdump prints --------------------------------------------------------


@pytest.mark.parametrize("form", ["http", "http-tttt-e", "http-S-tt", "http-names-ttt", "http-v"])
def test_printed_captures_give_the_flow_of_the_file(form: str) -> None:
    file, printed = the_flow("http.pcap", 8080), the_flow(f"{form}.printed.txt", 8080)
    assert (printed.a, printed.a_port, printed.b, printed.outcome) == (file.a, file.a_port, file.b, file.outcome)
    assert (printed.ab.packets, printed.ba.packets) == (file.ab.packets, file.ba.packets)
    assert (printed.ab.payload, printed.ba.payload) == (file.ab.payload, file.ba.payload)
    assert printed.handshake_rtt == pytest.approx(file.handshake_rtt, abs=2e-6)
    assert printed.at.line == 4 and "Flags [S]" in printed.at.excerpt


def test_relative_sequence_numbers_give_the_retransmissions_of_the_file() -> None:
    printed, file = the_flow("loss.printed.txt", 7002), the_flow("loss.pcap", 7002)
    assert (printed.ab.retransmitted, printed.ab.late) == (file.ab.retransmitted, file.ab.late) == (8, 0)


@pytest.mark.parametrize("missing", [1, 5, 40, 100])
def test_a_text_whose_beginning_is_missing_shows_no_false_retransmission(missing: int) -> None:
    lines = (RECORDED / "loss.printed.txt").read_bytes().splitlines(keepends=True)
    kept = facts_of("part.txt", b"".join(lines[1 + missing :]))
    (flow,) = [fact for fact in kept if isinstance(fact, Flow)]
    assert flow.ab.retransmitted + flow.ab.late <= 8


def test_frame_sizes_are_known_with_e_only() -> None:
    assert the_capture(facts_of("http-tttt-e.printed.txt")).wire_sizes
    assert the_flow("http-tttt-e.printed.txt", 8080).ba.bytes == the_flow("http.pcap", 8080).ba.bytes
    assert not the_capture(facts_of("http.printed.txt")).wire_sizes


def test_a_local_date_is_a_moment_within_the_time_zones_of_the_world() -> None:
    file, printed = the_flow("http.pcap", 8080), the_flow("http-tttt-e.printed.txt", 8080)
    assert file.first.earliest is not None
    assert printed.first.earliest is not None and printed.first.latest is not None
    assert printed.first.earliest < file.first.earliest < printed.first.latest
    assert the_flow("http-S-tt.printed.txt", 8080).first.earliest == pytest.approx(file.first.earliest)
    assert not the_flow("http.printed.txt", 8080).first.known


def test_a_print_without_times_and_with_hex_dumps_is_read() -> None:
    flow = the_flow("http-t-X.printed.txt", 8080)
    assert (flow.ab.packets, flow.ba.packets, flow.outcome) == (3, 1, "established")


def test_a_quiet_print_knows_no_handshake() -> None:
    flow = the_flow("http-q.printed.txt", 8080)
    assert (flow.opened, flow.outcome, flow.ba.payload, flow.ba.retransmitted) == (False, "mid-stream", 1453, 0)


def test_what_tcpdump_decodes_of_payload_never_becomes_proof() -> None:
    line = (RECORDED / "http.printed.txt").read_text().splitlines()[6]
    assert "GET /small" in line
    text = line.replace("/small", "/?token=hunter2") + "\n"
    (flow,) = [fact for fact in facts_of("x.txt", text.encode()) if isinstance(fact, Flow)]
    assert "hunter2" not in flow.at.excerpt and flow.at.excerpt.endswith("length 83")


def test_an_empty_capture_on_a_named_interface_is_evidence() -> None:
    text = (
        "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n"
        "listening on eth1, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n"
        "\n0 packets captured\n0 packets received by filter\n0 packets dropped by kernel\n"
    )
    facts = facts_of("x.txt", text.encode())
    capture = the_capture(facts)
    assert (capture.packets, capture.interfaces[0].name, capture.dropped) == (0, "eth1", 0)
    assert recognise_printed(Head(text, len(text), None)) > 0.9


def test_the_command_states_the_interface() -> None:
    data = (RECORDED / "http.printed.txt").read_bytes().split(b"\n", 1)[1]
    facts = list(parse_printed(Document("session.txt", data, first_line=40, command="tcpdump -nni eth1 port 8080")))
    (flow,) = [fact for fact in facts if isinstance(fact, Flow) and fact.protocol == "tcp"]
    assert (flow.interface, flow.at.line) == ("eth1", 42)


# --- Other forms of the same packets ---------------------------------------------------------------------------------


def records_of(name: str) -> list[tuple[int, int, int, bytes]]:
    data, found, position = (RECORDED / name).read_bytes(), [], 24
    while position < len(data):
        second, fraction, stored, length = struct.unpack_from("<IIII", data, position)
        found.append((second, fraction, length, data[position + 16 : position + 16 + stored]))
        position += 16 + stored
    return found


def pcap(records: list[tuple[int, int, int, bytes]], order: str = "<", link: int = 1, magic: int = 0xA1B2C3D4) -> bytes:
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for second, fraction, length, frame in records:
        parts.append(struct.pack(order + "IIII", second, fraction, len(frame), length) + frame)
    return b"".join(parts)


def shape(facts: list[Parsed]) -> list[tuple[object, ...]]:
    return [
        (f.protocol, f.a, f.a_port, f.b, f.b_port, f.ab.packets, f.ba.packets, f.ba.payload, f.outcome, f.handshake_rtt)
        for f in facts
        if isinstance(f, Flow)
    ]


def test_big_endian_files_read_like_little_endian_ones() -> None:
    records = records_of("http.pcap")
    assert shape(facts_of("x.pcap", pcap(records, ">"))) == shape(facts_of("http.pcap"))


def test_nanosecond_files_read_like_microsecond_ones() -> None:
    records = [(second, micro * 1000, length, frame) for second, micro, length, frame in records_of("http.pcap")]
    for order in "<>":
        assert shape(facts_of("x.pcap", pcap(records, order, magic=0xA1B23C4D))) == shape(facts_of("http.pcap"))


@pytest.mark.parametrize(
    ("link", "header"),
    [
        (101, b""),
        (12, b""),
        (228, b""),
        (0, struct.pack("<I", 2)),
        (0, struct.pack(">I", 2)),
        (108, struct.pack(">I", 2)),
        (113, struct.pack(">HHH8sH", 0, 1, 6, b"", 0x0800)),
        (276, struct.pack(">HHIHBB8s", 0x0800, 0, 7, 1, 0, 6, b"")),
        (1, b"\2" * 12 + struct.pack(">HHHH", 0x88A8, 5, 0x8100, 7) + b"\x08\x00"),
    ],
)
def test_every_link_type_carries_the_same_flow(link: int, header: bytes) -> None:
    tcp = [record for record in records_of("http.pcap") if record[3][12:14] == b"\x08\x00"]
    moved = [(second, micro, length - 14 + len(header), header + frame[14:]) for second, micro, length, frame in tcp]
    expected = [row for row in shape(facts_of("http.pcap")) if row[0] == "tcp"]
    assert shape(facts_of("x.pcap", pcap(moved, link=link))) == expected


def test_sections_of_a_pcapng_file_have_interfaces_of_their_own() -> None:
    joined = b"".join((RECORDED / name).read_bytes() for name in ("http.pcapng", "wrong-interface.pcapng"))
    capture = the_capture(facts_of("x.pcapng", joined))
    assert [(port.name, port.packets) for port in capture.interfaces] == [("eth0", 12), ("eth0", 6), ("eth1", 4)]


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += b"\0" * (-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def section(order: str) -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("code", "per_second"), [(6, 10**6), (9, 10**9), (3, 10**3), (0x80 | 20, 2**20), (0x80 | 30, 2**30)]
)
def test_timestamps_have_the_resolution_that_their_interface_states(order: str, code: int, per_second: int) -> None:
    options = struct.pack(order + "HHB3xHHq", 9, 1, code, 14, 8, 1_000_000_000) + struct.pack(order + "HH", 0, 0)
    data = section(order) + block(1, struct.pack(order + "HHI", 1, 0, 0) + options, order)
    for second, micro, length, frame in records_of("ping.pcap"):
        ticks = (second - 1_000_000_000) * per_second + micro * per_second // 10**6
        head = struct.pack(order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), length)
        data += block(6, head + frame, order)
    (ping,) = [fact for fact in facts_of("x.pcapng", data) if isinstance(fact, EchoExchange)]
    (expected,) = [fact for fact in facts_of("ping.pcap") if isinstance(fact, EchoExchange)]
    assert ping.first.time.earliest == pytest.approx(expected.first.time.earliest, abs=1.1 / per_second)


def test_simple_packets_have_no_time_and_no_round_trip() -> None:
    data = section("<") + block(1, struct.pack("<HHI", 1, 0, 0))
    for _, _, length, frame in records_of("http.pcap"):
        data += block(3, struct.pack("<I", length) + frame)
    (flow,) = [fact for fact in facts_of("x.pcapng", data) if isinstance(fact, Flow) and fact.protocol == "tcp"]
    assert flow.outcome == "closed" and flow.handshake_complete
    assert not flow.first.known and flow.handshake_rtt is None and flow.at.excerpt.startswith("IP 10.77.1.2")


def test_ports_used_again_are_another_connection() -> None:
    records = records_of("http.pcap")
    again = []
    for second, micro, length, frame in records:
        if frame[12:14] == b"\x08\x00" and frame[23] == 6:
            sequence, ack = struct.unpack_from(">II", frame, 38)
            numbers = struct.pack(">II", (sequence + 10**6) & 0xFFFFFFFF, (ack + 10**6) & 0xFFFFFFFF if ack else 0)
            again.append((second + 60, micro, length, frame[:38] + numbers + frame[46:]))
    flows = [f for f in facts_of("x.pcap", pcap(records + again)) if isinstance(f, Flow) and f.protocol == "tcp"]
    assert [(flow.outcome, flow.ab.retransmitted, flow.packets) for flow in flows] == [("closed", 0, 12)] * 2


def test_a_packet_captured_twice_is_no_retransmission() -> None:
    records = [record for record in records_of("slow-answers.pcap") for _ in range(2)]
    (flow,) = [fact for fact in facts_of("x.pcap", pcap(records)) if isinstance(fact, Flow)]
    assert flow.ab.retransmitted == flow.ba.retransmitted == 0
    assert flow.ab.twice > 0


# --- Damage ----------------------------------------------------------------------------------------------------------


def test_a_capture_cut_inside_its_last_record_says_so_and_keeps_the_rest() -> None:
    data = (RECORDED / "http.pcap").read_bytes()[:-10]
    facts = facts_of("x.pcap", data)
    assert the_capture(facts).truncated and the_capture(facts).packets == 14
    (told,) = [fact for fact in facts if isinstance(fact, Unparsed)]
    assert told.at.path == "packet 15, byte 2676" and "truncated" in told.why


def test_a_pcapng_cut_inside_a_block_keeps_the_rest() -> None:
    data = (RECORDED / "http.pcapng").read_bytes()
    facts = facts_of("x.pcapng", data[: data.rindex(struct.pack("<I", 6), 0, len(data) - 200) + 40])
    assert the_capture(facts).truncated and 0 < the_capture(facts).packets < 12


def test_after_a_damaged_record_header_reading_goes_on() -> None:
    data = bytearray((RECORDED / "loss.pcap").read_bytes())
    position, middle = 24, 0
    for number in range(150):
        middle = position if number == 100 else middle
        position += 16 + struct.unpack_from("<I", data, position + 8)[0]
    data[middle + 8 : middle + 12] = b"\xff\xff\xff\x7f"
    facts = facts_of("x.pcap", bytes(data))
    assert the_capture(facts).packets == 314
    (told,) = [fact for fact in facts if isinstance(fact, Unparsed)]
    assert told.at.path == f"packet 101, byte {middle}" and "skipped" in told.why


def test_after_a_damaged_block_reading_goes_on() -> None:
    data = bytearray((RECORDED / "http.pcapng").read_bytes())
    first = data.index(struct.pack("<I", 6), 300)
    length = struct.unpack_from("<I", data, first + 4)[0]
    data[first + length - 4 : first + length] = b"\0\0\0\1"
    facts = facts_of("x.pcapng", bytes(data))
    assert the_capture(facts).packets == 11
    assert any(isinstance(fact, Unparsed) and f"byte {first}" in (fact.at.path or "") for fact in facts)


@pytest.mark.parametrize("every", [1, 2, 5])
def test_a_file_damaged_all_over_is_given_up_in_time_and_in_few_words(every: int) -> None:
    records = records_of("ping.pcap") * 5000
    broken = [
        (second, 2_000_000 if number % every == 0 else micro, length, frame)
        for number, (second, micro, length, frame) in enumerate(records)
    ]
    facts = facts_of("x.pcap", pcap(records_of("ping.pcap") + broken))
    told = [fact for fact in facts if isinstance(fact, Unparsed)]
    assert 1 <= len(told) <= 21 and the_capture(facts).packets >= 6


def test_a_pcapng_damaged_all_over_is_given_up_in_time() -> None:
    sound = block(6, struct.pack("<IIIII", 0, 0, 0, 60, 60) + b"\0" * 60)
    broken = sound[:-4] + b"\0\0\0\1"
    data = section("<") + block(1, struct.pack("<HHI", 1, 0, 0)) + (sound * 4 + broken) * 20_000
    facts = facts_of("x.pcapng", data)
    assert the_capture(facts).packets >= 4000
    assert len([fact for fact in facts if isinstance(fact, Unparsed) and "damaged places" in fact.why]) == 1


def test_long_files_are_walked_from_many_places_to_the_same_records() -> None:
    records = records_of("loss.pcap") * 200
    whole = pcap(records)
    capture = the_capture(facts_of("x.pcap", whole))
    assert (capture.packets, capture.truncated) == (63000, False)
    assert capture.bytes == sum(length for _, _, length, _ in records)
    cut = the_capture(facts_of("x.pcap", whole[:-1]))
    assert (cut.packets, cut.truncated) == (62999, True)


def test_a_capture_inside_a_capture_does_not_mislead_the_walk() -> None:
    inner = pcap(records_of("ping.pcap") * 30)
    second, micro, _, frame = records_of("dns.pcap")[0]
    carried = frame + inner
    facts = facts_of("x.pcap", pcap([(second, micro, len(carried), carried)] * 300))
    assert the_capture(facts).packets == 300 and not any(isinstance(fact, Unparsed) for fact in facts)


def test_an_unknown_link_type_is_told_with_its_packets() -> None:
    facts = facts_of("x.pcap", pcap(records_of("ping.pcap"), link=195))
    (told,) = [fact for fact in facts if isinstance(fact, Unparsed)]
    assert "link type 195" in told.why and "6 packets" in told.why


def test_headers_cut_before_their_addresses_are_counted() -> None:
    records = [(second, micro, length, frame[:20]) for second, micro, length, frame in records_of("ping.pcap")]
    facts = facts_of("x.pcap", pcap(records))
    assert the_capture(facts).undecoded == 6
    assert [fact.at.path for fact in facts if isinstance(fact, Unparsed)] == ["packet 1"]


@pytest.mark.parametrize("data", [b"", b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a", b"\x34\xcd\xb2\xa1", b"hello"])
def test_what_is_no_whole_capture_is_told_in_a_sentence(data: bytes) -> None:
    told = [fact for fact in facts_of("x.pcap", data) if isinstance(fact, Unparsed)]
    assert told and all(len(fact.why) > 20 for fact in told)


BINARY = ("http.pcap", "http.pcapng", "wrong-interface.pcapng", "errors-any.pcap", "ipv6.pcap", "vlan.pcap")
TEXT = ("errors-any.printed.txt", "http-v.printed.txt", "http-tttt-e.printed.txt", "ipv6.printed.txt")


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(BINARY), st.data())
def test_mutated_captures_never_raise_and_every_place_stays_printable(name: str, draw: st.DataObject) -> None:
    data = bytearray((RECORDED / name).read_bytes())
    for _ in range(draw.draw(st.integers(1, 12))):
        data[draw.draw(st.integers(4, len(data) - 1))] = draw.draw(st.integers(0, 255))
    data = data[: draw.draw(st.integers(4, len(data)))]
    for fact in facts_of("x.pcap", bytes(data)):
        assert not isinstance(fact, Document) and fact.at.document.source == "x.pcap"


@settings(deadline=None, max_examples=100)
@given(st.sampled_from([b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a"]), st.binary(max_size=3000))
def test_arbitrary_bytes_after_a_magic_number_never_raise(magic: bytes, rest: bytes) -> None:
    for fact in facts_of("x.pcap", magic + rest):
        assert not isinstance(fact, Document)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(TEXT), st.data())
def test_mutated_prints_never_raise(name: str, draw: st.DataObject) -> None:
    text = (RECORDED / name).read_text()
    for _ in range(draw.draw(st.integers(1, 8))):
        place = draw.draw(st.integers(0, len(text) - 1))
        text = text[:place] + draw.draw(st.text(max_size=6)) + text[place + draw.draw(st.integers(0, 30)) :]
    facts = facts_of("x.txt", text.encode("utf-8", "replace"))
    lines = text.count("\n") + 1
    assert all(not isinstance(f, Flow) or (f.at.line or 0) <= lines for f in facts)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=2000))
def test_arbitrary_text_never_raises(text: str) -> None:
    assert the_capture(facts_of("x.txt", text.encode("utf-8", "replace"))).packets >= 0


# --- Recognition -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.pcap*")), ids=lambda path: path.name)
@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_capture_files_are_recognised_whatever_decoded_their_head(path: Path, encoding: str) -> None:
    head = Head(path.read_bytes()[:65536].decode(encoding, "replace"), path.stat().st_size, None)
    assert recognise(head) == 1.0 and recognise_printed(head) == 0.0


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.printed.txt")), ids=lambda path: path.name)
def test_prints_are_recognised_with_and_without_tcpdump_s_own_lines(path: Path) -> None:
    text = path.read_text()
    assert recognise_printed(Head(text, len(text), None)) >= 0.9 and recognise(Head(text, len(text), None)) == 0.0
    packets = "\n".join(line for line in text.splitlines() if "link-type" not in line)
    assert recognise_printed(Head(packets, len(packets), None)) > 0.6


@pytest.mark.parametrize(
    "text", ["", "IP address is 10.0.0.1\n", "12:00:00.123456 starting\n", "listening on port 80\n"]
)
def test_other_text_is_no_print_of_tcpdump(text: str) -> None:
    assert recognise_printed(Head(text, len(text), None)) == 0.0


def test_the_module_offers_both_formats() -> None:
    assert [chosen.name for chosen in FORMATS] == ["packet-capture", "tcpdump-output"]
