from __future__ import annotations

from pathlib import Path

import msgspec

from kwhy.facts.packets import Capture, Flow, IcmpError
from kwhy.ingest.parsers.capture import parse, parse_printed
from kwhy.knowledge.net.captures import (
    answer_time,
    asymmetric,
    crossings,
    errors_that_may_concern,
    large_segments_lost,
    reset_by_another,
    silent_on,
)
from kwhy.model.document import Document

RECORDED = Path(__file__).parents[2] / "fixtures" / "captures"


def read(*names: str) -> tuple[list[Flow], list[Capture], list[IcmpError]]:
    flows: list[Flow] = []
    captures: list[Capture] = []
    errors: list[IcmpError] = []
    for name in names:
        document = Document(name, (RECORDED / name).read_bytes())
        for fact in parse_printed(document) if name.endswith(".txt") else parse(document):
            if isinstance(fact, Flow):
                flows.append(fact)
            elif isinstance(fact, Capture):
                captures.append(fact)
            elif isinstance(fact, IcmpError):
                errors.append(fact)
    return flows, captures, errors


def tcp(flows: list[Flow], port: int) -> Flow:
    (flow,) = [flow for flow in flows if flow.protocol == "tcp" and flow.b_port == port]
    return flow


def test_the_other_interface_of_one_capture_is_certainly_silent() -> None:
    flows, captures, _ = read("wrong-interface.pcapng")
    (silence,) = silent_on(tcp(flows, 8080), flows, captures)
    assert (silence.name, silence.named_by_file, silence.certain) == ("eth1", False, True)


def test_another_file_is_silent_by_its_name_and_only_surely_if_it_ran_meanwhile() -> None:
    flows, captures, _ = read("eth0.pcap", "eth1.pcap")
    (silence,) = silent_on(tcp(flows, 8080), flows, captures)
    assert (silence.name, silence.named_by_file) == ("eth1", True)
    assert not silence.certain  # eth1.pcap holds one packet, later: it is not known to have listened before


def test_an_interface_that_shows_the_flow_is_not_silent() -> None:
    flows, captures, _ = read("wrong-interface.pcapng")
    assert [silence.name for silence in silent_on(tcp(flows, 8080), [], captures)] == ["eth0", "eth1"]
    http, captures, _ = read("http.pcapng")
    assert silent_on(tcp(http, 8080), http, captures) == []


def test_a_conversation_that_returns_elsewhere_is_asymmetric() -> None:
    flows, _, _ = read("http.pcapng")
    flow = tcp(flows, 8080)
    nothing = type(flow.ab)()
    out = msgspec.structs.replace(flow, ba=nothing, interface="eth0")
    home = msgspec.structs.replace(flow, ab=nothing, interface="eth1")
    (crossing,) = asymmetric([out, home])
    assert (sorted(crossing.out_by), sorted(crossing.home_by)) == (["eth0"], ["eth1"])
    assert asymmetric(flows) == []


def test_a_flow_without_its_beginning_is_turned_round_to_match() -> None:
    flows, _, _ = read("http.pcapng")
    flow = tcp(flows, 8080)
    turned = msgspec.structs.replace(
        flow, a=flow.b, a_port=flow.b_port, b=flow.a, b_port=flow.a_port, ab=flow.ba, ba=type(flow.ab)(), opened=False
    )
    (crossing,) = crossings([turned, flow])
    assert crossing.outward == (flow,) and crossing.homeward == (turned, flow)


def test_server_time_is_told_from_network_time() -> None:
    flows, _, _ = read("slow-answers.pcap")
    waited = answer_time(tcp(flows, 7000))
    assert waited.answers == 4 and waited.network is not None and waited.network < 0.01
    assert 0.25 < waited.longest_at_server < 0.4


def test_the_hops_of_a_reset_are_compared_with_its_sender_s_other_packets() -> None:
    flows, _, _ = read("http.pcap", "refused.pcap")
    assert reset_by_another(tcp(flows, 8080)) is None
    assert reset_by_another(tcp(flows, 81)) is None  # the server sent nothing else
    flow = tcp(flows, 8080)
    forged = msgspec.structs.replace(flow.begin, source=flow.b, hops=250)
    assert reset_by_another(msgspec.structs.replace(flow, rst=forged)) is True
    assert reset_by_another(msgspec.structs.replace(flow, rst=msgspec.structs.replace(forged, hops=63))) is False


def test_random_loss_of_full_segments_has_the_shape_and_a_healthy_flow_has_not() -> None:
    lossy, _, _ = read("loss.pcap")
    healthy, _, _ = read("http.pcap")
    assert large_segments_lost(tcp(lossy, 7002))
    assert not large_segments_lost(tcp(healthy, 8080))


def test_a_printed_error_without_ports_may_concern_every_flow_to_that_host() -> None:
    flows, _, errors = read("errors-any.printed.txt")
    concerned = {flow.b_port for flow in flows if errors_that_may_concern(flow, errors) and flow.protocol == "tcp"}
    assert concerned == {9001, 9002, 3306, 8080}
