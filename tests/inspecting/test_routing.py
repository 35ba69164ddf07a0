from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.ingest.reading import read
from kwhy.model.inspection import Part, RouteQuestion
from kwhy.pipeline import inspect_evidence, routes_to

#: A node of a real network lab that lost a policy table, and its twin (tests/cases/net, with their ORIGIN).
CASES = Path(__file__).resolve().parent.parent / "cases" / "net" / "policy_table_empty"
LOST, PASTED, HEALTHY = (CASES / name / "evidence" for name in ("table_lost", "table_lost_pasted", "healthy_twin"))
POD, DATABASE = "10.176.44.23", "10.176.46.4"


def answer(folder: Path, question: RouteQuestion) -> Part:
    (part,) = routes_to(read([str(folder)]), question)
    return part


@pytest.mark.parametrize("folder", [LOST, PASTED])
def test_a_lost_table_sends_a_pods_packets_out_of_the_wrong_device(folder: Path) -> None:
    part = answer(folder, RouteQuestion(DATABASE, POD, "veth1"))
    assert part.title.startswith(f"Packets to {DATABASE} from {POD} that arrive on veth1")
    assert part.rows[0].cells[0].startswith("go via 10.176.40.1 out of eth0")
    says = [row.cells[0] for row in part.rows]
    assert "→ table 2: listed and empty → next rule" in says


def test_the_healthy_twin_sends_them_out_of_their_own_device() -> None:
    part = answer(HEALTHY, RouteQuestion(DATABASE, POD, "veth1"))
    assert "out of eth1" in part.rows[0].cells[0]
    assert any(row.place.startswith("ip-rule.txt:") for row in part.rows)


def test_a_marked_packet_takes_the_rule_for_its_mark() -> None:
    part = answer(HEALTHY, RouteQuestion("8.8.8.8", POD, "veth1", 0x80))
    assert part.title.endswith("with mark 0x80")
    assert any("rule 1024 looks into table main" in row.cells[0] for row in part.rows)


def test_rules_tables_and_what_is_empty_are_listed() -> None:
    parts = {part.title: part for part in inspect_evidence(read([str(LOST)]))}
    assert [row.cells[0] for row in parts["Policy rules, IPv4"].rows][:2] == ["0", "512"]
    assert "Table main, IPv4" in parts
    (empty,) = parts["Empty tables that rules look into"].rows
    assert empty.cells[0] == "table 2, IPv4: rule 1536 looks into it, and it holds no route"


def test_a_table_that_nothing_lists_is_told_with_the_command_that_would() -> None:
    parts = inspect_evidence(read([str(LOST / "ip-rule.txt")]))
    unlisted = next(part for part in parts if part.title.startswith("Tables that rules look into and nothing shows"))
    assert ("$ ip route show table 2",) in [row.below for row in unlisted.rows]


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        routes_to(read([str(LOST)]), RouteQuestion("nonsense"))


def test_evidence_without_routes_answers_nothing() -> None:
    assert routes_to(read([str(LOST / "nc.txt")]), RouteQuestion("8.8.8.8")) == []
