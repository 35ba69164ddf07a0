"""dig, nslookup, host, getent and resolv.conf, as BIND 9.18, busybox 1.35 and glibc 2.36 printed them here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.dns import Lookup, ResolvConf
from kwhy.ingest.parsers import corefile, dig, host_lookup, nslookup, resolv_conf
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Format, Head, Parsed

FOLDER = Path(__file__).parent / "network"
FORMATS: tuple[Format, ...] = (
    dig.FORMAT, nslookup.FORMAT, *host_lookup.FORMATS, resolv_conf.FORMAT, corefile.FORMAT,
)  # fmt: skip
PIECES = re.split(r"^\$ (.*)\n", (FOLDER / "dns_tools.txt").read_text(), flags=re.MULTILINE)
RUNS = dict(zip(PIECES[1::2], PIECES[2::2], strict=True))
IN_CLUSTER = re.split(r"^\$ (.*)\n", (FOLDER / "dns_session.txt").read_text(), flags=re.MULTILINE)
SILENT = dict(zip(IN_CLUSTER[1::2][:8], IN_CLUSTER[2::2][:8], strict=True))
POD = "kubectl exec -n shop tools -- "


def read(text: str, command: str | None) -> list[Parsed]:
    head = Head(text[:65536], len(text.encode()), command)
    best = max(FORMATS, key=lambda candidate: candidate.recognise(head))
    assert best.recognise(head) > 0.5, command
    return list(best.parse(Document("tools.txt", text.encode(), command=command)))


def lookups(text: str, command: str | None) -> list[Lookup]:
    found = read(text, command)
    assert not [item for item in found if isinstance(item, Unparsed)], found
    return [item for item in found if isinstance(item, Lookup)]


def lookup(command: str) -> Lookup:
    return lookups(RUNS[command], command)[0]


@pytest.mark.parametrize("command", RUNS)
def test_every_recorded_line_is_understood(command: str) -> None:
    assert lookups(RUNS[command], command)


#: Outputs in which nothing names the tool: they are known by their command only.
NAMELESS = ("+noall", "+short", "+trace", "+tcp", "getent")


@pytest.mark.parametrize("command", [c for c in RUNS if not any(word in c for word in NAMELESS)])
def test_outputs_are_known_without_their_command(command: str) -> None:
    assert lookups(RUNS[command], None)


def test_dig_tells_server_status_records_and_time() -> None:
    (found,) = lookups(SILENT["dig @10.96.0.10 rates.example.com"], None)
    assert (found.name, found.server, found.port) == ("rates.example.com.", "10.96.0.10", 53)
    assert (found.status, found.took, found.outcome) == ("SERVFAIL", 2000.0, "answered")
    (direct,) = lookups(
        SILENT["dig @10.55.0.10 -p 5354 rates.example.com"], "dig @10.55.0.10 -p 5354 rates.example.com"
    )
    assert (direct.port, direct.addresses, direct.answers[0].ttl) == (5354, ("10.55.0.10",), 0)


def test_no_answer_is_told_from_an_answer_that_there_is_no_such_name() -> None:
    assert lookup("dig rates.example.com @127.0.0.9 +tries=1 +time=1").outcome == "refused"
    assert lookup("dig nosuch.example.com @127.0.0.1 +noedns").status == "NXDOMAIN"
    assert lookup("dig example.net @127.0.0.1").status == "REFUSED"
    (silent,) = lookups(SILENT[POD + "nslookup rates.example.com"], POD + "nslookup rates.example.com")
    assert (silent.outcome, silent.name, silent.status) == ("timed-out", "rates.example.com", None)


def test_an_error_belongs_to_the_question_below_it() -> None:
    answered, refused = "dig nosuch.example.com @127.0.0.1 +noedns", "dig rates.example.com @127.0.0.9 +tries=1 +time=1"
    found = lookups(RUNS[answered] + RUNS[refused], None)
    assert [(one.outcome, one.status, one.port) for one in found] == [
        ("answered", "NXDOMAIN", 53),
        ("refused", None, 53),
    ]
    assert [one.server for one in found] == ["127.0.0.1", "127.0.0.9"]


def test_short_output_holds_addresses_only_and_takes_the_rest_from_the_command() -> None:
    found = lookup("dig +short rates.example.com @127.0.0.1")
    assert (found.name, found.server, found.addresses) == ("rates.example.com", "127.0.0.1", ("10.55.0.10",))


def test_busybox_prints_the_names_of_the_search_list_one_by_one() -> None:
    found = lookups(SILENT[POD + "nslookup web"], POD + "nslookup web")
    assert {one.name: one.status for one in found} == {
        "web.shop.svc.cluster.local": "NOERROR",
        "web.svc.cluster.local": "NXDOMAIN",
        "web.cluster.local": "NXDOMAIN",
        "web.default.svc.cluster.local": "NXDOMAIN",
    }
    assert found[0].netns is not None
    assert found[0].netns.name == "tools"


def test_old_busybox_numbers_its_addresses() -> None:
    # busybox 1.28, as kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution shows
    text = "Server:    10.0.0.10\nAddress 1: 10.0.0.10\n\nName:      kubernetes.default\nAddress 1: 10.0.0.1\n"
    (found,) = lookups(text, None)
    assert (found.server, found.name, found.addresses) == ("10.0.0.10", "kubernetes.default", ("10.0.0.1",))
    (none,) = lookups(
        "Server:    10.0.0.10\nAddress 1: 10.0.0.10\n\nnslookup: can't resolve 'kubernetes.default'\n", None
    )
    assert (none.outcome, none.name) == ("failed", "kubernetes.default")


def test_ipv6_addresses_keep_their_last_group() -> None:
    (found,) = lookups("Server:\t\tfd00::a\nAddress:\tfd00::a#53\n\nName:\tweb\nAddress: fd00::10\n", None)
    assert (found.server, found.addresses) == ("fd00::a", ("fd00::10",))
    (mended,) = lookups("Server:\t\tfd00::a\nAddress:\t[fd00::a]:53\n\nName:\tweb\nAddress: fd00::10\n", None)
    assert (mended.server, mended.port) == ("fd00::a", 53)


def test_a_resolv_conf_tells_servers_search_list_and_options() -> None:
    command = POD + "cat /etc/resolv.conf"
    (found,) = read(SILENT[command], command)
    assert isinstance(found, ResolvConf)
    assert (found.nameservers, found.ndots, found.path) == (("10.96.0.10",), 5, "/etc/resolv.conf")
    assert found.searches[0] == "shop.svc.cluster.local"
    assert found.netns is not None


def test_the_last_search_line_counts_and_a_name_is_no_name_server() -> None:
    found = read("domain a.example\nsearch b.example c.example\nnameserver dns.example\nnameserver 10.0.0.1\n", None)
    assert [type(item) for item in found] == [Unparsed, ResolvConf]
    assert isinstance(found[1], ResolvConf)
    assert found[1].searches == ("b.example", "c.example")
    assert found[1].ndots == 1


def test_getent_without_an_answer_prints_nothing_and_says_so_by_that() -> None:
    found = list(host_lookup.parse_getent(Document("x", b"", command="getent hosts nowhere.example")))
    assert isinstance(found[0], Lookup)
    assert (found[0].outcome, found[0].name) == ("failed", "nowhere.example")


EVERY = [*RUNS.values(), *SILENT.values()]


@given(st.sampled_from(FORMATS), st.binary(max_size=400))
def test_any_bytes_are_read_to_an_end(form: Format, data: bytes) -> None:
    list(form.parse(Document("any", data)))
    form.recognise(Head(data.decode("utf-8", "replace"), len(data), None))


@given(st.sampled_from(FORMATS), st.sampled_from(EVERY), st.data())
def test_damaged_outputs_are_read_to_an_end(form: Format, text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    changed = text[:start] + data.draw(st.text(max_size=12)) + text[end:]
    list(form.parse(Document("any", changed.encode("utf-8", "replace"))))
