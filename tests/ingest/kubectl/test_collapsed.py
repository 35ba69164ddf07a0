"""A table whose gaps a chat collapsed says what it said before, or it is said that a row could not be read."""

from __future__ import annotations

import re
import tarfile
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.objects import Event, Observation
from kwhy.ingest.kubectl.collapsed import split_words
from kwhy.ingest.kubectl.text import parse
from kwhy.model.document import Document, Unparsed

DATA = Path(__file__).parent / "data" / "recorded.tar.xz"
_GAPS = re.compile(r"(?<=\S) {2,}")


@cache
def recorded() -> dict[str, str]:
    with tarfile.open(DATA) as members:
        return {
            member.name: file.read().decode().partition("\n")[2]
            for member in members
            if member.name.endswith(".txt") and (file := members.extractfile(member)) is not None
        }


def shown(text: str) -> tuple[dict[object, object], list[Unparsed]]:
    """Objects by kind and name, events by line; and what was not understood."""
    found: dict[object, object] = {}
    lost: list[Unparsed] = []
    for fact in parse(Document("paste.txt", text.encode())):
        if isinstance(fact, Observation):
            found[fact.kind, fact.line] = (
                fact.object,
                {key: " ".join(cell.split()) for key, cell in (fact.printed or {}).items()},
            )
        elif isinstance(fact, Event):
            found["Event", fact.at.line] = (fact.about, fact.reason, " ".join(fact.message.split()), fact.age)
        elif isinstance(fact, Unparsed):
            lost.append(fact)
    return found, lost


#: Its widest lines happen to have a terminal's width, so that their last cells are taken for cut.
LIKE_A_CUT_ONE = {"oomkilled/get-all-search.txt"}


@pytest.mark.parametrize("name", sorted(set(recorded()) - LIKE_A_CUT_ONE))
def test_no_cell_moves_into_another_column(name: str) -> None:
    before, _ = shown(recorded()[name])
    after, lost = shown(_GAPS.sub(" ", recorded()[name]))
    assert {key: value for key, value in after.items() if value != before.get(key)} == {}
    missing = set(before) - set(after)
    assert len(missing) <= len(lost)
    assert len(missing) <= 0.1 * len(before)


#: Rows of kubectl 1.34.4, their gaps collapsed.
ROWS = {
    "an OS image of several words": (
        "NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME",
        "node-a Ready <none> 20m v1.34.4 10.55.0.10 <none> Ubuntu 22.04.3 LTS 5.15.0-91-generic containerd://1.6.20",
        {"OS-IMAGE": "Ubuntu 22.04.3 LTS", "KERNEL-VERSION": "5.15.0-91-generic"},
    ),
    "a claim without a volume": (
        "NAME STATUS VOLUME CAPACITY ACCESS_MODES STORAGECLASS VOLUMEATTRIBUTESCLASS AGE",
        "forum-db Pending fast-ssd <unset> 5m",
        {"VOLUME": "", "CAPACITY": "", "STORAGECLASS": "fast-ssd", "AGE": "5m"},
    ),
    "a claim with one": (
        "NAME STATUS VOLUME CAPACITY ACCESS_MODES STORAGECLASS VOLUMEATTRIBUTESCLASS AGE",
        "forum-db Bound pv-7 10Gi RWO fast-ssd <unset> 5m",
        {"VOLUME": "pv-7", "CAPACITY": "10Gi", "ACCESS_MODES": "RWO"},
    ),
    "restarts with their time": (
        "NAME READY STATUS RESTARTS AGE",
        "web-0 0/1 CrashLoopBackOff 12 (3m10s ago) 40m",
        {"RESTARTS": "12 (3m10s ago)", "AGE": "40m"},
    ),
    "an event seen several times": (
        "LAST_SEEN TYPE REASON OBJECT MESSAGE",
        "8s (x3 over 10s) Warning BackOff pod/web-0 Back-off restarting failed container",
        {"LAST_SEEN": "8s (x3 over 10s)", "MESSAGE": "Back-off restarting failed container"},
    ),
    "an ingress without an address": (
        "NAME CLASS HOSTS ADDRESS PORTS AGE",
        "shop nginx shop.example 80, 443 5m",
        {"ADDRESS": "", "PORTS": "80, 443"},
    ),
    "a schedule of five fields": (
        "NAME SCHEDULE TIMEZONE SUSPEND ACTIVE LAST_SCHEDULE AGE",
        "backup */5 * * * * <none> False 0 2m 40d",
        {"SCHEDULE": "*/5 * * * *", "SUSPEND": "False"},
    ),
    "the targets of an autoscaler": (
        "NAME REFERENCE TARGETS MINPODS MAXPODS REPLICAS AGE",
        "promo Deployment/promo cpu: <unknown>/50% 1 5 1 2m",
        {"TARGETS": "cpu: <unknown>/50%", "REPLICAS": "1"},
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_words_go_to_the_columns_that_can_hold_them(row: str) -> None:
    header, line, expected = ROWS[row]
    names = [name.replace("_", " ") for name in header.split()]
    cells = split_words(line, names)
    assert cells is not None
    found = dict(zip(names, cells, strict=True))
    assert {name.replace("_", " "): value for name, value in expected.items()}.items() <= found.items()


def test_a_row_that_can_be_read_in_two_ways_is_not_read() -> None:
    assert split_words("grafana 12 healthy", ["NAME", "PHASE", "NOTE", "AGE"]) is None
    assert split_words("pv-1 pv-2 10Gi Retain", ["NAME", "VOLUME", "STORAGECLASS"]) is None


@given(
    st.lists(
        st.sampled_from(["NAME", "STATUS", "AGE", "OS-IMAGE", "SCHEDULE", "PORTS", "CLAIM", "MESSAGE"]), max_size=12
    ),
    st.text(max_size=200),
)
def test_any_row_under_any_header_is_answered(names: list[str], line: str) -> None:
    cells = split_words(line, names) if names else None
    assert cells is None or len(cells) == len(names)


def test_a_row_of_very_many_words_is_answered_at_once() -> None:
    assert split_words("1/2 " * 79, ["TARGETS"] * 12) is None


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", sorted(name for name in recorded() if "/events-" in name))
def test_events_that_a_terminal_wrapped_are_the_events(name: str, width: int) -> None:
    text = "\n".join(
        piece for line in recorded()[name].split("\n") for piece in re.findall(f".{{1,{width}}}", line) if piece.strip()
    )
    before = Counter(str(value) for value in shown(recorded()[name])[0].values())
    after, lost = shown(text)
    assert Counter(str(value) for value in after.values()) - before == Counter()
    assert len(after) >= before.total() - len(lost)
    assert len(after) >= 0.8 * before.total()
