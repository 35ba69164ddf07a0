"""Given DNS as tcpdump prints it, the same questions and answers as from the capture file itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.dialogues import NameQuestion
from kwhy.ingest.parsers.capture import parse, parse_printed
from kwhy.model.document import Document

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CAPTURE = FIXTURES / "incident-i3" / "stage-4-object-store" / "eth0.pcap"
#: tcpdump 4.99.3 -nn -r eth0.pcap port 53, and the same with -v.
PRINTED = """\
06:26:53.647883 IP 10.176.44.23.39715 > 10.176.46.4.53: 2102+ A? store.objects.example. (39)
06:26:53.647918 IP 10.176.44.23.39715 > 10.176.46.4.53: 61754+ AAAA? store.objects.example. (39)
06:26:53.647968 IP 10.176.46.4.53 > 10.176.44.23.39715: 2102* 1/0/0 A 100.64.249.132 (55)
06:26:53.647999 IP 10.176.46.4.53 > 10.176.44.23.39715: 61754 Refused 0/0/0 (39)
"""
VERBOSE = """\
06:26:53.647883 IP (tos 0x0, ttl 64, id 62314, offset 0, flags [DF], proto UDP (17), length 67)
    10.176.44.23.39715 > 10.176.46.4.53: 2102+ A? store.objects.example. (39)
06:26:53.647968 IP (tos 0x0, ttl 63, id 41067, offset 0, flags [DF], proto UDP (17), length 83)
    10.176.46.4.53 > 10.176.44.23.39715: 2102* 1/0/0 store.objects.example. A 100.64.249.132 (55)
"""
#: print-domain.c of tcpdump 4.99: aliases and TTLs with -vv.
ALIASES = """\
10:00:00.000000 IP 10.0.0.1.5000 > 10.0.0.53.53: 7+ [1au] A? www.example.com. (44)
10:00:00.040000 IP 10.0.0.53.53 > 10.0.0.1.5000: 7 2/0/1 CNAME edge.example.net., A 192.0.2.7 (93)
10:00:01.000000 IP 10.0.0.1.5000 > 10.0.0.53.53: 8+ A? gone.example.com. (34)
10:00:01.040000 IP 10.0.0.53.53 > 10.0.0.1.5000: 8 NXDomain* 0/1/0 (97)
10:00:02.000000 IP 10.0.0.1.5000 > 10.0.0.53.53: 9+ A? lost.example.com. (34)
"""


def printed(text: str) -> list[NameQuestion]:
    return [fact for fact in parse_printed(Document("t.txt", text.encode())) if isinstance(fact, NameQuestion)]


def told(questions: list[NameQuestion]) -> set[tuple[object, ...]]:
    return {(q.client, q.server, q.name, q.type, q.code, q.addresses, q.authoritative, q.count) for q in questions}


def test_a_printed_capture_tells_what_the_file_tells() -> None:
    facts = parse(Document("eth0.pcap", CAPTURE.read_bytes()))
    assert told(printed(PRINTED)) == told([fact for fact in facts if isinstance(fact, NameQuestion)])


def test_the_answer_is_located_by_its_line_with_and_without_v() -> None:
    (plain, _), (verbose,) = printed(PRINTED), printed(VERBOSE)
    assert (plain.at.line, verbose.at.line) == (3, 3)
    assert plain.longest == pytest.approx(0.000085)
    assert verbose.addresses == ("100.64.249.132",)


def test_aliases_missing_names_and_silence_are_told_apart() -> None:
    found = {q.name: q for q in printed(ALIASES)}
    assert (found["www.example.com"].addresses, found["www.example.com"].aliases) == (
        ("192.0.2.7",),
        ("edge.example.net",),
    )
    assert (found["gone.example.com"].code, found["gone.example.com"].authoritative) == ("NXDOMAIN", True)
    assert found["lost.example.com"].code is None


@given(st.lists(st.sampled_from(PRINTED.splitlines() + ALIASES.splitlines()), max_size=8), st.text(max_size=80))
def test_any_order_and_any_more_text_never_raise(lines: list[str], more: str) -> None:
    printed("\n".join([*lines, more, (lines[0] + more) if lines else more]))
