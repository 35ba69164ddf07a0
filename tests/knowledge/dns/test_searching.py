"""The questions for a name are those that glibc 2.36 and Go 1.26 asked a dnsmasq that logged them."""

import pytest

from kwhy.facts.dns import ResolvConf
from kwhy.knowledge.dns.searching import Library, amplification, candidates, questions
from kwhy.model.document import Document

HERE = Document("resolv.conf", b"").at(1)
RECORDED = ResolvConf(
    at=HERE, nameservers=("127.0.0.1",), searches=("a.example", "b.example"), options=(("ndots", "2"),)
)
POD = ResolvConf(
    at=HERE,
    nameservers=("10.96.0.10",),
    searches=("shop.svc.cluster.local", "svc.cluster.local", "cluster.local"),
    options=(("ndots", "5"),),
)


@pytest.mark.parametrize("library", ["glibc", "go"])
@pytest.mark.parametrize(("name", "asked"), [
    ("web", ["web.a.example.", "web.b.example.", "web."]),
    ("web.x", ["web.x.a.example.", "web.x.b.example.", "web.x."]),
    ("web.x.y", ["web.x.y.", "web.x.y.a.example.", "web.x.y.b.example."]),
    ("web.", ["web."]),
    ("hit", ["hit.a.example.", "hit.b.example."]),
])  # fmt: skip
def test_recorded_questions_are_foretold(name: str, asked: list[str], library: Library) -> None:
    foretold = questions(name, RECORDED, {"hit.b.example."}, library)
    assert list(dict.fromkeys(question.name for question in foretold)) == asked
    assert {question.type for question in foretold} == {"A", "AAAA"}


def test_musl_never_searches_for_a_name_with_dots_enough() -> None:
    assert candidates("web.x.y", RECORDED, "musl") == ["web.x.y."]
    assert candidates("web", RECORDED, "musl")[-1] == "web."


def test_a_pod_asks_four_times_for_a_name_outside_the_cluster() -> None:
    assert amplification("www.example.org", POD) == 4
    assert amplification("www.example.org.", POD) == 1
